//! What people show to whom: nothing to those whom they have blocked, and to others what they have chosen.

use std::fmt::Debug;

use diesel::PgConnection;
use messenger_db::enums::{DeliveryStatus, DeviceType, UserStatus, Visibility};
use messenger_db::error::Error;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::accounts::{self, ProfileChanges};
use messenger_db::queries::groups::{self, AddRefused, CreateRefused, NewGroup};
use messenger_db::queries::messages::{self, EditsFor};
use messenger_db::queries::privacy::{self, Changes, PrivacyRefused};
use messenger_db::queries::sessions::{self, Device, Socket};
use messenger_db::queries::{
    attachments, blocks, changes, chat_settings, chats, contacts, direct_chats, history, inbox, pending, reactions,
    receipts, search, unread,
};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::cast::{self, by};
use crate::support::TestDatabase;

/// Everything that a user can read, by the operation's name.
fn everything(conn: &mut PgConnection, user: UserId, chats: [ChatId; 2], others: &[UserId]) -> Vec<String> {
    let me = by(user);
    let page = Limit::MAX;
    let mut seen = Vec::new();
    let mut see = |name: &str, answer: &dyn Debug| seen.push(format!("{name}: {answer:?}"));
    see("inbox::list", &inbox::list(conn, me, None, page));
    see("inbox::list_archived", &inbox::list_archived(conn, me, None, page));
    see("inbox::list_hidden", &inbox::list_hidden(conn, me, None, page));
    see("unread::all", &(unread::all(conn, me), unread::total(conn, me), unread::badge(conn, me)));
    see("pending::list", &pending::list(conn, me, None, page));
    see("search::list", &search::list(conn, me, "Hello", None, page));
    see("search::find_groups", &search::find_groups(conn, me, "Hikers"));
    see("accounts::get", &accounts::get(conn, me));
    see("accounts::find_profiles", &accounts::find_profiles(conn, me, others));
    see("accounts::search", &(accounts::search(conn, me, "ali"), accounts::search(conn, me, "a")));
    see("contacts::all", &contacts::all(conn, me));
    see("contacts::all_requests_received", &contacts::all_requests_received(conn, me));
    see("contacts::all_requests_sent", &contacts::all_requests_sent(conn, me));
    see("blocks::all", &blocks::all(conn, me));
    see("sessions::list", &sessions::list(conn, me, None, page));
    see("sessions::watchers", &sessions::watchers(conn, me));
    see("chats::find_by_slug", &chats::find_by_slug(conn, me, "hikers"));
    for other in others {
        see("direct_chats::find", &direct_chats::find(conn, me, *other));
    }
    for chat in chats {
        see("chats::get", &(chats::get(conn, me, chat), chats::all_members(conn, me, chat)));
        see("chat_settings::get", &chat_settings::get(conn, me, chat));
        see("unread::find", &unread::find(conn, me, chat));
        see(
            "history::latest",
            &history::latest(conn, me, chat, page).map(|page| {
                // In the order of the keys.
                let mut profiles: Vec<_> = page.profiles.into_values().collect();
                profiles.sort_by_key(|profile| profile.id);
                (page.entries, profiles)
            }),
        );
        see("search::list_in_chat", &search::list_in_chat(conn, me, chat, "Hello", None, page));
        see("attachments::list", &attachments::list(conn, me, chat, None, page));
        see("messages::list_mentions", &messages::list_mentions(conn, me, chat, None, page));
        see(
            "receipts::positions",
            &receipts::positions(conn, me, chat).map(|positions| {
                // What the reader has read is nobody else's.
                positions.into_iter().filter(|position| position.user_id != user).collect::<Vec<_>>()
            }),
        );
        see("receipts::count", &receipts::count(conn, me, chat, Seq::FIRST, Seq::new(50)));
        for seq in [Seq::FIRST, Seq::new(2), Seq::new(3)] {
            let message = messages::get(conn, me, chat, seq);
            if let Ok(message) = &message {
                see("messages::find_by_id", &messages::find_by_id(conn, me, chat, message.id));
            }
            see("messages::get", &message);
            see("messages::list_edits", &messages::list_edits(conn, me, chat, seq, EditsFor::Members, None, page));
            see("messages::all_mentioned", &messages::all_mentioned(conn, me, chat, seq));
            see("attachments::all", &attachments::all(conn, me, chat, seq));
            see("reactions::list", &reactions::list(conn, me, chat, seq, None, None, page));
            see("receipts::all", &receipts::all(conn, me, chat, seq));
        }
    }
    seen
}

fn change_picture(conn: &mut PgConnection, user: UserId, url: &str) {
    let changes = ProfileChanges { avatar_url: Some(Some(url)), ..ProfileChanges::default() };
    accounts::update_profile(conn, by(user), &changes).unwrap();
}

