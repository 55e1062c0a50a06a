//! A device that was away gets exactly what changed, whatever happened meanwhile and happens at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{TimeDelta, Utc};
use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use messenger_db::enums::ParticipantRole;
use messenger_db::error::Error::Refused;
use messenger_db::ids::UserId;
use messenger_db::page::Limit;
use messenger_db::queries::changes::{self, ChangesRefused, Ending, Page, Pruned, Reload};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{accounts, blocks, chat_settings, contacts, inbox, reactions, receipts};
use messenger_db::seq::Seq;

use super::cast::{self, at_once, by};
use super::chat_settings::UNCHANGED;
use super::device::Device;
use super::server_statistics;
use crate::support::{TestDatabase, server};

const MARKED: chat_settings::Changes<'static> = chat_settings::Changes { is_marked_unread: Some(true), ..UNCHANGED };
const HIDDEN: chat_settings::Changes<'static> = chat_settings::Changes { is_hidden: Some(true), ..UNCHANGED };

/// How many write at once.
const WRITERS: usize = 6;

fn prune_all(conn: &mut PgConnection, at_most: u32) -> i64 {
    let mut run = Pruned::default();
    while !run.is_done {
        run = changes::prune(conn, run, Utc::now() - TimeDelta::days(1), at_most).unwrap();
    }
    run.removed
}

#[test]
fn a_device_that_was_away_gets_what_changed_and_nothing_else() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let quiet = groups::create(conn, by(alice), &NewGroup::new("Quiet", &[bob])).unwrap().id;
    cast::say(conn, chat, alice, ["one", "two", "three"]);
    let mut device = Device::new(conn, bob);
    let page = changes::list(conn, by(bob), &device.state, Limit::default()).unwrap();
    assert!(page.is_empty() && page.is_last && page.state == device.state, "{page:?}");

    messages::edit(conn, by(alice), chat, Seq::new(2), "uno").unwrap();
    messages::edit(conn, by(alice), chat, Seq::new(2), "un").unwrap();
    reactions::add(conn, by(carol), chat, Seq::new(3), "👍").unwrap();
    messages::delete(conn, by(alice), chat, Seq::new(4)).unwrap();
    cast::say(conn, chat, alice, ["four"]);
    // An own message, sent by another device.
    cast::say(conn, chat, bob, ["five"]);
    groups::promote(conn, by(alice), chat, carol).unwrap();
    let page = changes::list(conn, by(bob), &device.state, Limit::default()).unwrap();
    assert_eq!(page.chats.len(), 1);
    let changed = &page.chats[0];
    let seqs: Vec<_> = changed.messages.iter().map(|entry| entry.message.seq.get()).collect();
    assert_eq!((changed.chat_id, seqs), (chat, vec![2, 3, 4, 5, 6, 7]));
    assert_eq!(changed.messages[0].message.content.as_deref(), Some("un"));
    assert_eq!(changed.messages[1].reactions[0].emoji, "👍");
    assert!(changed.messages[2].message.deleted_at.is_some());
    let roles: Vec<_> = changed.members.iter().map(|member| (member.user_id, member.role)).collect();
    assert_eq!(roles, [(carol, Some(ParticipantRole::Admin))]);
    assert_eq!(changed.last_read_seq, Seq::new(6));
    assert!(page.is_last && page.ended.is_empty());
    assert_eq!(device.check(conn, Limit::new(2)), Ok(()));
    assert_ne!(changed.chat_id, quiet);
}

