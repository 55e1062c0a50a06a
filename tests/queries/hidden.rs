//! What a member deletes for themselves, clears, or came too late for, no operation shows them; the others see it.

use diesel::PgConnection;
use messenger_db::error::Error;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, ChangeRefused, NewGroup};
use messenger_db::queries::history::{self, HistoryRefused};
use messenger_db::queries::messages::{
    self, ClearRefused, DeleteRefused, Draft, EditRefused, EditsFor, GetRefused, HideRefused, MAX_HIDDEN,
    MetadataRefused, SendRefused,
};
use messenger_db::queries::reactions::{self, ReactionRefused};
use messenger_db::queries::{attachments, changes, inbox, pending, receipts, search, unread};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::cast::{self, by};
use crate::support::TestDatabase;

/// The seqs of what a reader sees of a chat, by each operation that gives messages; all of them agree.
fn seen(conn: &mut PgConnection, reader: UserId, chat: ChatId, of: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    let me = by(reader);
    let read = history::latest(conn, me, chat, Limit::MAX).unwrap();
    let seqs: Vec<i64> = read.entries.iter().map(|entry| entry.message.seq.get()).collect();
    let mut paged = Vec::new();
    let mut after = Some(Seq::ZERO);
    while let Some(seq) = after {
        let page = history::after(conn, me, chat, seq, Limit::new(2)).unwrap();
        paged.extend(page.entries.iter().map(|entry| entry.message.seq.get()));
        after = page.newer_after;
    }
    assert_eq!(paged, seqs, "after");
    let (mut paged, mut before) = (Vec::new(), Some(Seq::MAX));
    while let Some(seq) = before {
        let page = history::before(conn, me, chat, seq, Limit::new(2)).unwrap();
        paged.extend(page.entries.iter().rev().map(|entry| entry.message.seq.get()));
        before = page.older_before;
    }
    paged.reverse();
    assert_eq!(paged, seqs, "before");
    for seq in of {
        let is_seen = seqs.contains(&seq);
        let seq = Seq::new(seq);
        let got = messages::get(conn, me, chat, seq);
        assert_eq!(got.is_ok(), is_seen, "get {seq}");
        assert_eq!(messages::list_edits(conn, me, chat, seq, EditsFor::Members, None, Limit::MAX).is_ok(), is_seen);
        assert_eq!(receipts::all(conn, me, chat, seq).is_ok(), is_seen, "receipts of {seq}");
        assert_eq!(attachments::all(conn, me, chat, seq).is_ok(), is_seen, "pictures of {seq}");
        assert_eq!(reactions::list(conn, me, chat, seq, None, None, Limit::MAX).is_ok(), is_seen, "reactions to {seq}");
        assert_eq!(history::around(conn, me, chat, seq, Limit::MAX).is_ok(), is_seen, "around {seq}");
        if !is_seen {
            assert_eq!(got, Err(Error::Refused(GetRefused::NotFound)));
            let refused = Err(Error::Refused(ReactionRefused::MessageNotFound));
            assert_eq!(reactions::add(conn, me, chat, seq, "👍"), refused);
        }
    }
    let counted = receipts::count(conn, me, chat, Seq::FIRST, Seq::new(50)).unwrap();
    assert_eq!(counted.iter().map(|count| count.seq.get()).collect::<Vec<_>>(), seqs, "counts");
    for (name, hits) in [
        ("all", search::list(conn, me, "fjord", None, Limit::MAX).unwrap()),
        ("one", search::list_in_chat(conn, me, chat, "fjord", None, Limit::MAX).unwrap()),
        ("the newest", search::list_in_chat(conn, me, chat, "-lynx", None, Limit::MAX).unwrap()),
    ] {
        let mut hits = hits.iter().filter(|hit| hit.message.chat_id == chat);
        assert!(hits.all(|hit| seqs.contains(&hit.message.seq.get())), "search in {name}");
    }
    let pictures = attachments::list(conn, me, chat, None, Limit::MAX).unwrap();
    assert!(pictures.iter().all(|picture| seqs.contains(&picture.message_seq.get())));
    let mentions = messages::list_mentions(conn, me, chat, None, Limit::MAX).unwrap();
    assert!(mentions.iter().all(|seq| seqs.contains(&seq.get())));
    seqs
}

