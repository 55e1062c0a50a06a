//! A message is sent once, edited by its sender, and deleted.

use diesel::prelude::*;
use messenger_db::enums::MessageKind;
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::models::{ChatHead, MessageEdit};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{
    self, DeleteRefused, Draft, EditRefused, EditsFor, GetRefused, MetadataRefused, Outgoing, Picture, SendRefused,
};
use messenger_db::queries::{blocks, direct_chats, reactions, receipts};
use messenger_db::schema::chat_heads;
use messenger_db::seq::Seq;
use serde_json::json;

use super::cast;
use super::consistency::assert_consistent;
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn head(conn: &mut PgConnection, chat: ChatId) -> ChatHead {
    chat_heads::table.find(chat).select(ChatHead::as_select()).first(conn).unwrap()
}

/// What a message said before, for all members.
fn edits(
    conn: &mut PgConnection,
    reader: UserId,
    chat: ChatId,
    seq: Seq,
) -> Result<Vec<MessageEdit>, messenger_db::error::Error<GetRefused>> {
    messages::list_edits(conn, by(reader), chat, seq, EditsFor::Members, None, Limit::MAX)
}

#[test]
fn a_message_has_the_next_number_of_its_chat_and_the_head_shows_it() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let metadata = json!({ "preview": { "title": "Summit", "height": 2962.5 } });
    let words = "ä".repeat(101);
    let first = messages::send(conn, by(alice), chat, &Draft::text("Tomorrow?")).unwrap();
    let draft = Draft::text(&words).in_reply_to(first.message.seq).with_metadata(&metadata);
    let second = messages::send(conn, by(bob), chat, &draft).unwrap();
    assert_eq!((first.message.seq, second.message.seq), (Seq::new(2), Seq::new(3)));
    assert!(!first.already_sent && !second.already_sent);
    assert_eq!(messages::get(conn, by(alice), chat, Seq::new(3)), Ok(second.message.clone()));
    let head = head(conn, chat);
    assert_eq!(head.last_preview, Some("ä".repeat(100)));
    assert_eq!((head.last_seq, head.last_sender_id, head.last_kind), (Seq::new(3), Some(bob), Some(MessageKind::Text)));
    assert_eq!(head.last_message_at, Some(second.message.created_at));
    assert_consistent(&database);
}

#[test]
fn a_message_that_is_sent_twice_is_there_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let draft = Draft::text("Tomorrow?");
    let first = messages::send(conn, by(bob), chat, &draft).unwrap().message;
    // Whatever else the second says, and whatever became of the first.
    let other = Draft::text("Something else").with_id(draft.id());
    let again = messages::send(conn, by(bob), chat, &other).unwrap();
    assert_eq!((again.message, again.already_sent), (first.clone(), true));
    messages::delete(conn, by(bob), chat, first.seq).unwrap();
    let again = messages::send(conn, by(bob), chat, &draft).unwrap();
    assert_eq!((again.message.content, again.already_sent), (None, true));

    assert_eq!(messages::send(conn, by(carol), chat, &draft), Err(Refused(SendRefused::IdTaken)));
    // In another chat it is another message.
    let notes = groups::create(conn, by(alice), &NewGroup::new("Notes", &[])).unwrap().id;
    assert!(!messages::send(conn, by(alice), notes, &draft).unwrap().already_sent);
    assert_eq!(messages::find_by_id(conn, by(alice), notes, draft.id()).unwrap().unwrap().chat_id, notes);
    assert_eq!(messages::find_by_id(conn, by(bob), notes, draft.id()), Ok(None));
    assert_consistent(&database);
}