#[test]
fn memberships_that_began_and_ended_say_when_and_how() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let mut groups = ["left", "removed", "deleted"]
        .map(|name| groups::create(conn, by(alice), &NewGroup::new(name, &[bob, carol])).unwrap().id);
    groups.sort_unstable();
    let [left, removed, deleted] = groups;
    let mut device = Device::new(conn, bob);
    groups::leave(conn, by(bob), left).unwrap();
    groups::remove(conn, by(alice), removed, bob).unwrap();
    groups::delete(conn, by(alice), deleted).unwrap();
    let new = groups::create(conn, by(alice), &NewGroup::new("New", &[bob])).unwrap().id;
    let page = changes::list(conn, by(bob), &device.state, Limit::default()).unwrap();
    let ended: Vec<_> = page.ended.iter().map(|ended| (ended.chat_id, ended.how)).collect();
    assert_eq!(ended, [(left, Ending::Left), (removed, Ending::Removed), (deleted, Ending::Deleted)]);
    assert!(page.ended.iter().all(|ended| ended.at.is_some()));
    let began: Vec<_> = page.chats.iter().map(|chat| (chat.chat_id, chat.reload)).collect();
    assert_eq!(began, [(new, Some(Reload::Began))]);
    assert_eq!(device.check(conn, Limit::new(1)), Ok(()));

    // Who was removed and added again goes on.
    groups::remove(conn, by(alice), new, bob).unwrap();
    cast::say(conn, new, alice, ["Is he gone?"]);
    groups::add(conn, by(alice), new, bob).unwrap();
    let page = changes::list(conn, by(bob), &device.state, Limit::default()).unwrap();
    assert_eq!((page.ended.len(), page.chats.len(), page.chats[0].reload), (0, 1, None));
    assert_eq!(device.check(conn, Limit::new(1)), Ok(()));
}

#[test]
fn the_settings_of_a_chat_are_gone_for_who_left_it_and_is_in_it_again() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let archive = chat_settings::Changes { is_archived: Some(true), ..chat_settings::Changes::default() };
    chat_settings::change(conn, by(bob), chat, &archive).unwrap();
    let (state, behind) = [(); 2].map(|()| changes::begin(conn, by(bob)).unwrap()).into();
    groups::leave(conn, by(bob), chat).unwrap();
    groups::add(conn, by(alice), chat, bob).unwrap();
    let page = changes::list(conn, by(bob), &state, Limit::default()).unwrap();
    assert_eq!((page.settings, page.ended.len()), (vec![Some(chat)], 0));

    // In as many pages as there can be.
    let (mut state, mut named) = (behind, Vec::new());
    loop {
        let page = changes::list(conn, by(bob), &state, Limit::new(1)).unwrap();
        named.extend(page.settings);
        state = page.state;
        if page.is_last {
            break;
        }
    }
    assert_eq!(named, [Some(chat)]);

    // A chat that is new to the device has none that could have changed.
    let new = groups::create(conn, by(alice), &NewGroup::new("New", &[bob])).unwrap().id;
    let page = changes::list(conn, by(bob), &state, Limit::default()).unwrap();
    assert_eq!((page.settings, page.chats[0].chat_id), (vec![], new));
}

/// What docs/service.md says of a device that has loaded a part of the lists only.
#[test]
fn a_chat_that_was_not_loaded_after_the_first_state_is_on_a_page_and_is_given_anew_by_a_state_without_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let [first, second, hidden] =
        [(); 3].map(|()| groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id);
    chat_settings::change(conn, by(bob), hidden, &HIDDEN).unwrap();
    let state = changes::begin(conn, by(bob)).unwrap();
    let loaded = inbox::list(conn, by(bob), None, Limit::new(1)).unwrap();
    assert_eq!(loaded.iter().map(|entry| entry.chat_id).collect::<Vec<_>>(), [second]);
    // It moves to the front while the device leafs through, and the hidden one is in no list that it has asked for.
    for chat in [first, hidden] {
        cast::say(conn, chat, alice, ["Hello"]);
    }
    assert_eq!(inbox::list(conn, by(bob), Some(loaded[0].cursor()), Limit::MAX), Ok(vec![]));
    let page = changes::list(conn, by(bob), &state, Limit::default()).unwrap();
    let told: Vec<_> = page.chats.iter().map(|chat| (chat.chat_id, chat.reload)).collect();
    assert_eq!(told, [(first, None), (hidden, None)]);
    let state = [first, hidden].into_iter().fold(state, |state, chat| state.without(chat));
    let page = changes::list(conn, by(bob), &state, Limit::default()).unwrap();
    let told: Vec<_> = page.chats.iter().map(|chat| (chat.chat_id, chat.reload, chat.chat.is_some())).collect();
    assert_eq!(told, [(first, Some(Reload::Began), true), (hidden, Some(Reload::Began), true)]);
}