/// A group in which Bob says something, shows a picture and names Carol, and answers: seqs 2 to 5.
fn talk(conn: &mut PgConnection) -> (ChatId, [UserId; 3]) {
    let (chat, [alice, bob, carol]) = cast::group(conn);
    cast::say(conn, chat, bob, ["the fjord"]);
    let pictures = cast::uploaded(conn, bob, [1000]);
    messages::send(conn, by(bob), chat, &Draft::image(&pictures)).unwrap();
    messages::send(conn, by(bob), chat, &Draft::text("fjord, Carol").mentioning(&[carol][..])).unwrap();
    messages::send(conn, by(bob), chat, &Draft::text("fjord again").in_reply_to(Seq::new(2))).unwrap();
    messages::edit(conn, by(bob), chat, Seq::new(2), "the fjord!").unwrap();
    (chat, [alice, bob, carol])
}

fn answered(conn: &mut PgConnection, reader: UserId, chat: ChatId) -> Option<Seq> {
    let page = history::around(conn, by(reader), chat, Seq::new(5), Limit::new(1)).unwrap();
    page.entries[0].reply_to.as_ref().map(|reply| reply.seq)
}

#[test]
fn a_send_that_is_repeated_gives_nothing_that_its_sender_does_not_see_any_more() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let facts = serde_json::json!({"link": "https://example.com"});
    let drafts = ["one", "two", "three"].map(|words| Draft::text(words).with_metadata(&facts));
    let seqs = drafts.each_ref().map(|draft| messages::send(conn, by(bob), chat, draft).unwrap().message.seq);
    let words = |conn: &mut PgConnection, draft: &Draft<'_>| {
        let sent = messages::send(conn, by(bob), chat, draft).unwrap();
        assert!(sent.already_sent);
        assert_eq!(sent.message.content.is_none(), sent.message.metadata == serde_json::json!({}));
        sent.message.content
    };
    messages::hide(conn, by(bob), chat, seqs[1]).unwrap();
    assert_eq!(words(conn, &drafts[0]).as_deref(), Some("one"));
    assert_eq!(words(conn, &drafts[1]), None);
    messages::clear(conn, by(bob), chat, seqs[0]).unwrap();
    assert_eq!(words(conn, &drafts[0]), None);
    // Back in a group that shows newcomers nothing of before.
    groups::change_history(conn, by(alice), chat, false).unwrap();
    groups::leave(conn, by(bob), chat).unwrap();
    groups::add(conn, by(alice), chat, bob).unwrap();
    assert_eq!(words(conn, &drafts[2]), None);
    let outgoing = drafts.each_ref().map(|draft| messages::Outgoing::new(by(bob), chat, draft.clone()));
    for sent in messages::send_many(conn, &outgoing).unwrap() {
        assert_eq!(sent.unwrap().message.content, None);
    }
}

#[test]
fn a_message_that_a_member_deletes_for_themselves_is_gone_for_them_alone() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = talk(conn);
    assert_eq!(answered(conn, carol, chat), Some(Seq::new(2)));
    let states = [carol, bob].map(|user| changes::begin(conn, by(user)).unwrap());
    for seq in [2, 4, 5, 3] {
        assert_eq!(messages::hide(conn, by(carol), chat, Seq::new(seq)), Ok(true));
        assert_eq!(messages::hide(conn, by(carol), chat, Seq::new(seq)), Ok(false));
        let answer = Draft::text("What?").in_reply_to(Seq::new(seq));
        let refused = messages::send(conn, by(carol), chat, &answer).unwrap_err();
        assert_eq!(refused, Error::Refused(SendRefused::ReplyNotFound));
        if seq == 2 {
            // An answer, on the page and beside it, quotes nothing that is not seen.
            assert_eq!(answered(conn, carol, chat), None);
            let read = history::latest(conn, by(carol), chat, Limit::MAX).unwrap();
            assert!(read.entries.iter().all(|entry| entry.reply_to.is_none()));
        }
    }
    assert_eq!(seen(conn, carol, chat, 1..=5), [1]);
    assert_eq!(seen(conn, alice, chat, 1..=5), [1, 2, 3, 4, 5]);
    // Who deletes what they see has read it.
    assert_eq!(unread::find(conn, by(carol), chat), Ok(Some(0)));
    assert_eq!(pending::list(conn, by(carol), None, Limit::MAX), Ok(vec![]));
    let last = |conn: &mut PgConnection, user| inbox::list(conn, by(user), None, Limit::MAX).unwrap().remove(0).last;
    let (hers, his) = (last(conn, carol), last(conn, bob));
    assert_eq!((hers.is_hidden, hers.preview, hers.sender_id, hers.kind), (true, None, None, None));
    assert_eq!((his.is_hidden, his.preview.as_deref(), hers.seq), (false, Some("fjord again"), his.seq));

    // Carol's other device is told, and nobody else's. An edit of what is gone for her is nothing to her.
    messages::edit(conn, by(bob), chat, Seq::new(4), "other words").unwrap();
    cast::say(conn, chat, bob, ["new"]);
    let page = changes::list(conn, by(carol), &states[0], Limit::MAX).unwrap();
    let told: Vec<_> = page.hidden[0].seqs.iter().map(|seq| seq.get()).collect();
    assert_eq!((page.hidden.len(), told, page.hidden[0].first_seq), (1, vec![2, 3, 4, 5], Seq::FIRST));
    let new: Vec<_> = page.chats[0].messages.iter().map(|entry| entry.message.seq.get()).collect();
    assert_eq!(new, [6]);
    assert_eq!(changes::list(conn, by(bob), &states[1], Limit::MAX).unwrap().hidden, []);
}

