//! A server that crashes in the middle of it all loses no message that was acknowledged, and keeps none by half.

use messenger_db::seq::Seq;
use std::collections::{HashMap, HashSet};
use std::sync::mpsc;
use std::thread;

use diesel::prelude::*;
use messenger_db::enums::ImageType;
use messenger_db::error::Error;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::migrate::{self, RunOptions, Silent};
use messenger_db::queries::direct_chats;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, Picture, SendRefused};
use messenger_db::queries::receipts;
use messenger_db::queries::uploads::{self, BeginRefused, NewUpload};
use messenger_db::schema::messages as rows;

use super::cast;
use super::consistency::assert_consistent;
use crate::queries::cast::by;
use crate::support::{Server, TestDatabase};

/// What one device was told before the server was gone.
struct Device {
    chat: ChatId,
    user: UserId,
    acknowledged: Vec<(MessageId, i64)>,
    /// The one whose answer never came.
    unanswered: MessageId,
}

/// Sends to a chat, words and pictures by turns, until the server is gone.
fn send(mut conn: PgConnection, chat: ChatId, user: UserId, acknowledged: &mpsc::Sender<()>) -> Device {
    let mut device = Device { chat, user, acknowledged: vec![], unanswered: MessageId::new() };
    loop {
        let draft = draft(device.unanswered, device.acknowledged.len() % 3 == 2);
        match upload(&mut conn, user, &draft).and_then(|()| messages::send(&mut conn, by(user), chat, &draft)) {
            Ok(sent) => {
                device.acknowledged.push((device.unanswered, sent.message.seq.get()));
                device.unanswered = MessageId::new();
                acknowledged.send(()).unwrap();
            }
            Err(Error::Database(_)) => return device,
            Err(refused) => panic!("{refused}"),
        }
    }
}

/// Uploads the pictures of a draft, unless that was done.
fn upload(conn: &mut PgConnection, user: UserId, draft: &Draft<'_>) -> Result<(), Error<SendRefused>> {
    for name in ["1.png", "2.png"] {
        let storage_key = format!("{}/{name}", draft.id());
        let new = NewUpload { storage_key: &storage_key, mime_type: ImageType::Png, byte_size: 1 };
        match uploads::begin(conn, by(user), &new) {
            Ok(_) | Err(Error::Refused(BeginRefused::KeyTaken)) => {}
            Err(Error::Database(error)) => return Err(Error::Database(error)),
            Err(refused) => panic!("{refused}"),
        }
    }
    Ok(())
}

fn draft(id: MessageId, is_image: bool) -> Draft<'static> {
    // Uploaded before, by whoever sends it.
    let pictures = ["1.png", "2.png"].map(|name| Picture::new(name, format!("{id}/{name}")));
    let draft = if is_image { Draft::image(pictures.to_vec()) } else { Draft::text("Are you there?") };
    draft.with_id(id)
}

#[test]
fn what_was_acknowledged_survives_a_crash_and_what_was_not_can_be_sent_again() {
    // An ordinary one: its commits wait for the disk.
    let server: &'static Server = Box::leak(Box::new(Server::wanted(|builder| builder)));
    let database = TestDatabase::empty_on(server);
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    let (group, direct, crowd) = {
        let conn = &mut database.diesel();
        let crowd = cast::crowd(conn, 4);
        cast::befriend(conn, crowd[0], crowd[1]);
        let group = groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap().id;
        (group, direct_chats::find_or_create(conn, by(crowd[0]), crowd[1]).unwrap().id, crowd)
    };
    let mut sent = HashMap::<(ChatId, MessageId), i64>::new();
    for acknowledgements in [1, 40, 150, 300] {
        let (told, heard) = mpsc::channel();
        let devices = thread::scope(|scope| {
            let chats = [(group, 0), (group, 1), (group, 2), (direct, 0), (direct, 1), (direct, 1)];
            let devices = chats.map(|(chat, user)| {
                let (conn, user, told) = (database.diesel(), crowd[user], told.clone());
                scope.spawn(move || send(conn, chat, user, &told))
            });
            // And one who reads it all, as fast as it comes.
            let (mut conn, reader) = (database.diesel(), crowd[3]);
            scope.spawn(move || while receipts::mark_read(&mut conn, by(reader), group, Seq::MAX).is_ok() {});
            for _ in 0..acknowledgements {
                heard.recv().unwrap();
            }
            server.crash();
            devices.map(|device| device.join().unwrap())
        });
        server.restart();
        assert_consistent(&database);

        let conn = &mut database.diesel();
        for device in &devices {
            sent.extend(device.acknowledged.iter().map(|(id, seq)| ((device.chat, *id), *seq)));
        }
        let there: Vec<(ChatId, MessageId, i64)> = rows::table
            .filter(rows::sender_id.is_not_null())
            .select((rows::chat_id, rows::id, rows::seq))
            .load(conn)
            .unwrap();
        let there: HashMap<_, _> = there.into_iter().map(|(chat, id, seq)| ((chat, id), seq)).collect();
        let lost: Vec<_> = sent.iter().filter(|(key, seq)| there.get(key) != Some(seq)).collect();
        assert!(lost.is_empty(), "acknowledged, and not there: {lost:?}");
        // Besides those, only what a device was waiting for.
        let unanswered: HashSet<_> = devices.iter().map(|device| (device.chat, device.unanswered)).collect();
        let others: Vec<_> = there.keys().filter(|key| !sent.contains_key(key) && !unanswered.contains(key)).collect();
        assert!(others.is_empty(), "nobody's: {others:?}");
        for Device { chat, user, unanswered, acknowledged } in devices {
            let draft = draft(unanswered, acknowledged.len() % 3 == 2);
            upload(conn, user, &draft).unwrap();
            let again = messages::send(conn, by(user), chat, &draft).unwrap();
            assert_eq!(again.already_sent, there.contains_key(&(chat, unanswered)));
            assert_eq!(messages::send(conn, by(user), chat, &draft).unwrap().message.seq, again.message.seq);
            sent.insert((chat, unanswered), again.message.seq.get());
        }
        assert_eq!(database.value("SELECT count(*) FROM messages WHERE sender_id IS NOT NULL"), sent.len().to_string());
        let halves = "SELECT seq FROM messages LEFT JOIN attachments
             ON attachments.chat_id = messages.chat_id AND message_seq = seq
             GROUP BY messages.chat_id, seq HAVING count(position) <> CASE kind WHEN 'image' THEN 2 ELSE 0 END";
        assert_eq!(database.column(halves), [""; 0]);
        assert_consistent(&database);
    }
}