#[test]
fn what_was_sent_is_sent_again_whatever_would_refuse_it_now() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob, carol] = cast::users(conn, ["alice", "bob", "carol"]);
    let [with_bob, with_carol] = [bob, carol].map(|other| {
        cast::befriend(conn, alice, other);
        direct_chats::find_or_create(conn, by(alice), other).unwrap().id
    });
    let first = messages::send(conn, by(alice), with_bob, &Draft::text("answered")).unwrap().message;
    let drafts = [
        (with_bob, Draft::text("to bob"), SendRefused::Unreachable),
        (with_bob, Draft::text("an answer").in_reply_to(first.seq), SendRefused::Unreachable),
        (with_carol, Draft::text("to carol"), SendRefused::Blocked),
    ];
    let sent = drafts.clone().map(|(chat, draft, _)| messages::send(conn, by(alice), chat, &draft).unwrap().message);
    let again = |conn: &mut PgConnection| {
        for ((chat, draft, _), sent) in drafts.iter().zip(&sent) {
            let again = messages::send(conn, by(alice), *chat, draft).unwrap();
            assert_eq!((&again.message, again.already_sent), (sent, true));
        }
        let outgoing = drafts.clone().map(|(chat, draft, _)| Outgoing::new(by(alice), chat, draft));
        for (again, sent) in messages::send_many(conn, &outgoing).unwrap().into_iter().zip(&sent) {
            assert_eq!(again.unwrap().message, *sent);
        }
    };
    messages::hide(conn, by(alice), with_bob, first.seq).unwrap();
    again(conn);
    let answer = Draft::text("another").in_reply_to(first.seq);
    assert_eq!(messages::send(conn, by(alice), with_bob, &answer), Err(Refused(SendRefused::ReplyNotFound)));
    blocks::block(conn, by(bob), alice).unwrap();
    blocks::block(conn, by(alice), carol).unwrap();
    again(conn);
    for (chat, draft, refused) in &drafts {
        assert_eq!(
            messages::send(conn, by(alice), *chat, &draft.clone().with_id(MessageId::new())),
            Err(Refused(*refused))
        );
        // What somebody else has sent is nobody's else.
        let other = if *chat == with_bob { bob } else { carol };
        assert!(messages::send(conn, by(other), *chat, draft).is_err());
    }
    assert_consistent(&database);
}

#[test]
fn an_image_has_one_to_five_pictures_in_their_order() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [_, bob, _]) = cast::group(conn);
    let pictures = cast::uploaded(conn, bob, 1..=6);
    let draft = Draft::image(&pictures[..5]).saying("Look");
    let sent = messages::send(conn, by(bob), chat, &draft).unwrap();
    assert_eq!((sent.message.kind, sent.message.content.as_deref()), (MessageKind::Image, Some("Look")));
    assert!(messages::send(conn, by(bob), chat, &draft).unwrap().already_sent);
    assert_eq!(database.value("SELECT string_agg(byte_size::text, '' ORDER BY position) FROM attachments"), "12345");
    let mut refusal = |draft: Draft<'_>| messages::send(conn, by(bob), chat, &draft).unwrap_err();
    assert_eq!(refusal(Draft::image(&pictures)), Refused(SendRefused::TooManyPictures));
    assert_eq!(refusal(Draft::image(&[]).saying("Look")), Refused(SendRefused::Empty));
    for name in [String::new(), "é".repeat(256)] {
        let named = [Picture { file_name: name.into(), ..pictures[5].clone() }];
        assert_eq!(refusal(Draft::image(&named)), Refused(SendRefused::FileNameInvalid));
    }
    assert_eq!(database.value("SELECT count(*) FROM messages"), "2");
    assert_consistent(&database);
}

