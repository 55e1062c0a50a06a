//! Uploads: who may attach them, once, and what becomes of those that nobody attaches.

use chrono::TimeDelta;
use diesel::PgConnection;
use messenger_db::enums::ImageType;
use messenger_db::error::Error::Refused;
use messenger_db::ids::UserId;
use messenger_db::page::Limit;
use messenger_db::queries::messages::{self, Draft, Picture, SendRefused};
use messenger_db::queries::uploads::{self, BeginRefused, NewUpload, ProcessRefused, Processed};
use messenger_db::queries::{accounts, attachments, groups, unused_files};
use pretty_assertions::assert_eq;

use super::cast;
use super::consistency::assert_consistent;
use crate::queries::cast::by;
use crate::support::TestDatabase;

fn new(storage_key: &str) -> NewUpload<'_> {
    NewUpload { storage_key, mime_type: ImageType::Png, byte_size: 1000 }
}

fn begin(conn: &mut PgConnection, user: UserId, key: &str) {
    uploads::begin(conn, by(user), &new(key)).unwrap();
}

#[test]
fn an_upload_is_attached_by_its_owner_and_once() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    begin(conn, alice, "a");
    begin(conn, alice, "b");
    let show = |conn: &mut PgConnection, user, keys: &[&str]| {
        let pictures: Vec<_> = keys.iter().map(|key| Picture::new("p.png", *key)).collect();
        messages::send(conn, by(user), chat, &Draft::image(pictures)).map(|sent| sent.message.seq)
    };
    let refused = Err(Refused(SendRefused::UploadNotFound));
    for (user, keys) in
        [(bob, &["a"][..]), (alice, &["c"][..]), (alice, &["a", "a"][..]), (alice, &["a", "c"][..]), (alice, &[""][..])]
    {
        assert_eq!(show(conn, user, keys), refused, "{keys:?}");
    }
    let seq = show(conn, alice, &["b", "a"]).unwrap();
    let attached = attachments::all(conn, by(bob), chat, seq).unwrap();
    assert_eq!(attached.iter().map(|picture| picture.storage_key.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!((attached[0].mime_type, attached[0].byte_size), (ImageType::Png, 1000));
    assert_eq!(show(conn, alice, &["a"]), refused);
    // Its key stays taken while it is attached, and is free when the message is deleted.
    assert_eq!(uploads::begin(conn, by(bob), &new("a")), Err(Refused(BeginRefused::KeyTaken)));
    let deleted = messages::delete(conn, by(alice), chat, seq).unwrap();
    assert_eq!(deleted.attachments.len(), 2);
    assert_eq!(database.value("SELECT count(*) FROM uploads"), "0");
    assert_consistent(&database);
}

#[test]
fn one_upload_attached_by_many_messages_at_once_is_in_one() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let chats: Vec<_> =
        (0..4).map(|_| groups::create(conn, by(alice), &groups::NewGroup::new("G", &[])).unwrap().id).collect();
    begin(conn, alice, "a");
    let sent = cast::at_once(&database, 4, |number, conn| {
        let pictures = [Picture::new("p.png", "a")];
        messages::send(conn, by(alice), chats[number], &Draft::image(&pictures)).map(|_| ())
    });
    let refused: Vec<_> = sent.iter().filter(|outcome| **outcome != Ok(())).collect();
    assert_eq!(refused, [&Err(Refused(SendRefused::UploadNotFound)); 3]);
    assert_eq!(database.value("SELECT count(*) FROM attachments"), "1");
}

#[test]
fn what_is_found_out_about_a_picture_is_seen_before_and_after_it_is_attached() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, _]) = cast::group(conn);
    begin(conn, alice, "a");
    let size = Processed { size: Some((640, 480)), ..Processed::default() };
    assert_eq!(uploads::process(conn, "a", &size).unwrap().version, None);
    let pictures = [Picture::new("p.png", "a")];
    let seq = messages::send(conn, by(alice), chat, &Draft::image(&pictures)).unwrap().message.seq;
    let copies = Processed { medium_key: Some("m"), thumbnail_key: Some("t"), ..Processed::default() };
    let uploads::Noted { upload, version } = uploads::process(conn, "a", &copies).unwrap();
    assert_eq!(version, Some(messages::get(conn, by(bob), chat, seq).unwrap().version));
    assert_eq!((upload.attached_chat, upload.attached_seq), (Some(chat), Some(seq)));
    let attached = attachments::all(conn, by(bob), chat, seq).unwrap().remove(0);
    assert_eq!((attached.width, attached.height), (Some(640), Some(480)));
    assert_eq!((attached.medium_key.as_deref(), attached.thumbnail_key.as_deref()), (Some("m"), Some("t")));
    for wrong in [
        Processed { medium_key: Some(""), ..Processed::default() },
        Processed { thumbnail_key: Some("a\0b"), ..Processed::default() },
        Processed { size: Some((0, 1)), ..Processed::default() },
    ] {
        assert_eq!(uploads::process(conn, "a", &wrong), Err(Refused(ProcessRefused::Invalid)));
    }
    messages::delete(conn, by(alice), chat, seq).unwrap();
    assert_eq!(uploads::process(conn, "a", &size), Err(Refused(ProcessRefused::NotFound)));
}

