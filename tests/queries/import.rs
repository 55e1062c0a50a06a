//! History comes in from elsewhere, once, with its own times.

use chrono::{DateTime, Duration, TimeDelta, Utc};
use diesel::prelude::*;
use messenger_db::enums::{ImageType, MessageKind};
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::projector::{self, Options};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::import::{self, History, ImportRefused, Imported, Picture, Tally};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{direct_chats, receipts};
use messenger_db::seq::Seq;
use serde_json::json;

use super::cast::{self, at_once};
use super::consistency::assert_consistent;
use super::projector::assert_projected;
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// A group of alice, its owner, and bob.
fn group(conn: &mut PgConnection) -> (ChatId, [UserId; 2]) {
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let group = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob])).unwrap();
    (group.id, [alice, bob])
}

fn at(minute: i64) -> DateTime<Utc> {
    "2019-05-04T09:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::minutes(minute)
}

fn texts<'a>(chat: ChatId, senders: &[UserId], words: &[&'a str]) -> Vec<Imported<'a>> {
    (0..)
        .zip(words)
        .map(|(minute, words)| {
            let sender = senders[usize::try_from(minute).unwrap() % senders.len()];
            Imported::text(chat, MessageId::new(), sender, at(minute), words)
        })
        .collect()
}

#[test]
fn what_is_imported_keeps_its_times_senders_and_ids_and_is_read() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob]) = group(conn);
    let pictures = [Picture::new("summit.jpg", ImageType::Jpeg, 1000, "k")];
    let metadata = json!({ "event": "joined" });
    let mut batch = texts(chat, &[alice, bob], &["Up the hill?", "Up the hill."]);
    batch[1].reply_to = Some(batch[0].id);
    batch[1].edited_at = Some(at(2));
    batch.push(Imported::image(chat, MessageId::new(), alice, at(3), &pictures));
    batch.push(Imported::system(chat, MessageId::new(), at(4), &metadata));
    let tally = import::messages(conn, &batch, History::Read).unwrap();
    assert_eq!(tally, Tally { imported: 4, already_there: 0 });

    let got = |conn: &mut PgConnection, seq| messages::get(conn, by(alice), chat, seq).unwrap();
    let answer = got(conn, Seq::new(3));
    assert_eq!((answer.id, answer.sender_id, answer.created_at), (batch[1].id, Some(bob), at(1)));
    assert_eq!((answer.reply_to_seq, answer.edited_at), (Some(Seq::new(2)), Some(at(2))));
    assert_eq!(
        [2, 4, 5].map(|seq| got(conn, Seq::new(seq)).kind),
        [MessageKind::Text, MessageKind::Image, MessageKind::System]
    );
    assert_eq!(got(conn, Seq::new(5)).metadata, metadata);
    assert_eq!(database.value("SELECT (message_seq, storage_key)::text FROM attachments"), "(4,k)");
    assert_eq!(
        database.value("SELECT (last_seq, last_message_at = '2019-05-04T09:04Z')::text FROM chat_heads"),
        "(5,t)"
    );
    assert_eq!(database.column("SELECT unread_count::text FROM unread_counts"), ["0", "0"]);
    assert_consistent(&database);

    // It goes on from there.
    assert_eq!(messages::send(conn, by(bob), chat, &Draft::text("Again?")).unwrap().message.seq, Seq::new(6));
    assert_consistent(&database);
}

#[test]
fn what_is_imported_as_unread_is_unread_and_pending() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob]) = group(conn);
    import::messages(conn, &texts(chat, &[alice, bob], &["one", "two", "three"]), History::Unread).unwrap();
    assert_eq!(database.column("SELECT unread_count::text FROM unread_counts"), ["3", "3"]);
    receipts::mark_read(conn, by(bob), chat, Seq::new(3)).unwrap();
    receipts::mark_delivered(conn, by(bob), chat, Seq::new(4)).unwrap();
    assert_consistent(&database);
    // Read now, with what was unread before.
    import::messages(conn, &texts(chat, &[alice], &["four"]), History::Read).unwrap();
    assert_eq!(database.column("SELECT unread_count::text FROM unread_counts"), ["0", "0"]);
    assert_consistent(&database);
}