#[test]
fn what_cannot_be_sent_is_refused_and_takes_no_number() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let other = groups::create(conn, by(alice), &NewGroup::new("Other", &[])).unwrap().id;
    messages::send(conn, by(alice), other, &Draft::text("Second of another chat")).unwrap();
    let [eve] = cast::users(conn, ["eve"]);
    groups::leave(conn, by(carol), chat).unwrap();
    for outsider in [eve, carol, UserId::new()] {
        assert_eq!(messages::send(conn, by(outsider), chat, &Draft::text("Hi")), Err(Refused(SendRefused::NotAMember)));
    }
    assert_eq!(messages::send(conn, by(bob), ChatId::new(), &Draft::text("Hi")), Err(Refused(SendRefused::NotAMember)));
    let list = json!([]);
    let mut refusal = |draft: Draft<'_>| messages::send(conn, by(bob), chat, &draft).unwrap_err();
    for seq in [0, 3, 4, -1] {
        assert_eq!(refusal(Draft::text("Hi").in_reply_to(Seq::new(seq))), Refused(SendRefused::ReplyNotFound), "{seq}");
    }
    assert_eq!(refusal(Draft::text("")), Refused(SendRefused::Empty));
    assert_eq!(refusal(Draft::text("Hi").saying("")), Refused(SendRefused::Empty));
    assert_eq!(refusal(Draft::text(" \u{200B}\u{3164}\n")), Refused(SendRefused::Empty));
    let large = json!({ "a": "x".repeat(16 << 10) });
    assert_eq!(refusal(Draft::text("Hi").with_metadata(&large)), Refused(SendRefused::MetadataTooLarge));
    // PostgreSQL writes blanks that JSON does not need.
    let spread = json!({ "a": vec![0; 7 << 10] });
    assert_eq!(refusal(Draft::text("Hi").with_metadata(&spread)), Refused(SendRefused::MetadataTooLarge));
    assert_eq!(refusal(Draft::text("ä".repeat(10_001))), Refused(SendRefused::TooLong));
    assert_eq!(refusal(Draft::text("Hi").with_metadata(&list)), Refused(SendRefused::MetadataNotAnObject));
    let deep = (0..100).fold(json!({}), |inner, _| json!({ "a": inner }));
    assert_eq!(refusal(Draft::text("Hi").with_metadata(&deep)), Refused(SendRefused::MetadataTooDeep));
    assert_eq!(messages::send(conn, by(bob), chat, &Draft::text("ä".repeat(10_000))).unwrap().message.seq, Seq::new(3));
    assert_consistent(&database);
}

#[test]
fn who_is_blocked_edits_nothing_and_may_delete() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let chat = cast::direct(conn, alice, bob);
    let seq = cast::say(conn, chat, alice, ["Hello"]);
    blocks::block(conn, by(bob), alice).unwrap();
    let version = messages::get(conn, by(alice), chat, seq).unwrap().version;
    for (user, refusal, other_refusal) in [
        (alice, EditRefused::Unreachable, MetadataRefused::Unreachable),
        (bob, EditRefused::Blocked, MetadataRefused::Blocked),
    ] {
        let refused = messages::edit(conn, by(user), chat, seq, "Hello again");
        assert_eq!(refused, Err(Refused(refusal)));
        let refused = messages::set_metadata(conn, by(user), chat, seq, version, &json!({ "words": "Hello again" }));
        assert_eq!(refused, Err(Refused(other_refusal)));
    }
    messages::delete(conn, by(alice), chat, seq).unwrap();
    assert_consistent(&database);
}

#[test]
fn what_is_sent_can_be_read_again() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let deep = (1..100).fold(json!({}), |inner, _| json!({ "a": inner }));
    let numbers = [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, 1.7e308, 1e17, 0.1, f64::EPSILON];
    let numbers = json!({ "floats": numbers, "integers": [u64::MAX, 0], "negative": i64::MIN });
    for metadata in [deep, numbers, json!({ "": "\u{1}\u{fffd}", "\u{10ffff}": [[], {}, null] })] {
        let seq =
            messages::send(conn, by(alice), chat, &Draft::text("Hi").with_metadata(&metadata)).unwrap().message.seq;
        let read = messages::get(conn, by(bob), chat, seq).unwrap().metadata;
        // 1e17 is a float that is written as an integer.
        assert_eq!(
            read.to_string().replace("100000000000000000", "1e17"),
            metadata.to_string().replace("1e+17", "1e17")
        );
    }
}

