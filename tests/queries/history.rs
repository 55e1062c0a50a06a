//! A chat is read by pages, each with everything on it.

use diesel::prelude::*;
use messenger_db::error::Error::{self, Refused};
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::history::{self, HistoryRefused, Page, PageRequest};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{accounts, groups, reactions};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn seqs(page: &Page) -> Vec<i64> {
    page.entries.iter().map(|entry| entry.message.seq.get()).collect()
}

/// The numbers of a page that is there, and where it goes on.
fn shape(page: Result<Page, Error<HistoryRefused>>) -> (Vec<i64>, Option<i64>, Option<i64>) {
    let page = page.unwrap();
    (seqs(&page), page.older_before.map(Seq::get), page.newer_after.map(Seq::get))
}

#[test]
fn a_page_holds_fifty_messages_or_as_many_as_were_asked_for_but_a_hundred_at_most() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, bob, (2..=130).map(|number| number.to_string()));
    let mut latest = |limit| shape(history::latest(conn, by(alice), chat, limit));
    assert_eq!(latest(Limit::default()), ((81..=130).collect(), Some(81), None));
    assert_eq!(latest(Limit::new(1)), (vec![130], Some(130), None));
    assert_eq!(latest(Limit::new(i64::MAX)), ((31..=130).collect(), Some(31), None));
    assert_eq!(
        shape(history::after(conn, by(alice), chat, Seq::ZERO, Limit::MAX)),
        ((1..=100).collect(), None, Some(100))
    );
}

#[test]
fn pages_meet_in_both_directions() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, bob, (2..=23).map(|number| number.to_string()));
    let limit = Limit::new(5);
    let mut backwards = Vec::new();
    let mut page = history::latest(conn, by(alice), chat, limit).unwrap();
    loop {
        backwards.splice(0..0, seqs(&page));
        let Some(seq) = page.older_before else { break };
        page = history::before(conn, by(alice), chat, seq, limit).unwrap();
    }
    assert_eq!(backwards, (1..=23).collect::<Vec<_>>());
    let mut forwards = Vec::new();
    let mut page = history::after(conn, by(alice), chat, Seq::ZERO, limit).unwrap();
    loop {
        forwards.extend(seqs(&page));
        let Some(seq) = page.newer_after else { break };
        page = history::after(conn, by(alice), chat, seq, limit).unwrap();
    }
    assert_eq!(forwards, backwards);
}

#[test]
fn a_page_begins_anywhere_even_where_no_message_is() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, bob, ["two", "three", "four", "five"]);
    let nothing = (vec![], None, None);
    for seq in [1, 0, -7, i64::MIN, i64::MIN + 1] {
        assert_eq!(
            shape(history::before(conn, by(alice), chat, Seq::new(seq), Limit::default())),
            nothing,
            "before {seq}"
        );
    }
    for seq in [5, 6, 700, i64::MAX, i64::MAX - 1] {
        assert_eq!(
            shape(history::after(conn, by(alice), chat, Seq::new(seq), Limit::default())),
            nothing,
            "after {seq}"
        );
    }
    for seq in [6, 700, i64::MAX] {
        assert_eq!(
            shape(history::before(conn, by(alice), chat, Seq::new(seq), Limit::new(2))),
            (vec![4, 5], Some(4), None)
        );
    }
    for seq in [0, -1, i64::MIN] {
        let after = shape(history::after(conn, by(alice), chat, Seq::new(seq), Limit::new(2)));
        assert_eq!(after, (vec![1, 2], None, Some(2)), "{seq}");
    }
}

#[test]
fn a_link_leads_to_the_middle_of_a_page() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    cast::say(conn, chat, bob, (2..=9).map(|number| number.to_string()));
    let mut around = |seq, limit| shape(history::around(conn, by(alice), chat, seq, Limit::new(limit)));
    assert_eq!(around(Seq::new(5), 1), (vec![5], Some(5), Some(5)));
    assert_eq!(around(Seq::new(5), 3), (vec![4, 5, 6], Some(4), Some(6)));
    assert_eq!(around(Seq::new(5), 4), (vec![3, 4, 5, 6], Some(3), Some(6)));
    assert_eq!(around(Seq::FIRST, 5), (vec![1, 2, 3], None, Some(3)));
    assert_eq!(around(Seq::new(9), 5), (vec![7, 8, 9], Some(7), None));
    assert_eq!(around(Seq::new(5), 100), ((1..=9).collect(), None, None));
    for seq in [0, 10, -1, i64::MIN, i64::MAX] {
        let page = history::around(conn, by(alice), chat, Seq::new(seq), Limit::default());
        assert_eq!(page, Err(Refused(HistoryRefused::MessageNotFound)), "{seq}");
    }
    let named = Draft::text("ten");
    messages::send(conn, by(bob), chat, &named).unwrap();
    assert_eq!(
        shape(history::around_id(conn, by(alice), chat, named.id(), Limit::new(3))),
        (vec![9, 10], Some(9), None)
    );
    let page = history::around_id(conn, by(alice), chat, MessageId::new(), Limit::default());
    assert_eq!(page, Err(Refused(HistoryRefused::MessageNotFound)));
}