#[test]
fn whatever_a_blocker_does_unseen_the_blocked_user_reads_what_they_read_before() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (group, [alice, bob, carol]) = cast::group(conn);
    let direct = cast::direct(conn, alice, bob);
    change_picture(conn, alice, "https://example.org/alice.jpg");
    for chat in [group, direct] {
        cast::say(conn, chat, alice, ["Hello"]);
        cast::say(conn, chat, bob, ["Hello", "Hello?"]);
        reactions::add(conn, by(alice), chat, Seq::new(2), "👍").unwrap();
    }
    let device = Device::new(DeviceType::Web);
    let session = sessions::open(conn, alice, &device, chrono::TimeDelta::days(1)).unwrap().session.id;
    let of_bob = sessions::open(conn, bob, &device, chrono::TimeDelta::days(1)).unwrap().session.id;
    sessions::connect(conn, by(bob), of_bob, &Socket::new("one", "bob")).unwrap();
    let reached = |conn: &mut PgConnection| {
        [group, direct].map(|chat| {
            let counts = receipts::count(conn, by(bob), chat, Seq::FIRST, Seq::new(50)).unwrap();
            (receipts::positions(conn, by(bob), chat).unwrap(), counts)
        })
    };
    let until_then = reached(conn);
    blocks::block(conn, by(alice), bob).unwrap();
    assert_eq!(reached(conn), until_then, "a block is seen");

    let mut devices = Vec::new();
    let everybody = [alice, bob, carol];
    let before = everything(conn, bob, [group, direct], &everybody);
    let state = changes::begin(conn, by(bob)).unwrap();
    let of_carol = changes::begin(conn, by(carol)).unwrap();
    // Online, another picture, everything read.
    sessions::connect(conn, by(alice), session, &Socket::new("one", "alice")).unwrap();
    accounts::set_presence(conn, by(alice), UserStatus::Online).unwrap();
    accounts::mark_seen(conn, by(alice)).unwrap();
    change_picture(conn, alice, "https://example.org/new.jpg");
    receipts::mark_delivered(conn, by(alice), group, Seq::MAX).unwrap();
    for chat in [group, direct] {
        receipts::mark_read(conn, by(alice), chat, Seq::MAX).unwrap();
    }
    devices.extend(sessions::watchers(conn, by(alice)).unwrap());
    for chat in [group, direct] {
        let told = sessions::receipt_watchers(conn, by(alice), chat).unwrap();
        devices.extend(told.into_iter().filter(|socket| socket.user_id != alice));
    }
    assert_eq!(everything(conn, bob, [group, direct], &everybody), before);
    assert!(!before.concat().contains("alice.jpg"), "{before:?}");

    let page = changes::list(conn, by(bob), &state, Limit::MAX).unwrap();
    assert!(page.profiles.is_empty() && page.contacts.is_empty() && page.blocks.is_empty(), "{page:?}");
    assert!(page.chats.is_empty() && page.settings.is_empty(), "{page:?}");
    assert_eq!(devices, []);
    let of_carol = changes::list(conn, by(carol), &of_carol, Limit::MAX).unwrap();
    assert_eq!(of_carol.profiles[&alice].avatar_url.as_deref(), Some("https://example.org/new.jpg"));

    // The others see it, and so does who is no longer blocked.
    let of_alice =
        |conn: &mut PgConnection, reader| accounts::find_profiles(conn, by(reader), &[alice]).unwrap().remove(0);
    let shown =
        |profile: &accounts::Profile| (profile.status, profile.last_seen_at.is_some(), profile.avatar_url.is_some());
    assert_eq!(shown(&of_alice(conn, carol)), (UserStatus::Online, true, true));
    assert_eq!(shown(&of_alice(conn, bob)), (UserStatus::Offline, false, false));
    blocks::unblock(conn, by(alice), bob).unwrap();
    let page = changes::list(conn, by(bob), &page.state, Limit::MAX).unwrap();
    assert_eq!(page.profiles[&alice], of_alice(conn, carol));
    assert_eq!(receipts::all(conn, by(bob), direct, Seq::new(2)).unwrap()[0].status, DeliveryStatus::Read);
}

#[test]
fn a_name_of_a_blocker_that_changes_is_told_without_the_picture() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (_, [alice, bob, _]) = cast::group(conn);
    blocks::block(conn, by(alice), bob).unwrap();
    let state = changes::begin(conn, by(bob)).unwrap();
    let changes = ProfileChanges {
        display_name: Some(Some("Al")),
        avatar_url: Some(Some("https://e.org/a")),
        ..Default::default()
    };
    accounts::update_profile(conn, by(alice), &changes).unwrap();
    let page = changes::list(conn, by(bob), &state, Limit::MAX).unwrap();
    let profile = &page.profiles[&alice];
    assert_eq!((profile.display_name.as_deref(), profile.avatar_url.as_deref()), (Some("Al"), None));
}

