//! What is written all the time is updated in place: HOT, without a new entry in any index.
//!
//! Whether an old version of a row may be cleared away, so that there is room for the next on its page, depends on
//! everybody who is connected to the server, if only for a moment. So this has a server that nobody else connects to.

use diesel::prelude::*;
use messenger_db::enums::{DeviceType, UserStatus};
use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::sessions::{self, Device, Disconnected, Socket};
use messenger_db::queries::{accounts, receipts};
use messenger_db::seq::Seq;

use super::{cast, server_statistics};
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// That an operation updates the rows of a table so many times, and 99 of 100 times in place.
#[track_caller]
fn assert_hot(conn: &mut PgConnection, table: &str, updates: i64, act: impl FnOnce(&mut PgConnection)) {
    let before = server_statistics::updates(conn, table);
    act(conn);
    let after = server_statistics::updates(conn, table);
    let (all, hot) = (after.0 - before.0, after.1 - before.1);
    assert_eq!(all, updates, "updates of {table}");
    assert!(hot * 100 >= all * 99, "of {all} updates of {table}, {hot} were HOT");
}

fn say(conn: &mut PgConnection, chat: ChatId, user: UserId) -> i64 {
    messages::send(conn, by(user), chat, &Draft::text("Shall we?")).unwrap().message.seq.get()
}

#[test]
fn heads_positions_presence_and_sessions_are_updated_in_place() {
    let database = TestDatabase::alone();
    let conn = &mut database.diesel();
    let crowd = cast::crowd(conn, 40);
    let chat = groups::create(conn, by(crowd[0]), &NewGroup::new("Crowd", &crowd)).unwrap().id;

    // Sends: of one member, who has read everything; and of each in turn, who reads everything by it.
    for table in ["chat_heads", "unread_messages"] {
        for senders in [&crowd[..1], &crowd] {
            assert_hot(conn, table, 400, |conn| {
                for &user in senders.iter().cycle().take(400) {
                    say(conn, chat, user);
                }
            });
        }
    }

    // Receipts: all members receive, then read.
    for _ in 0..5 {
        let seq = say(conn, chat, crowd[0]);
        assert_hot(conn, "unread_messages", 39, |conn| {
            for &user in &crowd {
                receipts::mark_delivered(conn, by(user), chat, Seq::new(seq)).unwrap();
            }
        });
        assert_hot(conn, "unread_messages", 39, |conn| {
            for &user in &crowd {
                receipts::mark_read(conn, by(user), chat, Seq::new(seq)).unwrap();
            }
        });
    }

    // What was marked before is not written again.
    assert_hot(conn, "unread_messages", 0, |conn| {
        for &user in &crowd {
            assert!(receipts::mark_read(conn, by(user), chat, Seq::MAX).unwrap().is_empty());
            assert!(receipts::mark_delivered(conn, by(user), chat, Seq::MAX).unwrap().is_empty());
        }
    });

    // Presence; the first time makes the row.
    for &user in &crowd {
        accounts::mark_seen(conn, by(user)).unwrap();
    }
    assert_hot(conn, "user_presence", 400, |conn| {
        for round in 0..5 {
            for &user in &crowd {
                let status = if round % 2 == 0 { UserStatus::Online } else { UserStatus::Away };
                accounts::set_presence(conn, by(user), status).unwrap();
                accounts::mark_seen(conn, by(user)).unwrap();
            }
        }
    });

    // Sockets and activity: an update to age the session, one to move its activity, and two for the socket.
    let device = Device::new(DeviceType::Web);
    let sessions = crowd
        .iter()
        .map(|&user| sessions::open(conn, user, &device, chrono::TimeDelta::days(1)).unwrap())
        .collect::<Vec<_>>();
    assert_hot(conn, "user_sessions", 40 * 5 * 4, |conn| {
        for _ in 0..5 {
            for sessions::Opened { token, session, .. } in &sessions {
                let aged = format!(
                    "UPDATE user_sessions SET last_active_at = now() - interval '1 hour' WHERE id = '{}'",
                    session.id
                );
                diesel::sql_query(aged).execute(conn).unwrap();
                sessions::authenticate(conn, token).unwrap();
                let socket = Socket::new("gateway-1", "17");
                sessions::connect(conn, by(session.user_id), session.id, &socket).unwrap();
                let disconnected = sessions::disconnect(conn, by(session.user_id), session.id, &socket);
                assert_eq!(disconnected, Ok(Disconnected::Last));
            }
        }
    });
}