#[test]
fn a_cleared_chat_begins_after_what_was_cleared_for_good() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = talk(conn);
    messages::hide(conn, by(carol), chat, Seq::new(2)).unwrap();
    messages::hide(conn, by(carol), chat, Seq::new(5)).unwrap();
    let state = changes::begin(conn, by(carol)).unwrap();
    assert_eq!(messages::clear(conn, by(carol), chat, Seq::new(3)), Ok(Seq::new(4)));
    assert_eq!(messages::clear(conn, by(carol), chat, Seq::new(2)), Ok(Seq::new(4)));
    assert_eq!(seen(conn, carol, chat, 1..=5), [4]);
    let page = changes::list(conn, by(carol), &state, Limit::MAX).unwrap();
    assert_eq!((page.hidden[0].first_seq, page.hidden[0].seqs.as_slice()), (Seq::new(4), &[Seq::new(5)][..]));
    assert_eq!(history::latest(conn, by(carol), chat, Limit::MAX).unwrap().first_seq, Seq::new(4));
    // Deleting what was cleared is deleting nothing.
    let refused = Err(Error::Refused(HideRefused::NotFound));
    assert_eq!(messages::hide(conn, by(carol), chat, Seq::new(3)), refused);

    assert_eq!(messages::clear(conn, by(carol), chat, Seq::MAX), Ok(Seq::new(6)));
    let read = history::latest(conn, by(carol), chat, Limit::MAX).unwrap();
    assert_eq!((read.entries.len(), read.older_before, read.newer_after), (0, None, None));
    assert!(inbox::list(conn, by(carol), None, Limit::MAX).unwrap()[0].last.is_hidden);
    cast::say(conn, chat, bob, ["fjord"]);
    assert_eq!(unread::find(conn, by(carol), chat), Ok(Some(1)));
    assert_eq!(seen(conn, carol, chat, 1..=6), [6]);
    // It stays so for who comes back.
    groups::remove(conn, by(alice), chat, carol).unwrap();
    groups::add(conn, by(alice), chat, carol).unwrap();
    assert_eq!(seen(conn, carol, chat, 1..=8), [6, 7, 8]);
    assert_eq!(seen(conn, alice, chat, 1..=8).len(), 8);
}

#[test]
fn only_members_delete_for_themselves_and_no_more_than_a_thousand() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [_, _, carol]) = talk(conn);
    let eve = cast::user(conn, "eve");
    let hide = |conn: &mut PgConnection, user, seq| messages::hide(conn, by(user), chat, Seq::new(seq));
    assert_eq!(hide(conn, eve, 2), Err(Error::Refused(HideRefused::NotAMember)));
    assert_eq!(messages::clear(conn, by(eve), chat, Seq::MAX), Err(Error::Refused(ClearRefused::NotAMember)));
    for seq in [0, -1, 6, i64::MAX, i64::MIN] {
        assert_eq!(hide(conn, carol, seq), Err(Error::Refused(HideRefused::NotFound)), "{seq}");
    }
    assert_eq!(messages::clear(conn, by(carol), chat, Seq::new(i64::MIN)), Ok(Seq::FIRST));
    database
        .execute(&format!(
            "UPDATE chat_participants SET hidden_seqs = ARRAY(SELECT generate_series(1001, 1000 + {MAX_HIDDEN}))
             WHERE user_id = '{carol}'"
        ))
        .unwrap();
    assert_eq!(hide(conn, carol, 2), Err(Error::Refused(HideRefused::TooMany)));
    assert_eq!(database.value(&format!("SELECT last_read_seq FROM unread_messages WHERE user_id = '{carol}'")), "1");
    // Those that retention has removed do not count.
    database
        .execute(&format!(
            "UPDATE chat_participants SET hidden_seqs = ARRAY(SELECT generate_series(1 - {MAX_HIDDEN}, 0))
             WHERE user_id = '{carol}'"
        ))
        .unwrap();
    assert_eq!(hide(conn, carol, 2), Ok(true));
    assert_eq!(database.value(&format!("SELECT hidden_seqs FROM chat_participants WHERE user_id = '{carol}'")), "{2}");
}