#[test]
fn an_import_that_was_interrupted_is_begun_again_without_duplicates() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob]) = group(conn);
    let mut batch = texts(chat, &[alice, bob], &["one", "two", "three", "four"]);
    let tally = |imported, already_there| Ok(Tally { imported, already_there });
    assert_eq!(import::messages(conn, &batch[..2], History::Read), tally(2, 0));
    // What answers something that is there already finds it.
    batch[3].reply_to = Some(batch[0].id);
    assert_eq!(import::messages(conn, &batch, History::Read), tally(2, 2));
    assert_eq!(import::messages(conn, &batch, History::Read), tally(0, 4));
    assert_eq!(import::messages(conn, &[], History::Read), tally(0, 0));
    assert_eq!(messages::get(conn, by(alice), chat, Seq::new(5)).unwrap().reply_to_seq, Some(Seq::new(2)));
    // Twice in one batch is once.
    let twice = texts(chat, &[alice], &["five"]);
    let twice = [twice[0].clone(), twice[0].clone()];
    assert_eq!(import::messages(conn, &twice, History::Read), tally(1, 1));
    assert_eq!(database.value("SELECT last_seq FROM chat_heads"), "6");
    assert_consistent(&database);
}

#[test]
fn a_batch_for_many_chats_numbers_each_by_itself() {
    for_many_chats(&TestDatabase::migrated());
}

#[test]
fn a_batch_for_many_chats_is_the_same_chat_by_chat_as_where_chats_are_distributed() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    projector::keep(conn, true).unwrap();
    for_many_chats(&database);
    projector::tick(conn, &Options::at_once()).unwrap();
    assert_projected(conn).unwrap();
}

fn for_many_chats(database: &TestDatabase) {
    let conn = &mut database.diesel();
    let users = cast::crowd(conn, 6);
    let chats: Vec<_> = users[1..]
        .iter()
        .map(|&other| {
            cast::befriend(conn, users[0], other);
            (other, direct_chats::find_or_create(conn, by(users[0]), other).unwrap().id)
        })
        .collect();
    let batch: Vec<_> = (0..100)
        .map(|number| {
            let (other, chat) = chats[number % 5];
            let sender = if number % 3 == 0 { users[0] } else { other };
            Imported::text(chat, MessageId::new(), sender, at(number as i64), "Hello")
        })
        .collect();
    let tally = |imported, already_there| Ok(Tally { imported, already_there });
    assert_eq!(import::messages(conn, &batch[..50], History::Unread), tally(50, 0));
    // Received and not read before, and read with the rest.
    receipts::mark_delivered(conn, by(users[0]), chats[0].1, Seq::new(5)).unwrap();
    assert_eq!(import::messages(conn, &batch, History::Read), tally(50, 50));
    assert_eq!(database.value("SELECT count(*) FROM message_delivery WHERE read_at IS NULL"), "0");
    assert_eq!(database.column("SELECT last_seq::text FROM chat_heads"), ["20"; 5]);
    assert_eq!(database.column("SELECT DISTINCT last_read_seq FROM unread_messages"), ["20"]);
    assert_consistent(database);
}

