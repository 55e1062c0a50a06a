//! Cursors are texts that survive a client, and nothing else is taken for one.

use messenger_db::cursor::InvalidCursor;
use messenger_db::error::{Class, Refusal as _};
use messenger_db::ids::ChatId;
use messenger_db::page::Limit;
use messenger_db::queries::{attachments, inbox, messages, pending, reactions, search};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use super::cast::{self, by};
use crate::support::TestDatabase;

fn is_fit_for_a_url(text: &str) -> bool {
    (32..=124).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[test]
fn a_cursor_of_each_family_goes_on_where_it_was_after_it_was_a_text() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let last = cast::say(conn, chat, alice, ["the lake", "the lake again"]);
    for emoji in ["👍", "🏳️‍🌈"] {
        reactions::add(conn, by(bob), chat, last, emoji).unwrap();
    }

    let cursor = inbox::list(conn, by(alice), None, Limit::MAX).unwrap()[0].cursor();
    assert!(is_fit_for_a_url(&cursor.to_string()), "{cursor}");
    assert_eq!(inbox::list(conn, by(alice), Some(cursor.to_string().parse().unwrap()), Limit::MAX), Ok(vec![]));

    let page = pending::list(conn, by(bob), None, Limit::new(1)).unwrap();
    let text = page[0].cursor().to_string();
    assert!(is_fit_for_a_url(&text), "{text}");
    let rest = pending::list(conn, by(bob), Some(text.parse().unwrap()), Limit::MAX).unwrap();
    assert_eq!(rest[0].message.seq, page[0].message.seq.next());

    let page = search::list(conn, by(bob), "lake", None, Limit::new(1)).unwrap();
    let text = page[0].cursor().to_string();
    assert!(is_fit_for_a_url(&text), "{text}");
    let rest = search::list(conn, by(bob), "lake", Some(text.parse().unwrap()), Limit::MAX).unwrap();
    assert_eq!(rest.iter().map(|hit| hit.message.seq).collect::<Vec<_>>(), [page[0].message.seq.previous()]);

    let page = reactions::list(conn, by(bob), chat, last, None, None, Limit::MAX).unwrap();
    let text = page[1].cursor().to_string();
    assert!(is_fit_for_a_url(&text), "{text}");
    let cursor: reactions::Cursor = text.parse().unwrap();
    assert_eq!(cursor, page[1].cursor());
    assert_eq!(reactions::list(conn, by(bob), chat, last, None, Some(&cursor), Limit::MAX), Ok(vec![]));
    assert_eq!(messages::get(conn, by(bob), chat, last).unwrap().seq, last);
}

#[test]
fn a_foreign_a_newer_and_a_damaged_cursor_are_told_apart() {
    let text = attachments::Cursor::before(Seq::new(7), 2).to_string();
    let foreign = text.parse::<pending::Cursor>().unwrap_err();
    assert_eq!(foreign, InvalidCursor::Foreign { found: "the pictures of a chat", expected: "pending messages" });
    assert_eq!((foreign.code(), foreign.class()), ("cursor_foreign", Class::Invalid));
    for damaged in
        ["", "0", "no cursor", &text[2..], &text[..text.len() - 2], &format!("{text}00"), "é".repeat(20).as_str()]
    {
        assert_eq!(damaged.parse::<attachments::Cursor>(), Err(InvalidCursor::Damaged), "{damaged}");
    }
    // Of version 2, with the right checksum of it.
    let newer = [2, 5, 0, 0];
    let sum = Sha256::digest(newer);
    let newer: String = newer.iter().chain(&sum[..4]).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    assert_eq!(newer.parse::<attachments::Cursor>(), Err(InvalidCursor::Version(2)));
}

#[test]
fn the_text_of_a_cursor_stays_as_it_is() {
    // Clients keep them over an upgrade of the service.
    let chat: ChatId = "01900000-0000-7000-8000-000000000001".parse().unwrap();
    let text = pending::Cursor::after(chat, Seq::new(42)).to_string();
    assert_eq!(&text[..text.len() - 8], "010201900000000070008000000000000001000000000000002a");
}

proptest! {
    #[test]
    fn whatever_was_changed_in_a_cursor_is_noticed(place in 0_usize..64, with in any::<u8>()) {
        let cursor = pending::Cursor::after(ChatId::new(), Seq::new(42));
        let mut bytes = cursor.to_string().into_bytes();
        let place = place % bytes.len();
        let digit = b"0123456789abcdef"[usize::from(with) % 16];
        let is_same = bytes[place] == digit;
        bytes[place] = digit;
        let read = String::from_utf8(bytes).unwrap().parse::<pending::Cursor>();
        prop_assert_eq!(read.is_ok(), is_same);
    }

    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        let _ = text.parse::<search::Cursor>();
        let _ = text.parse::<inbox::Cursor>();
    }
}
