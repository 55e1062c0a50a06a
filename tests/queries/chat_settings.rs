//! What a member sets for a chat, and what the inbox makes of it.

use chrono::{TimeDelta, Utc};
use diesel::PgConnection;
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::chat_settings::{self, Changes, FOR_EVER, Settings, SettingsRefused};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::{inbox, receipts, unread};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::consistency::assert_consistent;
use super::hostile::operations::{Attack, refusable};
use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// The operations with hostile arguments.
pub const ATTACKS: &[(&str, Attack)] = &[
    ("chat_settings::change", |a, c| {
        let changes = Changes {
            muted_until: a.dice.coin().then(|| a.dice.coin().then(|| a.dice.time())),
            pin_rank: a.dice.coin().then(|| Some([i16::MIN, -1, 0, 999, 1_000, i16::MAX][a.dice.below(6)])),
            is_archived: a.dice.coin().then(|| a.dice.coin()),
            is_hidden: a.dice.coin().then(|| a.dice.coin()),
            is_marked_unread: a.dice.coin().then(|| a.dice.coin()),
            draft: a.dice.coin().then(|| a.maybe_text()),
        };
        refusable(chat_settings::change(c, by(a.me), a.chat(), &changes))
    }),
    ("chat_settings::get", |a, c| refusable(chat_settings::get(c, by(a.me), a.chat()))),
];

pub const UNCHANGED: Changes<'static> = Changes {
    muted_until: None,
    pin_rank: None,
    is_archived: None,
    is_hidden: None,
    is_marked_unread: None,
    draft: None,
};

fn change(conn: &mut PgConnection, user: UserId, chat: ChatId, changes: Changes<'_>) -> Settings {
    chat_settings::change(conn, by(user), chat, &changes).unwrap()
}

/// The chats of the inbox, a page after the other.
fn listed(conn: &mut PgConnection, user: UserId) -> Vec<ChatId> {
    let (mut chats, mut cursor) = (Vec::new(), None);
    loop {
        let page = inbox::list(conn, by(user), cursor, Limit::new(2)).unwrap();
        let Some(last) = page.last() else { return chats };
        cursor = Some(last.cursor().to_string().parse().unwrap());
        chats.extend(page.iter().map(|entry| entry.chat_id));
    }
}

#[test]
fn each_setting_changes_by_itself_and_is_the_members_own() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    assert_eq!(chat_settings::get(conn, by(alice), chat), Ok(Settings::default()));
    assert_eq!(change(conn, alice, chat, UNCHANGED), Settings::default());
    let until = FOR_EVER;
    let mut expected = Settings { muted_until: Some(until), ..Settings::default() };
    assert_eq!(change(conn, alice, chat, Changes { muted_until: Some(Some(until)), ..UNCHANGED }), expected);
    expected.pin_rank = Some(7);
    assert_eq!(change(conn, alice, chat, Changes { pin_rank: Some(Some(7)), ..UNCHANGED }), expected);
    expected.is_archived = true;
    assert_eq!(change(conn, alice, chat, Changes { is_archived: Some(true), ..UNCHANGED }), expected);
    expected.draft = Some("Shall".to_owned());
    assert_eq!(change(conn, alice, chat, Changes { draft: Some(Some("Shall")), ..UNCHANGED }), expected);
    expected.is_marked_unread = true;
    assert_eq!(change(conn, alice, chat, Changes { is_marked_unread: Some(true), ..UNCHANGED }), expected);
    expected.is_hidden = true;
    assert_eq!(change(conn, alice, chat, Changes { is_hidden: Some(true), ..UNCHANGED }), expected);
    assert_eq!(chat_settings::get(conn, by(alice), chat), Ok(expected));
    assert_eq!(chat_settings::get(conn, by(bob), chat), Ok(Settings::default()));
    let back = Changes {
        muted_until: Some(None),
        pin_rank: Some(None),
        is_archived: Some(false),
        is_hidden: Some(false),
        is_marked_unread: Some(false),
        draft: Some(Some("")),
    };
    assert_eq!(change(conn, alice, chat, back), Settings::default());
    assert_eq!(
        database.value(&format!(
            "SELECT count(*) FROM user_changes WHERE kind = 'settings_changed' AND about_chat_id = '{chat}' AND user_id = '{alice}'"
        )),
        "8"
    );
    assert_eq!(server_statistics::statements(conn, |conn| chat_settings::get(conn, by(alice), chat)), 1);
}

#[test]
fn settings_end_with_the_membership_and_outsiders_have_none() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    change(conn, bob, chat, Changes { is_archived: Some(true), ..UNCHANGED });
    groups::leave(conn, by(bob), chat).unwrap();
    let refused = Err(Refused(SettingsRefused::NotAMember));
    for (chat, user) in [(chat, bob), (chat, UserId::new()), (ChatId::new(), alice)] {
        assert_eq!(chat_settings::get(conn, by(user), chat), refused);
        assert_eq!(chat_settings::change(conn, by(user), chat, &UNCHANGED), refused);
    }
    groups::add(conn, by(alice), chat, bob).unwrap();
    assert_eq!(chat_settings::get(conn, by(bob), chat), Ok(Settings::default()));
    for (changes, refusal) in [
        (Changes { pin_rank: Some(Some(1000)), ..UNCHANGED }, SettingsRefused::PinRankInvalid),
        (Changes { pin_rank: Some(Some(-1)), ..UNCHANGED }, SettingsRefused::PinRankInvalid),
        (Changes { draft: Some(Some(&"ä".repeat(10_001))), ..UNCHANGED }, SettingsRefused::DraftTooLong),
        (Changes { draft: Some(Some("a\0b")), ..UNCHANGED }, SettingsRefused::ContainsNul),
    ] {
        assert_eq!(chat_settings::change(conn, by(alice), chat, &changes), Err(Refused(refusal)));
    }
    change(conn, alice, chat, Changes { draft: Some(Some(&"ä".repeat(10_000))), ..UNCHANGED });
    groups::delete(conn, by(alice), chat).unwrap();
    assert_eq!(database.value("SELECT count(*) FROM chat_settings"), "0");
    assert_consistent(&database);
}

