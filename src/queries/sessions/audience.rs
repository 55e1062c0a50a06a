//! Finds the open sockets of those who must hear of something.

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::socket::Socket;
use crate::actor::Actor;
use crate::ids::{ChatId, SessionId, UserId, sql_types};
use crate::queries::statement::statement;

type SocketSql = (sql_types::UserId, sql_types::SessionId, Text, Text);

statement! {
    /// The sockets of the members of a chat.
    Audience { chat_id: ChatId as sql_types::ChatId } -> (SocketSql,) = "audience.sql"
}

statement! {
    /// The sockets of these users.
    SocketsOf { users: Vec<UserId> as Array<sql_types::UserId> } -> (SocketSql,) = "sockets_of.sql"
}

statement! {
    /// The sockets of those who may see what a user has read in a chat.
    ReceiptWatchers {
        chat_id: ChatId as sql_types::ChatId,
        user: UserId as sql_types::UserId,
    } -> (SocketSql,) = "receipt_watchers.sql"
}

statement! {
    /// The sockets of those who may see whether a user is there.
    Watchers { user: UserId as sql_types::UserId } -> (SocketSql,) = "watchers.sql"
}

/// A socket that is open now, of an active session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSocket {
    /// Whose.
    pub user_id: UserId,
    /// Of which session.
    pub session_id: SessionId,
    /// Which socket, on which server.
    pub socket: Socket,
}

fn sockets(rows: Vec<((UserId, SessionId, String, String),)>) -> Vec<OpenSocket> {
    let socket = |((user_id, session_id, server, connection),)| OpenSocket {
        user_id,
        session_id,
        socket: Socket { server, connection },
    };
    rows.into_iter().map(socket).collect()
}

/// The open sockets of all members of a chat: who must get what happens in it, the devices of who caused it included.
/// They come server by server.
///
/// It is the service that asks, so nobody is asked whether they may. Who has just left or been removed is not among
/// them; see [`find_sockets`].
///
/// One statement, which locks nothing. Indexes: `chat_participants_pkey`, `user_sessions_user_idx`; its cost follows the
/// number of members, 300 at most, and of their devices.
///
/// # Errors
///
/// The database's. A chat that does not exist has no audience.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// # use messenger_db::queries::sessions::{self, Device, Socket};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, bob.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// sessions::connect(conn, bob, session.id, &Socket::new("gateway-2", "817"))?;
/// let audience = sessions::audience(conn, chat)?;
/// assert_eq!(audience.len(), 1);
/// assert_eq!(audience[0].user_id, bob.user_id());
/// assert_eq!(audience[0].socket, Socket::new("gateway-2", "817"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn audience(conn: &mut PgConnection, chat_id: ChatId) -> QueryResult<Vec<OpenSocket>> {
    Audience { chat_id }.load(conn).map(sockets)
}

/// The open sockets of these users: for what concerns a user and no chat, and for those whom an operation says that it
/// concerned, such as who was removed from a group. They come server by server.
///
/// It is the service that asks, so nobody is asked whether they may.
///
/// One statement, which locks nothing. Index: `user_sessions_user_idx`.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device, Socket};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// sessions::connect(conn, alice, session.id, &Socket::new("gateway-2", "817"))?;
/// assert_eq!(sessions::find_sockets(conn, &[alice.user_id()])?[0].session_id, session.id);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn find_sockets(conn: &mut PgConnection, users: &[UserId]) -> QueryResult<Vec<OpenSocket>> {
    SocketsOf { users: users.to_vec() }.load(conn).map(sockets)
}

/// The open sockets of those members of a chat who may see what the actor has received and read there, and so are told when
/// that changes; and those of the actor's own devices. Without those whom the actor has blocked, and those to whom the actor, or
/// who to the actor, does not show receipts ([`privacy`](crate::queries::privacy)). They come server by server, each once.
///
/// One statement, which locks nothing. Indexes: `chat_participants_pkey`, `user_sessions_user_idx`, `users_pkey`, `blocks_pkey`,
/// `contacts_pkey`; its cost follows the number of the chat's members and of their devices.
///
/// # Errors
///
/// The database's. Who is not a member of the chat is told to nobody.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// # use messenger_db::queries::sessions::{self, Device, Socket};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, bob.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// use messenger_db::queries::blocks;
///
/// sessions::connect(conn, bob, session.id, &Socket::new("gateway-2", "817"))?;
/// assert_eq!(sessions::receipt_watchers(conn, anna, chat)?[0].user_id, bob.user_id());
/// blocks::block(conn, anna, bob.user_id())?;
/// assert_eq!(sessions::receipt_watchers(conn, anna, chat)?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn receipt_watchers(conn: &mut PgConnection, actor: Actor, chat_id: ChatId) -> QueryResult<Vec<OpenSocket>> {
    ReceiptWatchers { chat_id, user: actor.user_id() }.load(conn).map(sockets)
}

/// The open sockets of those who may see whether the actor is there, and so are told when that changes: the other
/// members of the actor's chats, and the actor's accepted contacts, but for those with whom there is a block, in either
/// direction. Who shows presence to contacts only has no other watchers, and who shows it to nobody has none
/// ([`privacy`](crate::queries::privacy)). They come server by server, each once.
///
/// One statement, which locks nothing. Indexes: `users_pkey`, `chat_participants_active_idx`, `chat_participants_pkey`,
/// `contacts_pkey`, `blocks_pkey`, `user_sessions_user_idx`; its cost follows the number of the actor's chats, of their
/// members, and of their devices.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, _) = messenger_db::doctest::direct_chat(conn);
/// # use messenger_db::queries::sessions::{self, Device, Socket};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, bob.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// sessions::connect(conn, bob, session.id, &Socket::new("gateway-2", "817"))?;
/// assert_eq!(sessions::watchers(conn, anna)?[0].user_id, bob.user_id());
/// assert_eq!(sessions::watchers(conn, bob)?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn watchers(conn: &mut PgConnection, actor: Actor) -> QueryResult<Vec<OpenSocket>> {
    Watchers { user: actor.user_id() }.load(conn).map(sockets)
}