#[test]
fn of_two_devices_that_delete_at_once_both_are_heard() {
    let database = TestDatabase::migrated();
    let (chat, [_, _, carol]) = talk(&mut database.diesel());
    let results = cast::at_once(&database, 4, |number, conn| {
        messages::hide(conn, by(carol), chat, Seq::new(2 + number as i64)).unwrap()
    });
    assert_eq!(results, [true; 4]);
    assert_eq!(seen(&mut database.diesel(), carol, chat, 1..=5), [1]);
}

#[test]
fn newcomers_see_what_the_group_lets_them_see() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = talk(conn);
    let [eve, fay] = cast::users(conn, ["eve", "fay"]);
    let refused = Err(Error::Refused(ChangeRefused::NotAllowed));
    assert_eq!(groups::change_history(conn, by(bob), chat, false), refused);
    groups::add(conn, by(alice), chat, eve).unwrap();
    assert_eq!(seen(conn, eve, chat, 1..=6), [1, 2, 3, 4, 5, 6]);

    let changed = groups::change_history(conn, by(alice), chat, false).unwrap();
    assert_eq!((changed.chat.newcomers_see_all, changed.message.seq), (false, Seq::new(7)));
    groups::add(conn, by(alice), chat, fay).unwrap();
    messages::send(conn, by(bob), chat, &Draft::text("fjord, too").in_reply_to(Seq::new(2))).unwrap();
    // What she is told begins with that she was added; what an answer quotes is older.
    assert_eq!(seen(conn, fay, chat, 1..=9), [8, 9]);
    let read = history::latest(conn, by(fay), chat, Limit::MAX).unwrap();
    assert_eq!((read.first_seq, read.entries[1].reply_to.as_ref()), (Seq::new(8), None));
    let refused = Err(Error::Refused(HistoryRefused::MessageNotFound));
    assert_eq!(history::around(conn, by(fay), chat, Seq::new(5), Limit::MAX), refused);
    // An edit of what is older is not for her.
    let state = changes::begin(conn, by(fay)).unwrap();
    messages::edit(conn, by(bob), chat, Seq::new(4), "secret").unwrap();
    let page = changes::list(conn, by(fay), &state, Limit::MAX).unwrap();
    assert_eq!((page.chats[0].messages.len(), page.chats[0].first_seq), (0, Seq::new(8)));
    // Who was there sees what they saw.
    assert_eq!(seen(conn, eve, chat, 1..=9).len(), 9);

    let members = [bob];
    let new = NewGroup { newcomers_see_all: false, ..NewGroup::new("Closed", &members) };
    let closed = groups::create(conn, by(alice), &new).unwrap();
    assert!(!closed.newcomers_see_all);
    cast::say(conn, closed.id, bob, ["fjord"]);
    assert_eq!(seen(conn, bob, closed.id, 1..=2), [1, 2]);
    groups::add(conn, by(alice), closed.id, fay).unwrap();
    assert_eq!(seen(conn, fay, closed.id, 1..=3), [3]);
}

#[test]
fn who_does_not_see_a_message_neither_edits_nor_deletes_it_nor_sets_its_metadata() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = talk(conn);
    let version = messages::get(conn, by(bob), chat, Seq::new(2)).unwrap().version;
    // Bob his own, and Alice as the owner that of another.
    for user in [bob, alice] {
        messages::hide(conn, by(user), chat, Seq::new(2)).unwrap();
        let edited = messages::edit(conn, by(user), chat, Seq::new(2), "the fjord!");
        assert_eq!(edited, Err(Error::Refused(EditRefused::NotFound)));
        let set = messages::set_metadata(conn, by(user), chat, Seq::new(2), version, &serde_json::json!({}));
        assert_eq!(set, Err(Error::Refused(MetadataRefused::NotFound)));
        let deleted = messages::delete(conn, by(user), chat, Seq::new(2));
        assert_eq!(deleted, Err(Error::Refused(DeleteRefused::NotFound)));
    }
}