#[test]
fn different_settings_that_change_at_once_are_all_kept() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    cast::at_once(&database, 3, |number, conn| {
        let changes = [
            Changes { muted_until: Some(Some(FOR_EVER)), ..UNCHANGED },
            Changes { pin_rank: Some(Some(3)), ..UNCHANGED },
            Changes { draft: Some(Some("Shall")), ..UNCHANGED },
        ];
        change(conn, alice, chat, changes[number])
    });
    let settings = chat_settings::get(conn, by(alice), chat).unwrap();
    assert_eq!((settings.muted_until, settings.pin_rank), (Some(FOR_EVER), Some(3)));
    assert_eq!(settings.draft.as_deref(), Some("Shall"));
}

#[test]
fn the_inbox_has_pinned_chats_first_and_neither_archived_nor_hidden_ones() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let chats = [(); 6].map(|()| groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id);
    let [one, two, three, four, five, six] = chats;
    assert_eq!(listed(conn, bob), [six, five, four, three, two, one]);
    for (chat, rank) in [(one, 5), (two, 5), (three, 0)] {
        change(conn, bob, chat, Changes { pin_rank: Some(Some(rank)), ..UNCHANGED });
    }
    assert_eq!(listed(conn, bob), [three, two, one, six, five, four]);
    cast::say(conn, one, alice, ["Up"]);
    assert_eq!(listed(conn, bob), [three, one, two, six, five, four]);

    change(conn, bob, five, Changes { is_archived: Some(true), ..UNCHANGED });
    change(conn, bob, six, Changes { is_hidden: Some(true), ..UNCHANGED });
    assert_eq!(listed(conn, bob), [three, one, two, four]);
    let archived = inbox::list_archived(conn, by(bob), None, Limit::MAX).unwrap();
    assert_eq!(archived.iter().map(|entry| entry.chat_id).collect::<Vec<_>>(), [five]);
    assert!(archived[0].settings.is_archived);
    change(conn, bob, six, Changes { is_archived: Some(true), ..UNCHANGED });
    let hidden = inbox::list_hidden(conn, by(bob), None, Limit::MAX).unwrap();
    assert_eq!(hidden.iter().map(|entry| (entry.chat_id, entry.settings.is_hidden)).collect::<Vec<_>>(), [(six, true)]);
    change(conn, bob, six, Changes { is_archived: Some(false), ..UNCHANGED });
    // Something new brings back what is hidden, and leaves the archive as it is.
    cast::say(conn, five, alice, ["Archived"]);
    cast::say(conn, six, alice, ["Hidden"]);
    assert_eq!(listed(conn, bob), [three, one, two, six, four]);
    assert!(!chat_settings::get(conn, by(bob), six).unwrap().is_hidden);
    assert_eq!(inbox::list_hidden(conn, by(bob), None, Limit::MAX), Ok(vec![]));
    assert_eq!(server_statistics::statements(conn, |conn| inbox::list_hidden(conn, by(bob), None, Limit::MAX)), 1);
    assert_eq!(server_statistics::statements(conn, |conn| inbox::list(conn, by(bob), None, Limit::MAX)), 1);
    assert_eq!(listed(conn, alice).len(), 6);
}

#[test]
fn a_mark_as_unread_is_gone_when_one_reads_further() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let marked =
        |conn: &mut PgConnection| inbox::list(conn, by(bob), None, Limit::MAX).unwrap()[0].settings.is_marked_unread;
    cast::say(conn, chat, alice, ["two", "three"]);
    receipts::mark_read(conn, by(bob), chat, Seq::new(2)).unwrap();
    change(conn, bob, chat, Changes { is_marked_unread: Some(true), ..UNCHANGED });
    assert!(marked(conn));
    receipts::mark_delivered(conn, by(bob), chat, Seq::new(3)).unwrap();
    assert!(marked(conn));
    receipts::mark_read(conn, by(bob), chat, Seq::new(3)).unwrap();
    assert!(!marked(conn));
}

#[test]
fn a_muted_chat_is_not_on_the_badge_until_the_time_is_over() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let other = groups::create(conn, by(alice), &NewGroup::new("G", &[bob])).unwrap().id;
    cast::say(conn, chat, alice, ["two", "three"]);
    cast::say(conn, other, alice, ["two"]);
    assert_eq!((unread::badge(conn, by(bob)), unread::total(conn, by(bob))), (Ok(3), Ok(3)));
    for (until, badge) in [(FOR_EVER, 1), (Utc::now() + TimeDelta::hours(1), 1), (Utc::now(), 3)] {
        change(conn, bob, chat, Changes { muted_until: Some(Some(until)), ..UNCHANGED });
        assert_eq!((unread::badge(conn, by(bob)), unread::total(conn, by(bob))), (Ok(badge), Ok(3)));
    }
    assert_eq!(server_statistics::statements(conn, |conn| unread::badge(conn, by(bob))), 1);
    assert_eq!(unread::badge(conn, by(UserId::new())), Ok(0));
}