#[test]
fn a_mark_and_a_hiding_that_end_by_themselves_are_settings_that_changed() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, alice, ["two", "three"]);
    receipts::mark_read(conn, by(bob), chat, Seq::new(2)).unwrap();
    for (changes, words, read) in [(MARKED, false, true), (HIDDEN, true, false)] {
        chat_settings::change(conn, by(bob), chat, &changes).unwrap();
        let mut device = Device::new(conn, bob);
        let mut told = |conn: &mut PgConnection| {
            let page = changes::list(conn, by(bob), &device.state, Limit::default()).unwrap();
            assert_eq!(device.check(conn, Limit::default()), Ok(()));
            (page.settings, page.chats.len())
        };
        // What ends neither.
        reactions::add(conn, by(alice), chat, Seq::new(2), if words { "👍" } else { "🎉" }).unwrap();
        assert_eq!(told(conn), (vec![], 1));
        for ends in [true, false] {
            if words {
                cast::say(conn, chat, alice, ["more"]);
                assert_eq!(told(conn), (if ends { vec![Some(chat)] } else { vec![] }, 1));
            }
            if read {
                receipts::mark_read(conn, by(bob), chat, Seq::new(if ends { 3 } else { 4 })).unwrap();
                assert_eq!(told(conn), (if ends { vec![Some(chat)] } else { vec![] }, usize::from(ends)));
            }
        }
    }
    // Writing reads, too.
    chat_settings::change(conn, by(bob), chat, &MARKED).unwrap();
    chat_settings::change(conn, by(bob), chat, &HIDDEN).unwrap();
    let mut device = Device::new(conn, bob);
    cast::say(conn, chat, bob, ["mine"]);
    assert_eq!(changes::list(conn, by(bob), &device.state, Limit::default()).unwrap().settings, [Some(chat)]);
    assert_eq!(device.check(conn, Limit::default()), Ok(()));
}

/// The log of the user's own things is on the first pages, and the chats are on the page of their own: a device that took away a
/// mark because one has read further would take away one that came later.
#[test]
fn a_mark_that_came_after_reading_stays_where_the_reading_is_on_a_later_page() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let chats = [(); 2].map(|()| groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id);
    let mut device = Device::new(conn, bob);
    for chat in chats {
        let seq = cast::say(conn, chat, alice, ["Hello"]);
        receipts::mark_read(conn, by(bob), chat, seq).unwrap();
    }
    chat_settings::change(conn, by(bob), chats[1], &MARKED).unwrap();
    chat_settings::change(conn, by(bob), chats[1], &HIDDEN).unwrap();
    assert_eq!(device.check(conn, Limit::new(1)), Ok(()));
    // And where it ended before it was told.
    chat_settings::change(
        conn,
        by(bob),
        chats[1],
        &chat_settings::Changes { is_marked_unread: Some(false), ..UNCHANGED },
    )
    .unwrap();
    chat_settings::change(conn, by(bob), chats[1], &MARKED).unwrap();
    for chat in chats {
        let seq = cast::say(conn, chat, alice, ["Hello", "again"]);
        receipts::mark_read(conn, by(bob), chat, seq).unwrap();
    }
    assert_eq!(device.check(conn, Limit::new(1)), Ok(()));
}