#[test]
fn nobody_reads_a_chat_but_its_members() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let draft = Draft::text("Psst");
    messages::send(conn, by(alice), chat, &draft).unwrap();
    let [eve] = cast::users(conn, ["eve"]);
    groups::leave(conn, by(bob), chat).unwrap();
    groups::remove(conn, by(alice), chat, carol).unwrap();
    let mut pages = |chat: ChatId, reader: UserId| {
        let limit = Limit::default();
        [
            history::latest(conn, by(reader), chat, limit),
            history::before(conn, by(reader), chat, Seq::new(2), limit),
            history::after(conn, by(reader), chat, Seq::ZERO, limit),
            history::around(conn, by(reader), chat, Seq::new(2), limit),
            history::around_id(conn, by(reader), chat, draft.id(), limit),
        ]
    };
    for outsider in [eve, bob, carol, UserId::new()] {
        assert!(pages(chat, outsider).iter().all(|page| *page == Err(Refused(HistoryRefused::NotAMember))));
    }
    assert!(pages(ChatId::new(), alice).iter().all(|page| *page == Err(Refused(HistoryRefused::NotAMember))));
    assert!(pages(chat, alice).iter().all(Result::is_ok));
    groups::delete(conn, by(alice), chat).unwrap();
    let page = history::latest(conn, by(alice), chat, Limit::default());
    assert_eq!(page, Err(Refused(HistoryRefused::NotAMember)));
}

#[test]
fn who_is_blocked_still_reads_and_who_joined_late_reads_all() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let direct = cast::direct(conn, alice, bob);
    cast::say(conn, direct, alice, ["one"]);
    let group = groups::create(conn, by(alice), &groups::NewGroup::new("Hikers", &[bob])).unwrap().id;
    cast::block(conn, alice, bob);
    assert_eq!(shape(history::latest(conn, by(bob), direct, Limit::default())).0, [1]);
    cast::say(conn, group, bob, ["two"]);
    groups::add(conn, by(alice), group, carol).unwrap();
    assert_eq!(shape(history::latest(conn, by(carol), group, Limit::default())).0, [1, 2, 3]);
}

#[test]
fn a_page_has_senders_pictures_reactions_and_what_is_answered() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let long = "ä".repeat(150);
    let first = cast::say(conn, chat, carol, [&long]);
    let gone = cast::say(conn, chat, carol, ["gone"]);
    messages::delete(conn, by(carol), chat, gone).unwrap();
    let pictures = cast::uploaded(conn, bob, [1, 2, 3]);
    let mut answer =
        |to, draft: Draft<'_>| messages::send(conn, by(bob), chat, &draft.in_reply_to(to)).unwrap().message.seq;
    let image = answer(first, Draft::image(&pictures));
    let to_gone = answer(gone, Draft::text("What was that?"));
    let to_system = answer(Seq::FIRST, Draft::text("At last"));
    let to_image = answer(image, Draft::text("Nice"));
    for (user, emoji) in [(carol, "🎉"), (alice, "👍"), (bob, "🎉"), (alice, "🎉")] {
        reactions::add(conn, by(user), chat, image, emoji).unwrap();
    }
    let page = history::around(conn, by(bob), chat, to_image, Limit::new(7)).unwrap();
    assert_eq!(seqs(&page), (image.get()..=to_image.get()).collect::<Vec<_>>());
    let entry = |seq: i64| &page.entries[(seq - image.get()) as usize];
    let sizes: Vec<_> = entry(image.get()).attachments.iter().map(|picture| picture.byte_size).collect();
    assert_eq!(sizes, [1, 2, 3]);
    let summary: Vec<_> = entry(image.get()).reactions.iter().map(|r| (r.emoji.as_str(), r.count, r.mine)).collect();
    assert_eq!(summary, [("🎉", 3, true), ("👍", 1, false)]);
    let reply = |seq| entry(seq).reply_to.clone().unwrap();
    assert_eq!((reply(image.get()).preview, reply(image.get()).sender_id), (Some("ä".repeat(100)), Some(carol)));
    assert_eq!((reply(to_gone.get()).preview, reply(to_gone.get()).is_deleted), (None, true));
    assert_eq!((reply(to_system.get()).seq, reply(to_system.get()).sender_id), (Seq::FIRST, None));
    assert_eq!((reply(to_image.get()).preview, reply(to_image.get()).is_deleted), (None, false));
    // Who is shown, though she sent nothing that is on the page.
    assert_eq!(page.profiles.len(), 2);
    assert_eq!(page.profiles[&carol].username.as_deref(), Some("carol"));
    for known in [[bob, alice], [carol, alice], [bob, carol]] {
        let asked = PageRequest::from(Limit::new(7)).knowing(&known);
        let shown = history::around(conn, by(bob), chat, to_image, asked).unwrap();
        let unknown = page.profiles.iter().filter(|(user, _)| !known.contains(user));
        assert_eq!(shown.profiles, unknown.map(|(user, profile)| (*user, profile.clone())).collect());
        assert_eq!(shown.entries, page.entries);
    }
    accounts::close(conn, by(carol)).unwrap();
    let page = history::around(conn, by(bob), chat, image, Limit::new(1)).unwrap();
    assert_eq!(page.profiles[&carol].username, None);
    assert!(page.profiles[&carol].deleted_at.is_some());
}