#[test]
fn a_copy_that_another_replaces_is_an_unused_file_and_one_that_stays_is_none() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (_, [alice, _, _]) = cast::group(conn);
    begin(conn, alice, "a");
    let copies = |medium, thumbnail| Processed { medium_key: medium, thumbnail_key: thumbnail, size: None };
    for (medium, thumbnail) in [
        (Some("m"), Some("t")),
        (Some("m"), Some("t")),
        (None, Some("t2")),
        // They change places, and the original is one of them.
        (Some("t2"), Some("m")),
        (Some("a"), None),
    ] {
        uploads::process(conn, "a", &copies(medium, thumbnail)).unwrap();
    }
    let mut unused: Vec<_> =
        unused_files::list(conn, None, Limit::default()).unwrap().into_iter().map(|file| file.file_key).collect();
    unused.sort();
    assert_eq!(unused, ["t", "t2"]);
}

#[test]
fn what_nobody_attached_for_a_day_is_given_up_until_its_bytes_are_gone() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    for key in ["old", "older", "attached", "new"] {
        begin(conn, alice, key);
    }
    let attached = [Picture::new("p.png", "attached")];
    messages::send(conn, by(alice), chat, &Draft::image(&attached)).unwrap();
    database
        .execute(
            "UPDATE uploads SET created_at = now() - interval '2 days' WHERE storage_key <> 'new';
             UPDATE uploads SET created_at = now() - interval '3 days' WHERE storage_key = 'older'",
        )
        .unwrap();
    let abandon = |conn: &mut PgConnection, batch| -> Vec<String> {
        let abandoned = uploads::abandon(conn, TimeDelta::days(1), batch).unwrap();
        abandoned.into_iter().map(|upload| upload.storage_key).collect()
    };
    assert_eq!(abandon(conn, 1), ["older"]);
    assert_eq!(abandon(conn, 10), ["older", "old"]);
    let late = [Picture::new("p.png", "old")];
    let refused = Err(Refused(SendRefused::UploadNotFound));
    assert_eq!(messages::send(conn, by(alice), chat, &Draft::image(&late)), refused);
    // A copy of it would never be deleted.
    let small = Processed { thumbnail_key: Some("small"), ..Processed::default() };
    assert_eq!(uploads::process(conn, "old", &small), Err(Refused(ProcessRefused::NotFound)));
    assert_eq!(uploads::remove(conn, &["old", "older", "new", "attached", "a\0b"]), Ok(2));
    assert_eq!(abandon(conn, 10), [""; 0]);
    assert_eq!(database.column("SELECT storage_key FROM uploads ORDER BY 1"), ["attached", "new"]);
}

#[test]
fn an_upload_that_cannot_be_is_refused() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, bob] = cast::users(conn, ["alice", "bob"]);
    let long = "a".repeat(1025);
    for (new, refusal) in [
        (new(""), BeginRefused::KeyInvalid),
        (new(&long), BeginRefused::KeyInvalid),
        (new("a\0b"), BeginRefused::KeyInvalid),
        (NewUpload { byte_size: 0, ..new("a") }, BeginRefused::SizeInvalid),
        (NewUpload { byte_size: 11 << 20, ..new("a") }, BeginRefused::SizeInvalid),
    ] {
        assert_eq!(uploads::begin(conn, by(alice), &new), Err(Refused(refusal)));
    }
    accounts::close(conn, by(bob)).unwrap();
    assert_eq!(uploads::begin(conn, by(bob), &new("a")), Err(Refused(BeginRefused::NoSuchAccount)));
}