#[test]
fn contacts_blocks_names_and_positions_travel_to_ones_other_devices() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol, dora] = cast::users(conn, ["alice", "bob", "carol", "dora"]);
    let direct = cast::direct(conn, alice, bob);
    cast::say(conn, direct, bob, ["one", "two"]);
    let mut device = Device::new(conn, alice);
    receipts::mark_read(conn, by(alice), direct, Seq::FIRST).unwrap();
    contacts::request(conn, by(carol), alice).unwrap();
    blocks::block(conn, by(alice), dora).unwrap();
    let named = accounts::ProfileChanges { display_name: Some(Some("Bob B.")), ..Default::default() };
    accounts::update_profile(conn, by(bob), &named).unwrap();
    let page = changes::list(conn, by(alice), &device.state, Limit::default()).unwrap();
    assert_eq!(page.chats[0].last_read_seq, Seq::FIRST);
    assert_eq!(page.contacts[0].contact.as_ref().map(|contact| contact.requested_by), Some(carol));
    assert!(page.blocks[0].block.is_some());
    assert_eq!(page.profiles[&bob].display_name.as_deref(), Some("Bob B."));
    assert_eq!(device.check(conn, Limit::new(1)), Ok(()));

    contacts::decline(conn, by(alice), carol).unwrap();
    blocks::unblock(conn, by(alice), dora).unwrap();
    accounts::close(conn, by(bob)).unwrap();
    let page = changes::list(conn, by(alice), &device.state, Limit::default()).unwrap();
    assert_eq!(page.profiles[&bob].username, None);
    assert_eq!(page.contacts.iter().map(|change| change.contact.is_some()).collect::<Vec<_>>(), [false, false]);
    assert_eq!(device.check(conn, Limit::new(1)), Ok(()));
}

/// A run goes along the index: what it has passed is not read again for each log that follows.
#[test]
fn pruning_reads_each_log_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, _) = cast::group(conn);
    database
        .execute(&format!(
            "INSERT INTO chats SELECT (copy).* FROM (
                 SELECT jsonb_populate_record(chat, jsonb_build_object('id', gen_random_uuid())) AS copy
                 FROM chats AS chat, generate_series(1, 1000) WHERE id = '{chat}'
             ) AS made;
             INSERT INTO chat_heads (chat_id) SELECT id FROM chats WHERE id NOT IN (SELECT chat_id FROM chat_heads);
             INSERT INTO chat_changes (chat_id, version, kind, changed_at)
             SELECT id, version, 'chat_changed', now() FROM chats, generate_series(1, 5) AS version WHERE id <> '{chat}';
             ANALYZE"
        ))
        .unwrap();
    let used = server_statistics::indexes_used_anywhere(conn, |conn| prune_all(conn, 10_000));
    let read: i64 = used.iter().filter(|(name, _)| name.contains("chat_changes")).map(|(_, read)| read).sum();
    // Each of 5,000 entries for its chat, its age and its surplus.
    assert!(read < 30_000, "{used:?}");
}

#[test]
fn a_chat_whose_log_was_pruned_is_loaded_anew_and_the_others_go_on() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let other = groups::create(conn, by(alice), &NewGroup::new("Other", &[bob])).unwrap().id;
    let seq = cast::say(conn, chat, alice, ["one"]);
    let mut device = Device::new(conn, bob);
    for words in ["two", "three", "four"] {
        messages::edit(conn, by(alice), chat, seq, words).unwrap();
    }
    cast::say(conn, other, alice, ["one"]);
    assert_eq!(prune_all(conn, 3), 0);
    assert_eq!(prune_all(conn, 2), 1);
    let page = changes::list(conn, by(bob), &device.state, Limit::default()).unwrap();
    let mut reloads: Vec<_> = page.chats.iter().map(|chat| (chat.chat_id, chat.reload)).collect();
    reloads.sort_by_key(|(id, _)| *id != chat);
    assert_eq!(reloads, [(chat, Some(Reload::TooOld)), (other, None)]);
    assert_eq!(device.check(conn, Limit::new(1)), Ok(()));
    // Who has seen what was pruned does not mind.
    assert_eq!(prune_all(conn, 0), 2 + 5);
    assert_eq!(changes::list(conn, by(bob), &device.state, Limit::default()), {
        // The user's own log is pruned, too: it begins behind the membership that the device knows.
        let page = changes::list(conn, by(bob), &device.state, Limit::default()).unwrap();
        assert!(page.is_empty());
        Ok(page)
    });
    // Whose own log is too old loads everything anew.
    let state = device.state.clone();
    blocks::block(conn, by(bob), alice).unwrap();
    prune_all(conn, 0);
    let refused = changes::list(conn, by(bob), &state, Limit::default());
    assert_eq!(refused, Err(Refused(ChangesRefused::TooOld)));
}