#[test]
fn who_writes_has_received_and_read_what_is_above() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let mut say = |user, words| messages::send(conn, by(user), chat, &Draft::text(words)).unwrap().message.seq;
    say(alice, "two");
    let three = say(alice, "three");
    let conn = &mut database.diesel();
    // Bob has received three messages and read one; then one comes, and he answers.
    receipts::mark_delivered(conn, by(bob), chat, three).unwrap();
    receipts::mark_read(conn, by(bob), chat, Seq::new(2)).unwrap();
    say(alice, "four");
    say(bob, "five");
    let of_bob = format!(
        "SELECT message_seq || ' ' || status || ' ' || (delivered_at < read_at)::text FROM message_receipts
         WHERE user_id = '{bob}' ORDER BY message_seq"
    );
    assert_eq!(database.column(&of_bob), ["2 read true", "3 read true", "4 read false"]);
    assert_eq!(database.value(&format!("SELECT unread_count FROM unread_counts WHERE user_id = '{carol}'")), "4");
    // And again, with nothing new: no run is written.
    say(bob, "six");
    assert_eq!(database.value(&format!("SELECT count(*) FROM message_delivery WHERE user_id = '{bob}'")), "3");
    assert_consistent(&database);
}

#[test]
fn an_edit_keeps_every_wording_and_the_head_shows_the_newest() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let seq = messages::send(conn, by(bob), chat, &Draft::text("one")).unwrap().message.seq;
    let edited = messages::edit(conn, by(bob), chat, seq, "two").unwrap();
    assert_eq!(edited.content.as_deref(), Some("two"));
    assert!(edited.edited_at.is_some_and(|at| at >= edited.created_at));
    assert_eq!(messages::edit(conn, by(bob), chat, seq, "two"), Ok(edited));
    messages::edit(conn, by(bob), chat, seq, &"three ".repeat(50)).unwrap();
    assert_eq!(head(conn, chat).last_preview.unwrap().chars().count(), 100);
    let wordings = edits(conn, alice, chat, seq).unwrap();
    let wordings: Vec<_> = wordings.iter().map(|edit| (edit.version, edit.content.as_deref())).collect();
    assert_eq!(wordings, [(1, Some("one")), (2, Some("two"))]);

    // A newer message: the head stays with it.
    messages::send(conn, by(alice), chat, &Draft::text("newer")).unwrap();
    messages::edit(conn, by(bob), chat, seq, "four").unwrap();
    assert_eq!(head(conn, chat).last_preview.as_deref(), Some("newer"));
    assert_consistent(&database);
}

#[test]
fn a_deleted_message_shows_no_wording_whoever_wrote_one() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (alice, bob) = (cast::user(conn, "alice"), cast::user(conn, "bob"));
    let chat = cast::direct(conn, alice, bob);
    let seq = cast::say(conn, chat, alice, ["Hello!"]);
    messages::delete(conn, by(alice), chat, seq).unwrap();
    let kept = format!("INSERT INTO message_edits VALUES ('{chat}', {seq}, 1, 'secret', now())");
    database.execute(&kept).unwrap();
    assert_eq!(edits(conn, alice, chat, seq), Ok(vec![]));
}

#[test]
fn only_the_sender_edits_while_a_member_and_what_is_there() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let seq = messages::send(conn, by(bob), chat, &Draft::text("mine")).unwrap().message.seq;
    let pictures = cast::uploaded(conn, bob, [1000]);
    let image = messages::send(conn, by(bob), chat, &Draft::image(&pictures).saying("Look")).unwrap().message.seq;
    let mut refusal = |editor, seq, words: &str| messages::edit(conn, by(editor), chat, seq, words).unwrap_err();
    assert_eq!(refusal(alice, seq, "hers"), Refused(EditRefused::NotAllowed));
    assert_eq!(refusal(alice, Seq::FIRST, "the system's"), Refused(EditRefused::NotAllowed));
    assert_eq!(refusal(bob, Seq::new(9), "nothing"), Refused(EditRefused::NotFound));
    assert_eq!(refusal(bob, seq, ""), Refused(EditRefused::Empty));
    assert_eq!(refusal(bob, seq, "\u{2800} "), Refused(EditRefused::Empty));
    assert_eq!(refusal(bob, seq, &"a".repeat(10_001)), Refused(EditRefused::TooLong));
    assert_eq!(refusal(UserId::new(), seq, "?"), Refused(EditRefused::NotAMember));
    assert_eq!(messages::edit(conn, by(bob), chat, image, "").unwrap().content, None);
    assert_eq!(edits(conn, carol, chat, image).unwrap()[0].content.as_deref(), Some("Look"));
    assert_eq!(messages::edit(conn, by(bob), chat, image, "Look!").unwrap().content.as_deref(), Some("Look!"));
    assert_eq!(edits(conn, carol, chat, image).unwrap()[1].content, None);
    messages::delete(conn, by(bob), chat, seq).unwrap();
    assert_eq!(messages::edit(conn, by(bob), chat, seq, "back"), Err(Refused(EditRefused::NotFound)));
    groups::leave(conn, by(bob), chat).unwrap();
    assert_eq!(messages::edit(conn, by(bob), chat, image, "gone"), Err(Refused(EditRefused::NotAMember)));
    assert_consistent(&database);
}

