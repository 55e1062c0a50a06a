//! Pictures are found with their message, and in the gallery of their chat.

use diesel::prelude::*;
use messenger_db::enums::ImageType;
use messenger_db::error::Error::Refused;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::page::Limit;
use messenger_db::queries::attachments::{self, AttachmentsRefused, Cursor};
use messenger_db::queries::groups;
use messenger_db::queries::messages::{self, Draft, Picture};
use messenger_db::queries::uploads::{self, NewUpload, Processed};
use messenger_db::seq::Seq;
use pretty_assertions::assert_eq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// Sends as many pictures, of 1, 2, … bytes.
fn show(conn: &mut PgConnection, chat: ChatId, user: UserId, count: i32) -> i64 {
    let pictures = cast::uploaded(conn, user, 1..=count);
    messages::send(conn, by(user), chat, &Draft::image(&pictures)).unwrap().message.seq.get()
}

/// The gallery, page by page.
fn leaf_through(conn: &mut PgConnection, chat: ChatId, reader: UserId, limit: i64) -> Vec<(i64, i32)> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let page = attachments::list(conn, by(reader), chat, cursor, Limit::new(limit)).unwrap();
        let Some(last) = page.last() else { return all };
        cursor = Some(Cursor::from(last));
        all.extend(page.iter().map(|picture| (picture.message_seq.get(), picture.byte_size)));
    }
}

#[test]
fn the_files_of_a_deleted_message_are_listed_as_unused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let pictures = cast::uploaded(conn, alice, [1, 2]);
    let known = Processed { medium_key: Some("m"), thumbnail_key: Some("t"), size: None };
    uploads::process(conn, &pictures[0].storage_key, &known).unwrap();
    let seq = messages::send(conn, by(alice), chat, &Draft::image(&pictures)).unwrap().message.seq;
    assert_eq!(messages::delete(conn, by(bob), chat, seq).unwrap_err().code(), "not_allowed");
    assert_eq!(database.value("SELECT count(*) FROM unused_files"), "0");
    messages::delete(conn, by(alice), chat, seq).unwrap();
    let mut expected: Vec<_> = pictures.iter().map(|picture| picture.storage_key.to_string()).collect();
    expected.extend(["m".to_owned(), "t".to_owned()]);
    expected.sort();
    assert_eq!(database.column("SELECT file_key FROM unused_files ORDER BY file_key COLLATE \"C\""), expected);
}

#[test]
fn a_picture_keeps_what_is_known_of_it_and_its_place() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let name = "é".repeat(255);
    let mut pictures = cast::uploaded(conn, alice, [1]);
    let new = NewUpload { storage_key: "originals/1", mime_type: ImageType::Webp, byte_size: 10 << 20 };
    uploads::begin(conn, by(alice), &new).unwrap();
    let known = Processed { medium_key: Some("m"), thumbnail_key: Some("t"), size: Some((640, 480)) };
    uploads::process(conn, "originals/1", &known).unwrap();
    pictures.push(Picture::new(&name, "originals/1"));
    let draft = Draft::image(&pictures);
    let sent = messages::send(conn, by(alice), chat, &draft).unwrap().message;
    let found = attachments::all(conn, by(bob), chat, sent.seq).unwrap();
    assert_eq!(found.iter().map(|picture| picture.position).collect::<Vec<_>>(), [0, 1]);
    let second = &found[1];
    assert_eq!((second.mime_type, second.byte_size, second.created_at), (ImageType::Webp, 10 << 20, sent.created_at));
    assert_eq!((second.medium_key.as_deref(), second.thumbnail_key.as_deref()), (Some("m"), Some("t")));
    assert_eq!((second.width, second.height, second.file_name.chars().count()), (Some(640), Some(480), 255));
    assert_eq!(attachments::all(conn, by(bob), chat, Seq::FIRST), Ok(vec![]));
}

#[test]
fn the_gallery_goes_from_the_newest_picture_to_the_first() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    assert_eq!(attachments::list(conn, by(bob), chat, None, Limit::default()), Ok(vec![]));
    for count in [2, 5, 1, 3] {
        show(conn, chat, alice, count);
        cast::say(conn, chat, bob, ["Nice"]);
    }
    let expected = [(8, 3), (8, 2), (8, 1), (6, 1), (4, 5), (4, 4), (4, 3), (4, 2), (4, 1), (2, 2), (2, 1)];
    for limit in [1, 2, 3, 4, 10, 11, 12] {
        assert_eq!(leaf_through(conn, chat, bob, limit), expected, "{limit}");
    }
    messages::delete(conn, by(alice), chat, Seq::new(4)).unwrap();
    assert_eq!(attachments::all(conn, by(bob), chat, Seq::new(4)), Ok(vec![]));
    assert_eq!(leaf_through(conn, chat, bob, 4).len(), 6);
    // From where nothing is.
    let mut before = |message_seq, position| {
        let page =
            attachments::list(conn, by(bob), chat, Some(Cursor::before(message_seq, position)), Limit::MAX).unwrap();
        page.len()
    };
    assert_eq!(
        (
            before(Seq::MAX, i16::MAX),
            before(Seq::new(7), 0),
            before(Seq::new(2), 0),
            before(Seq::new(i64::MIN), i16::MIN)
        ),
        (6, 3, 0, 0)
    );
}

#[test]
fn a_page_holds_fifty_pictures_or_a_hundred_at_most_in_one_statement() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    for _ in 0..21 {
        show(conn, chat, alice, 5);
    }
    let count = |conn: &mut PgConnection, limit| attachments::list(conn, by(bob), chat, None, limit).unwrap().len();
    assert_eq!((count(conn, Limit::default()), count(conn, Limit::new(i64::MAX))), (50, 100));
    assert_eq!(server_statistics::statements(conn, |conn| count(conn, Limit::MAX)), 1);
    assert_eq!(server_statistics::statements(conn, |conn| attachments::all(conn, by(bob), chat, Seq::new(2))), 1);
}

#[test]
fn only_members_see_pictures() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    let seq = show(conn, chat, alice, 1);
    groups::leave(conn, by(bob), chat).unwrap();
    for (chat, user) in [(chat, bob), (chat, UserId::new()), (ChatId::new(), alice)] {
        let refused = Err(Refused(AttachmentsRefused::NotAMember));
        assert_eq!(attachments::all(conn, by(user), chat, Seq::new(seq)), refused);
        assert_eq!(attachments::list(conn, by(user), chat, None, Limit::MAX), refused);
    }
    for missing in [0, 99, -1, i64::MAX] {
        let refused = Err(Refused(AttachmentsRefused::MessageNotFound));
        assert_eq!(attachments::all(conn, by(alice), chat, Seq::new(missing)), refused);
    }
}