#[test]
fn of_a_batch_that_is_refused_nothing_is_imported() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob]) = group(conn);
    let eve = cast::user(conn, "eve");
    let other = groups::create(conn, by(alice), &NewGroup::new("Other", &[])).unwrap().id;
    groups::leave(conn, by(bob), chat).unwrap();
    let good = texts(chat, &[alice, bob], &["one", "two"]);
    let missing = ChatId::new();
    let long = "ä".repeat(10_001);
    let list = json!([]);
    let pictures = [(); 6].map(|()| Picture::new("p.jpg", ImageType::Jpeg, 1, "k"));
    let huge = [Picture::new("p.jpg", ImageType::Jpeg, 11 << 20, "k")];
    // Each spoils a good batch at its end.
    let mut refusal = |message: Imported<'_>| {
        let id = message.id;
        let batch: Vec<_> = good.iter().cloned().chain([message]).collect();
        let Refused(refused) = import::messages(conn, &batch, History::Read).unwrap_err() else { panic!("{id}") };
        refused
    };
    let text = |words| Imported::text(chat, MessageId::new(), alice, at(9), words);
    assert_eq!(refusal(Imported { chat_id: missing, ..text("!") }), ImportRefused::ChatNotFound(missing));
    assert_eq!(refusal(Imported { sender_id: Some(eve), ..text("!") }), ImportRefused::SenderNotFound);
    assert_eq!(refusal(Imported { content: None, ..text("!") }), ImportRefused::Empty);
    assert_eq!(refusal(text("")), ImportRefused::Empty);
    assert_eq!(refusal(text("\u{200B}")), ImportRefused::Empty);
    let large = json!({ "a": "x".repeat(16 << 10) });
    let too_large = Imported { metadata: Some(&large), ..text("!") };
    assert_eq!(refusal(too_large.clone()), ImportRefused::MetadataTooLarge(too_large.id));
    let tomorrow = Utc::now() + TimeDelta::days(1);
    for time in [tomorrow, DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC] {
        let sent = Imported { created_at: time, ..text("!") };
        assert_eq!(refusal(sent.clone()), ImportRefused::TimeRefused(sent.id), "{time}");
        let edited = Imported { edited_at: Some(time), ..text("!") };
        assert_eq!(refusal(edited.clone()), ImportRefused::TimeRefused(edited.id), "{time}");
    }
    assert_eq!(refusal(text(&long)), ImportRefused::TooLong);
    let deep = (0..100).fold(json!({}), |inner, _| json!({ "a": inner }));
    let too_deep = Imported { metadata: Some(&deep), ..text("!") };
    assert_eq!(refusal(too_deep.clone()), ImportRefused::MetadataTooDeep(too_deep.id));
    assert_eq!(refusal(Imported { metadata: Some(&list), ..text("!") }), ImportRefused::MetadataNotAnObject);
    assert_eq!(refusal(Imported { pictures: &huge, ..text("!") }), ImportRefused::PictureRefused);
    let six = Imported { pictures: &pictures, ..text("!") };
    assert_eq!(refusal(six.clone()), ImportRefused::TooManyPictures(six.id));
    let nobodys = Imported { pictures: &pictures[..1], sender_id: None, ..text("!") };
    assert_eq!(refusal(nobodys.clone()), ImportRefused::TooManyPictures(nobodys.id));
    let to_nothing = Imported { reply_to: Some(MessageId::new()), ..text("!") };
    assert_eq!(refusal(to_nothing.clone()), ImportRefused::ReplyNotFound(to_nothing.id));
    let to_itself = Imported { reply_to: Some(to_nothing.id), ..to_nothing.clone() };
    assert_eq!(refusal(to_itself.clone()), ImportRefused::ReplyNotFound(to_itself.id));
    let elsewhere = Imported { chat_id: other, reply_to: Some(good[0].id), ..text("!") };
    assert_eq!(refusal(elsewhere.clone()), ImportRefused::ReplyNotFound(elsewhere.id));
    assert_eq!(database.value("SELECT count(*) FROM messages WHERE kind <> 'system'"), "0");
    // A former member's messages are history, too.
    import::messages(conn, &good, History::Read).unwrap();
    assert_consistent(&database);
}

#[test]
fn imports_and_sends_at_once_neither_duplicate_nor_leave_gaps() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let users = cast::crowd(conn, 3);
    let chats: Vec<_> =
        (0..4).map(|_| groups::create(conn, by(users[0]), &NewGroup::new("G", &users)).unwrap().id).collect();
    let history: Vec<_> = (0..400)
        .map(|number| {
            Imported::text(chats[number % 4], MessageId::new(), users[number % 3], at(number as i64), "Hello")
        })
        .collect();
    let imported = at_once(&database, 8, |number, conn| {
        if number < 4 {
            let batches = history.chunks(40);
            let tallies = batches.map(|batch| import::messages(conn, batch, History::Read).unwrap().imported);
            tallies.sum::<usize>()
        } else {
            for _ in 0..50 {
                messages::send(conn, by(users[number % 3]), chats[number % 4], &Draft::text("…")).unwrap();
                receipts::mark_read(conn, by(users[0]), chats[number % 4], Seq::MAX).unwrap();
            }
            0
        }
    });
    assert_eq!(imported.into_iter().sum::<usize>(), 400);
    assert_consistent(&database);
}