#[test]
fn a_deleted_message_keeps_its_place_and_nothing_else() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let metadata = json!({ "preview": 1 });
    let pictures = cast::uploaded(conn, bob, [1, 2]);
    let draft = Draft::image(&pictures).saying("Look").with_metadata(&metadata);
    let sent = messages::send(conn, by(bob), chat, &draft).unwrap().message;
    messages::edit(conn, by(bob), chat, sent.seq, "Look!").unwrap();
    reactions::add(conn, by(carol), chat, sent.seq, "👍").unwrap();
    let deleted = messages::delete(conn, by(bob), chat, sent.seq).unwrap();
    assert_eq!(deleted.attachments.iter().map(|picture| picture.byte_size).collect::<Vec<_>>(), [1, 2]);
    let left = messages::get(conn, by(alice), chat, sent.seq).unwrap();
    assert_eq!(left, deleted.message);
    assert_eq!((left.id, left.sender_id, left.created_at), (sent.id, sent.sender_id, sent.created_at));
    assert_eq!((left.content, left.metadata, left.deleted_at.is_some()), (None, json!({}), true));
    assert_eq!(head(conn, chat).last_preview, None);
    assert_eq!(edits(conn, alice, chat, sent.seq), Ok(vec![]));
    assert_eq!(messages::delete(conn, by(bob), chat, sent.seq), Err(Refused(DeleteRefused::NotFound)));
    // It can be answered still.
    messages::send(conn, by(alice), chat, &Draft::text("What was that?").in_reply_to(sent.seq)).unwrap();
    assert_consistent(&database);
}

#[test]
fn senders_delete_their_own_owners_and_admins_any_but_the_systems() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let mut say = |user| messages::send(conn, by(user), chat, &Draft::text("…")).unwrap().message.seq;
    let (hers, his, his_other) = (say(alice), say(bob), say(bob));
    assert_eq!(messages::delete(conn, by(carol), chat, his), Err(Refused(DeleteRefused::NotAllowed)));
    assert_eq!(messages::delete(conn, by(bob), chat, hers), Err(Refused(DeleteRefused::NotAllowed)));
    assert_eq!(messages::delete(conn, by(alice), chat, Seq::FIRST), Err(Refused(DeleteRefused::NotAllowed)));
    assert_eq!(messages::delete(conn, by(alice), chat, Seq::new(9)), Err(Refused(DeleteRefused::NotFound)));
    assert_eq!(messages::delete(conn, by(UserId::new()), chat, his), Err(Refused(DeleteRefused::NotAMember)));
    messages::delete(conn, by(alice), chat, his).unwrap();
    groups::promote(conn, by(alice), chat, carol).unwrap();
    messages::delete(conn, by(carol), chat, hers).unwrap();
    messages::delete(conn, by(bob), chat, his_other).unwrap();
    assert_consistent(&database);

    let [dave, erin] = cast::users(conn, ["dave", "erin"]);
    cast::befriend(conn, dave, erin);
    let direct = messenger_db::queries::direct_chats::find_or_create(conn, by(dave), erin).unwrap().id;
    let seq = messages::send(conn, by(dave), direct, &Draft::text("…")).unwrap().message.seq;
    assert_eq!(messages::delete(conn, by(erin), direct, seq), Err(Refused(DeleteRefused::NotAllowed)));
}