#[test]
fn presence_is_shown_to_whom_the_user_has_chosen() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (_, [alice, bob, carol]) = cast::group(conn);
    cast::befriend(conn, alice, bob);
    let device = Device::new(DeviceType::Web);
    for (user, name) in [(bob, "bob"), (carol, "carol")] {
        let session = sessions::open(conn, user, &device, chrono::TimeDelta::days(1)).unwrap().session.id;
        sessions::connect(conn, by(user), session, &Socket::new("one", name)).unwrap();
    }
    for (presence_to, seen_by) in [
        (Visibility::Everybody, [alice, bob, carol].as_slice()),
        (Visibility::Contacts, &[alice, bob]),
        (Visibility::Nobody, &[alice]),
    ] {
        let chosen = Changes { presence_to: Some(presence_to), ..Changes::default() };
        privacy::change(conn, by(alice), &chosen).unwrap();
        accounts::set_presence(conn, by(alice), UserStatus::Online).unwrap();
        let mut watchers: Vec<_> =
            sessions::watchers(conn, by(alice)).unwrap().iter().map(|socket| socket.user_id).collect();
        watchers.push(alice);
        watchers.sort_unstable();
        let mut expected = seen_by.to_vec();
        expected.sort_unstable();
        assert_eq!(watchers, expected, "{presence_to}");
        for reader in [alice, bob, carol] {
            let profile = accounts::find_profiles(conn, by(reader), &[alice]).unwrap().remove(0);
            let is_seen = seen_by.contains(&reader);
            assert_eq!((profile.status == UserStatus::Online, profile.last_seen_at.is_some()), (is_seen, is_seen));
        }
    }
}

fn vec_of<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[test]
fn who_hides_what_they_read_sees_what_nobody_read() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    cast::befriend(conn, alice, bob);
    let of_alice = cast::say(conn, chat, alice, ["Hello"]);
    let of_carol = cast::say(conn, chat, carol, ["Hello"]);
    for user in [alice, bob, carol] {
        receipts::mark_read(conn, by(user), chat, Seq::MAX).unwrap();
    }
    let read = |conn: &mut PgConnection, reader, seq| {
        let counts = receipts::count(conn, by(reader), chat, seq, seq).unwrap()[0];
        let all = receipts::all(conn, by(reader), chat, seq).unwrap();
        let of_all = all.iter().filter(|receipt| receipt.status == DeliveryStatus::Read).count() as i64;
        let positions = receipts::positions(conn, by(reader), chat).unwrap();
        let reached = positions.iter().filter(|position| position.last_read_seq >= seq).count() as i64;
        assert_eq!((counts.delivered, counts.read), (2, of_all));
        (counts.read, reached)
    };
    assert_eq!((read(conn, alice, of_alice), read(conn, carol, of_carol)), ((2, 3), (2, 3)));
    let device = Device::new(DeviceType::Web);
    for (user, name) in [(bob, "bob"), (carol, "carol")] {
        let session = sessions::open(conn, user, &device, chrono::TimeDelta::days(1)).unwrap().session.id;
        sessions::connect(conn, by(user), session, &Socket::new("one", name)).unwrap();
    }
    let told = |conn: &mut PgConnection, user| {
        let sockets = sessions::receipt_watchers(conn, by(user), chat).unwrap();
        sockets.into_iter().map(|open| open.socket.connection).collect::<Vec<_>>()
    };
    assert_eq!((told(conn, alice), told(conn, carol)), (vec_of(["bob", "carol"]), vec_of(["bob", "carol"])));
    let choose = |conn: &mut PgConnection, user, receipts_to| {
        privacy::change(conn, by(user), &Changes { receipts_to: Some(receipts_to), ..Changes::default() }).unwrap();
    };
    // Alice and Bob, who are contacts, see each other; Alice and Carol do not.
    choose(conn, alice, Visibility::Contacts);
    assert_eq!((read(conn, alice, of_alice), read(conn, carol, of_carol)), ((1, 2), (1, 2)));
    assert_eq!((told(conn, alice), told(conn, UserId::new())), (vec_of(["bob"]), vec![]));
    choose(conn, alice, Visibility::Nobody);
    assert_eq!((read(conn, alice, of_alice), read(conn, carol, of_carol)), ((0, 1), (1, 2)));
    choose(conn, alice, Visibility::Everybody);
    assert_eq!((read(conn, alice, of_alice), read(conn, carol, of_carol)), ((2, 3), (2, 3)));
}