/// Up to 200 reactions to a page are counted by the program, more by the database.
#[test]
fn reactions_are_counted_alike_however_many_a_page_has() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let crowd = cast::crowd(conn, 12);
    for &member in &crowd {
        groups::add(conn, by(alice), chat, member).unwrap();
    }
    let seq = cast::say(conn, chat, bob, ["Which day?"]);
    let other = cast::say(conn, chat, bob, ["Which place?"]);
    // Each gives the last ones first; the last ones are given by fewer.
    for (number, &member) in crowd.iter().enumerate() {
        for emoji in (0..20).rev().filter(|emoji| emoji + number <= 20) {
            reactions::add(conn, by(member), chat, seq, &format!(":e{emoji}:")).unwrap();
        }
    }
    reactions::add(conn, by(alice), chat, seq, ":once:").unwrap();
    let of_page = |conn: &mut PgConnection, reader: UserId| {
        let page = history::latest(conn, by(reader), chat, Limit::new(2)).unwrap();
        let shown = page.entries[0].reactions.iter().map(|given| (given.emoji.clone(), given.count, given.mine));
        shown.collect::<Vec<_>>()
    };
    let expected: Vec<_> = (0..20).rev().map(|emoji| (format!(":e{emoji}:"), (21 - emoji).min(12))).collect();
    // With these, 186; then 200, and one more.
    for (more, statements) in [(0..14, 2), (14..15, 3)] {
        for number in more {
            reactions::add(conn, by(bob), chat, other, &format!(":o{number}:")).unwrap();
        }
        for (reader, mine) in [(crowd[11], 10), (bob, 0)] {
            let shown = of_page(conn, reader);
            let counts: Vec<_> = shown.iter().map(|(emoji, count, _)| (emoji.clone(), *count)).collect();
            assert_eq!(counts, expected);
            assert_eq!(shown.iter().filter(|(.., mine)| *mine).count(), mine);
        }
        assert_eq!(server_statistics::statements(conn, |conn| of_page(conn, bob)), statements);
    }
}

#[test]
fn a_page_costs_two_statements_whatever_is_on_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, users) = cast::group(conn);
    for number in 0..120 {
        let pictures = cast::uploaded(conn, users[number as usize % 3], [1]);
        let draft = Draft::image(&pictures).in_reply_to(Seq::new(1 + number / 3));
        let seq = messages::send(conn, by(users[number as usize % 3]), chat, &draft).unwrap().message.seq;
        reactions::add(conn, by(users[number as usize % 2]), chat, seq, "👍").unwrap();
    }
    for limit in [1, 2, 50, 100] {
        let limit = Limit::new(limit);
        let read = |conn: &mut PgConnection| history::before(conn, by(users[0]), chat, Seq::new(121), limit).unwrap();
        assert_eq!(server_statistics::statements(conn, read), 2, "{limit:?}");
        let read = |conn: &mut PgConnection| history::around(conn, by(users[0]), chat, Seq::new(80), limit).unwrap();
        assert_eq!(server_statistics::statements(conn, read), 2, "{limit:?}");
    }
}