#[test]
fn only_members_read_a_message() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let sent = messages::send(conn, by(alice), chat, &Draft::text("Psst")).unwrap().message;
    assert_eq!(messages::get(conn, by(bob), chat, Seq::new(9)), Err(Refused(GetRefused::NotFound)));
    groups::leave(conn, by(bob), chat).unwrap();
    for outsider in [bob, UserId::new()] {
        assert_eq!(messages::get(conn, by(outsider), chat, sent.seq), Err(Refused(GetRefused::NotAMember)));
        assert_eq!(edits(conn, outsider, chat, sent.seq), Err(Refused(GetRefused::NotAMember)));
        assert_eq!(messages::find_by_id(conn, by(outsider), chat, sent.id), Ok(None));
    }
    assert_eq!(messages::find_by_id(conn, by(alice), chat, MessageId::new()), Ok(None));
}

#[test]
fn the_preview_of_a_link_is_set_for_the_words_that_were_looked_at_and_goes_with_them() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let sent = messages::send(conn, by(bob), chat, &Draft::text("https://example.com")).unwrap().message;
    let preview = json!({ "preview": { "title": "Example" } });
    let set = |conn: &mut PgConnection, user, version, metadata| {
        messages::set_metadata(conn, by(user), chat, sent.seq, version, metadata)
    };
    let shown = set(conn, bob, sent.version, &preview).unwrap();
    assert_eq!((shown.metadata.clone(), shown.edited_at, shown.version > sent.version), (preview.clone(), None, true));
    assert_eq!(messages::get(conn, by(alice), chat, sent.seq).unwrap(), shown);
    assert_eq!(set(conn, alice, shown.version, &preview), Err(Refused(MetadataRefused::NotAllowed)));
    assert_eq!(set(conn, UserId::new(), shown.version, &preview), Err(Refused(MetadataRefused::NotAMember)));
    assert_eq!(set(conn, bob, sent.version, &preview), Err(Refused(MetadataRefused::ChangedMeanwhile)));
    let list = json!([]);
    assert_eq!(set(conn, bob, shown.version, &list), Err(Refused(MetadataRefused::NotAnObject)));
    let large = json!({ "a": "x".repeat(16 << 10) });
    assert_eq!(set(conn, bob, shown.version, &large), Err(Refused(MetadataRefused::TooLarge)));
    let edited = messages::edit(conn, by(bob), chat, sent.seq, "Never mind").unwrap();
    assert_eq!(edited.metadata, json!({}));
    assert_eq!(set(conn, bob, shown.version, &preview), Err(Refused(MetadataRefused::ChangedMeanwhile)));
    messages::delete(conn, by(bob), chat, sent.seq).unwrap();
    assert_eq!(set(conn, bob, edited.version, &preview), Err(Refused(MetadataRefused::NotFound)));
    assert_consistent(&database);
}

#[test]
fn a_message_is_edited_a_thousand_times_and_its_wordings_are_read_page_by_page() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let seq = messages::send(conn, by(bob), chat, &Draft::text("0")).unwrap().message.seq;
    for version in 1..=5 {
        messages::edit(conn, by(bob), chat, seq, &version.to_string()).unwrap();
    }
    let page = |conn: &mut PgConnection, reader, readers, after| {
        let page = messages::list_edits(conn, by(reader), chat, seq, readers, after, Limit::new(2)).unwrap();
        page.into_iter().map(|edit| edit.version).collect::<Vec<_>>()
    };
    assert_eq!(page(conn, bob, EditsFor::Sender, None), [1, 2]);
    assert_eq!(page(conn, bob, EditsFor::Sender, Some(4)), [5]);
    assert_eq!(page(conn, alice, EditsFor::Sender, None), [0_i32; 0]);
    assert_eq!(page(conn, alice, EditsFor::Members, Some(2)), [3, 4]);
    assert_consistent(&database);
    database.execute("UPDATE message_edits SET version = 1000 WHERE version = 5").unwrap();
    assert_eq!(messages::edit(conn, by(bob), chat, seq, "more"), Err(Refused(EditRefused::TooManyEdits)));
}