#[test]
fn nobody_is_added_to_a_group_against_their_choice() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    let eve = cast::user(conn, "eve");
    let choose = |conn: &mut PgConnection, addable_by| {
        privacy::change(conn, by(eve), &Changes { addable_by: Some(addable_by), ..Changes::default() }).unwrap();
    };
    let add = |conn: &mut PgConnection| {
        let created = groups::create(conn, by(alice), &NewGroup::new("New", &[eve])).map(drop);
        let added = groups::add(conn, by(alice), chat, eve).map(drop);
        (created, added)
    };
    let refused = (Err(Error::Refused(CreateRefused::NotAddable(eve))), Err(Error::Refused(AddRefused::NotAddable)));
    choose(conn, Visibility::Contacts);
    assert_eq!(add(conn), refused);
    cast::befriend(conn, alice, eve);
    choose(conn, Visibility::Nobody);
    assert_eq!(add(conn), refused);
    // Of a block, nothing is told.
    blocks::block(conn, by(eve), alice).unwrap();
    assert_eq!(groups::add(conn, by(alice), chat, eve).map(drop), Err(Error::Refused(AddRefused::UserNotFound)));
    blocks::unblock(conn, by(eve), alice).unwrap();
    choose(conn, Visibility::Contacts);
    assert_eq!(add(conn), (Ok(()), Ok(())));
    // One's own groups are another thing.
    choose(conn, Visibility::Nobody);
    groups::create(conn, by(eve), &NewGroup::new("Own", &[eve, alice])).unwrap();
}

#[test]
fn a_search_by_name_finds_those_who_let_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let changes = ProfileChanges { display_name: Some(Some("Wonder")), ..ProfileChanges::default() };
    accounts::update_profile(conn, by(alice), &changes).unwrap();
    cast::befriend(conn, alice, bob);
    for (findable_by, found_by) in [
        (Visibility::Everybody, [alice, bob, carol].as_slice()),
        (Visibility::Contacts, &[alice, bob]),
        (Visibility::Nobody, &[alice]),
    ] {
        privacy::change(conn, by(alice), &Changes { findable_by: Some(findable_by), ..Changes::default() }).unwrap();
        for reader in [alice, bob, carol] {
            for part in ["ali", "lic", "wonder"] {
                let found = accounts::search(conn, by(reader), part).unwrap();
                let is_found = found.iter().any(|profile| profile.id == alice);
                assert_eq!(is_found, found_by.contains(&reader), "{part:?} for {findable_by}");
            }
        }
    }
}

#[test]
fn among_many_of_a_name_those_who_do_not_let_it_are_not_found_either() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let reader = cast::user(conn, "reader");
    let hidden = cast::user(conn, "alice_00");
    let blocker = cast::user(conn, "alice_01");
    for number in 2..27 {
        cast::user(conn, &format!("alice_{number:02}"));
    }
    let nobody = Changes { findable_by: Some(Visibility::Nobody), ..Changes::default() };
    privacy::change(conn, by(hidden), &nobody).unwrap();
    blocks::block(conn, by(blocker), reader).unwrap();
    let found = accounts::search(conn, by(reader), "alice").unwrap();
    assert_eq!(found.len(), 20);
    assert!(found.iter().all(|profile| ![hidden, blocker].contains(&profile.id)));
}

#[test]
fn what_is_chosen_travels_to_the_own_devices_and_ends_with_the_account() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let states = [alice, bob].map(|user| changes::begin(conn, by(user)).unwrap());
    let chosen = Changes { receipts_to: Some(Visibility::Nobody), ..Changes::default() };
    let privacy = privacy::change(conn, by(alice), &chosen).unwrap();
    assert_eq!((privacy.receipts_to, privacy.presence_to), (Visibility::Nobody, Visibility::Everybody));
    assert_eq!(privacy::get(conn, by(alice)), Ok(privacy));
    assert_eq!(privacy::change(conn, by(alice), &Changes::default()), Ok(privacy));
    let [own, others] = [(alice, &states[0]), (bob, &states[1])]
        .map(|(user, state)| changes::list(conn, by(user), state, Limit::MAX).unwrap().settings);
    assert_eq!((own, others), (vec![None], vec![]));
    accounts::close(conn, by(alice)).unwrap();
    let refused = Err(Error::Refused(PrivacyRefused::NoSuchAccount));
    assert_eq!(privacy::get(conn, by(alice)), refused);
    assert_eq!(privacy::change(conn, by(alice), &chosen), refused);
    assert_eq!(privacy::get(conn, by(UserId::new())), refused);
}