#[test]
fn a_state_of_another_user_of_a_copied_database_or_from_the_future_is_refused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let state = changes::begin(conn, by(bob)).unwrap();
    let asked = |conn: &mut PgConnection, user| changes::list(conn, by(user), &state, Limit::default()).map(drop);
    assert_eq!(asked(conn, alice), Err(Refused(ChangesRefused::OfAnotherUser)));
    let copy = TestDatabase::migrated();
    assert_eq!(asked(&mut copy.diesel(), bob), Err(Refused(ChangesRefused::OfAnotherDatabase)));
    // What a standby is that was promoted too early.
    for lost in ["UPDATE chat_heads SET version = 0", "UPDATE user_heads SET version = 0"] {
        conn.test_transaction::<_, diesel::result::Error, _>(|conn| {
            diesel::sql_query(lost).execute(conn)?;
            assert_eq!(asked(conn, bob), Err(Refused(ChangesRefused::Ahead)), "{lost}");
            Ok(())
        });
    }
    assert_eq!(asked(conn, bob), Ok(()));
    cast::say(conn, chat, alice, ["Later"]);
    assert_eq!(asked(conn, bob), Ok(()));
}

#[test]
fn a_page_has_few_statements_however_much_changed() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let chats: Vec<_> = (0..30)
        .map(|number| groups::create(conn, by(alice), &NewGroup::new(&number.to_string(), &[bob])).unwrap().id)
        .collect();
    let state = changes::begin(conn, by(bob)).unwrap();
    let count = |conn: &mut PgConnection| {
        server_statistics::statements(conn, |conn| changes::list(conn, by(bob), &state, Limit::MAX).unwrap())
    };
    assert_eq!(count(conn), 1);
    for &chat in &chats {
        let seq = cast::say(conn, chat, alice, ["one", "two"]);
        messages::send(conn, by(alice), chat, &Draft::text("three").in_reply_to(seq)).unwrap();
    }
    let with_messages = count(conn);
    for &chat in &chats[..20] {
        cast::say(conn, chat, alice, ["four"]);
    }
    assert_eq!(count(conn), with_messages);
    assert!(with_messages <= 9, "{with_messages}");
    let mut seen = 0;
    let mut state = state;
    loop {
        let page = changes::list(conn, by(bob), &state, Limit::MAX).unwrap();
        seen += page.chats.iter().map(|chat| chat.messages.len()).sum::<usize>();
        state = page.state;
        if page.is_last {
            break;
        }
    }
    assert_eq!(seen, 30 * 3 + 20);
}

/// A page reads the chats that have changed once more, in its snapshot. Here one is gone by then.
#[test]
fn a_page_is_not_the_last_when_a_chat_of_it_is_gone_meanwhile() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let gone = groups::create(conn, by(alice), &NewGroup::new("Gone", &[carol])).unwrap().id;
    let chats: Vec<_> = (0..6)
        .map(|number| groups::create(conn, by(alice), &NewGroup::new(&number.to_string(), &[bob])).unwrap().id)
        .collect();
    let state = changes::begin(conn, by(bob)).unwrap();
    groups::add(conn, by(alice), gone, bob).unwrap();
    for &chat in &chats {
        cast::say(conn, chat, alice, ["one"]);
    }
    let (mut beside, mut is_there) = (database.diesel(), true);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if is_there && matches!(event, InstrumentationEvent::BeginTransaction { .. }) {
            is_there = false;
            groups::remove(&mut beside, by(alice), gone, bob).unwrap();
        }
    });
    let limit = Limit::new(5);
    let page = changes::list(conn, by(bob), &state, limit).unwrap();
    let read = |page: &Page| page.chats.iter().map(|chat| chat.chat_id).collect::<Vec<_>>();
    assert_eq!((read(&page), page.is_last), (chats[..5].to_vec(), false));
    let page = changes::list(conn, by(bob), &page.state, limit).unwrap();
    assert_eq!((read(&page), page.is_last), (chats[5..].to_vec(), true));
}

#[test]
fn devices_that_come_and_go_are_right_at_every_moment_while_everybody_writes() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 8);
    let chats: Vec<_> = (0..3)
        .map(|number| groups::create(conn, by(crowd[number]), &NewGroup::new("Crowd", &crowd)).unwrap().id)
        .collect();
    for other in &crowd[1..4] {
        cast::direct(conn, crowd[0], *other);
    }
    let writing = AtomicUsize::new(WRITERS);
    let returns = at_once(&database, WRITERS + 5, |number, conn| {
        // Numbers without a pattern, the same each time.
        let mut state = number as u64 + 1;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        if number < WRITERS {
            for _ in 0..150 {
                write(conn, &crowd, &chats, &mut random);
            }
            writing.fetch_sub(1, Ordering::SeqCst);
            return 0;
        }
        if number == WRITERS {
            while writing.load(Ordering::SeqCst) > 0 {
                prune_all(conn, 40);
            }
            return 0;
        }
        let user = crowd[number - WRITERS - 1];
        let mut device = conn.transaction(|conn| Ok::<_, diesel::result::Error>(Device::new(conn, user))).unwrap();
        let mut returns = 0;
        let mut is_over = false;
        while !is_over {
            is_over = writing.load(Ordering::SeqCst) == 0;
            // Several servers have no snapshot in common.
            if random(3) > 0 && server().workers().is_empty() {
                // In one snapshot, both ways show the same moment.
                let limit = Limit::new(1 + random(20) as i64);
                let checked = conn
                    .build_transaction()
                    .repeatable_read()
                    .run(|conn| Ok::<_, diesel::result::Error>(device.check(conn, limit)));
                checked.unwrap().unwrap_or_else(|what| panic!("return {returns} of {user}: {what}"));
            } else {
                // As a service does it: each page is of a moment of its own.
                device.come_back(conn, Limit::new(1 + random(5) as i64));
            }
            returns += 1;
        }
        returns
    });
    // From several servers, a device loads everything slowly.
    let least = if server().workers().is_empty() { 4 } else { 2 };
    assert!(returns[WRITERS + 1..].iter().all(|returns| *returns >= least), "{returns:?}");
    super::consistency::assert_consistent(&database);
}

/// Does something, or is refused.
fn write(
    conn: &mut PgConnection,
    crowd: &[UserId],
    chats: &[messenger_db::ids::ChatId],
    random: &mut impl FnMut(usize) -> usize,
) {
    let (user, other, chat) = (crowd[random(8)], crowd[random(8)], chats[random(chats.len())]);
    let seq = Seq::new(1 + random(40) as i64);
    match random(22) {
        0 => drop(groups::add(conn, by(user), chat, other)),
        1 => drop(groups::remove(conn, by(user), chat, other)),
        2 => drop(groups::promote(conn, by(user), chat, other)),
        3 => drop(groups::demote(conn, by(user), chat, other)),
        4 => drop(groups::rename(conn, by(user), chat, ["Ours", "Theirs"][random(2)])),
        5 => drop(groups::leave(conn, by(user), chat)),
        6 => drop(groups::transfer_ownership(conn, by(user), chat, other)),
        7 | 8 => drop(messages::edit(conn, by(user), chat, seq, ["Hm", "Ah", "Oh"][random(3)])),
        9 => drop(messages::delete(conn, by(user), chat, seq)),
        10 | 11 => drop(reactions::add(conn, by(user), chat, seq, ["👍", "🎉"][random(2)])),
        12 => drop(reactions::remove(conn, by(user), chat, seq, "👍")),
        13 => drop(receipts::mark_read(conn, by(user), chat, seq)),
        14 => drop(contacts::request(conn, by(user), other)),
        15 => drop(contacts::remove(conn, by(user), other)),
        16 => drop(blocks::block(conn, by(user), other)),
        17 => drop(blocks::unblock(conn, by(user), other)),
        18 => {
            let name = ["A", "B"][random(2)];
            let named = accounts::ProfileChanges { display_name: Some(Some(name)), ..Default::default() };
            drop(accounts::update_profile(conn, by(user), &named));
        }
        19 => drop(chat_settings::change(conn, by(user), chat, &MARKED)),
        20 => drop(chat_settings::change(conn, by(user), chat, &HIDDEN)),
        _ => drop(messages::send(conn, by(user), chat, &Draft::text("…").in_reply_to(seq))),
    }
}
