//! Notes which socket a session has open, and on which server.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};

use crate::actor::Actor;
use crate::error::{Error, refusals};
use crate::ids::{SessionId, UserId, sql_types};
use crate::queries::statement::statement;
use crate::queries::{atomic, nul_character};

statement! {
    /// Whether it is the first of its user, and the socket it replaces; nothing: the session is not active.
    Connect {
        user: UserId as sql_types::UserId,
        session: SessionId as sql_types::SessionId,
        server: String as Text,
        connection: String as Text,
    } -> (Bool, Nullable<Text>, Nullable<Text>) = "connect.sql"
}

statement! {
    /// Whether it was open, and the last of its user.
    Disconnect {
        user: UserId as sql_types::UserId,
        session: SessionId as sql_types::SessionId,
        server: String as Text,
        connection: String as Text,
    } -> (Bool, Bool) = "disconnect.sql"
}

statement! {
    /// Whose sockets were open on the server, and whether they were the last.
    DisconnectServer { server: String as Text } -> (sql_types::UserId, Bool) = "disconnect_server.sql"
}

/// A socket, by the names that the service gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Socket {
    /// The server that holds it, 1 to 255 characters: a name that it gives itself each time it starts, such as a new
    /// UUID, so that what is told of a server that died is not told of its successor.
    pub server: String,
    /// What the server calls the socket, 1 to 255 characters.
    pub connection: String,
}

impl Socket {
    /// A socket of a server.
    pub fn new(server: impl Into<String>, connection: impl Into<String>) -> Self {
        Self { server: server.into(), connection: connection.into() }
    }

    fn contains_nul(&self) -> bool {
        nul_character::in_any([Some(self.server.as_str()), Some(self.connection.as_str())])
    }
}

/// A socket that was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Whether no device of the user was connected before: others may be told that the user is online.
    pub is_first: bool,
    /// The socket of the same session that was noted before, and is to be closed if it is still open.
    pub replaced: Option<Socket>,
}

/// What the end of a socket means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disconnected {
    /// It was not the one that was noted: the device has connected anew, or the server was cleared away.
    NotOpen,
    /// Another device of the user is connected.
    StillConnected,
    /// No device of the user is connected now: others may be told that the user is offline.
    Last,
}

/// Why a socket was not noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectRefused {
    /// The actor has no such session, or it is no longer active.
    #[error("there is no such session, or it has ended")]
    NotActive,
    /// The server's name is empty, longer than 255 characters, or has a NUL in it.
    #[error("a server's name has 1 to 255 characters, and no NUL")]
    ServerIdInvalid,
    /// The connection's id is empty, longer than 255 characters, or has a NUL in it.
    #[error("a connection's id has 1 to 255 characters, and no NUL")]
    ConnectionIdInvalid,
}

refusals! { ConnectRefused {
    NotActive: Unauthenticated = "session_not_active",
    ServerIdInvalid: Invalid = "server_id_invalid" if "user_sessions_server_id_check",
    ConnectionIdInvalid: Invalid = "connection_id_invalid" if "user_sessions_connection_id_check",
} }

/// Notes that the session has a socket open now. A socket that was noted before is forgotten: the device connected anew
/// before its old socket was found dead.
///
/// Presence is not touched: see [`set_presence`](crate::queries::accounts::set_presence).
///
/// One statement, the function `connect_session`. It locks the user's row and the session's, in this order, until it
/// commits: of two devices that connect or disconnect at once, the second sees what the first did. Indexes:
/// `users_pkey`, `user_sessions_pkey`, `user_sessions_user_idx`; the update is HOT.
///
/// # Errors
///
/// One of these, or [`Error::Database`]:
///
/// * [`NotActive`](ConnectRefused::NotActive): the actor has no such session, or it is no longer active.
/// * [`ServerIdInvalid`](ConnectRefused::ServerIdInvalid): the server's name is empty, longer than 255 characters, or
///   has a NUL in it.
/// * [`ConnectionIdInvalid`](ConnectRefused::ConnectionIdInvalid): the connection's id is empty, longer than 255
///   characters, or has a NUL in it.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device, Socket};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// let connected = sessions::connect(conn, alice, session.id, &Socket::new("gateway-2", "817"))?;
/// assert!(connected.is_first);
/// let again = sessions::connect(conn, alice, session.id, &Socket::new("gateway-5", "44"))?;
/// assert_eq!(again.replaced, Some(Socket::new("gateway-2", "817")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn connect(
    conn: &mut PgConnection,
    actor: Actor,
    session: SessionId,
    socket: &Socket,
) -> Result<Connected, Error<ConnectRefused>> {
    let Socket { server, connection } = socket.clone();
    if nul_character::in_any([Some(server.as_str())]) {
        return Err(Error::Refused(ConnectRefused::ServerIdInvalid));
    }
    if nul_character::in_any([Some(connection.as_str())]) {
        return Err(Error::Refused(ConnectRefused::ConnectionIdInvalid));
    }
    let connecting = Connect { user: actor.user_id(), session, server, connection };
    let connected = atomic::statement(conn, |conn| {
        connecting.get_result::<(bool, Option<String>, Option<String>)>(conn).optional().map_err(Error::from)
    })?;
    let Some((is_first, server, connection)) = connected else {
        return Err(Error::Refused(ConnectRefused::NotActive));
    };
    let replaced = server.zip(connection).map(|(server, connection)| Socket { server, connection });
    Ok(Connected { is_first, replaced: replaced.filter(|former| former != socket) })
}

/// Notes that this socket of the session is closed, and says what that means: a device that has connected anew keeps its
/// new socket when the old one's end is noticed late.
///
/// One statement, the function `disconnect_session`. It locks the user's row and the session's, in this order, until it
/// commits: of two devices that disconnect at once, exactly one was the last. Indexes: `users_pkey`,
/// `user_sessions_pkey`, `user_sessions_user_idx`; the update is HOT. A session that has ended meanwhile is changed all
/// the same.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device, Disconnected, Socket};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// sessions::connect(conn, alice, session.id, &Socket::new("gateway-2", "817"))?;
/// sessions::connect(conn, alice, session.id, &Socket::new("gateway-5", "44"))?;
/// let mut closed = |socket| sessions::disconnect(conn, alice, session.id, &socket);
/// assert_eq!(closed(Socket::new("gateway-2", "817"))?, Disconnected::NotOpen);
/// assert_eq!(closed(Socket::new("gateway-5", "44"))?, Disconnected::Last);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn disconnect(
    conn: &mut PgConnection,
    actor: Actor,
    session: SessionId,
    socket: &Socket,
) -> QueryResult<Disconnected> {
    if socket.contains_nul() {
        return Ok(Disconnected::NotOpen);
    }
    let Socket { server, connection } = socket.clone();
    let (was_open, was_last) = Disconnect { user: actor.user_id(), session, server, connection }.get_result(conn)?;
    Ok(match (was_open, was_last) {
        (false, _) => Disconnected::NotOpen,
        (true, false) => Disconnected::StillConnected,
        (true, true) => Disconnected::Last,
    })
}

/// Notes that all sockets of a server are closed, because it died or is shut down, and gives their users: each once, in
/// the order of their ids, with [`Last`](Disconnected::Last) for those of whom no device is connected now.
///
/// Whoever supervises the servers calls it, for the name that the server had; it may be called again, and is then
/// concerned with nobody.
///
/// One statement, the function `disconnect_server`. It locks the users' rows in the order of their ids, then the
/// sessions', until it commits. It reads all sessions to find those of the server, once for each death of a server:
/// an index would make each connect dearer.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let alice = messenger_db::doctest::user(conn, "alice");
/// # use messenger_db::queries::sessions::{self, Device, Disconnected, Socket};
/// # let device = Device::new(messenger_db::enums::DeviceType::Web);
/// # let session = sessions::open(conn, alice.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// sessions::connect(conn, alice, session.id, &Socket::new("gateway-2", "817"))?;
/// assert_eq!(sessions::disconnect_server(conn, "gateway-2")?, [(alice.user_id(), Disconnected::Last)]);
/// assert_eq!(sessions::disconnect_server(conn, "gateway-2")?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn disconnect_server(conn: &mut PgConnection, server: &str) -> QueryResult<Vec<(UserId, Disconnected)>> {
    if nul_character::in_any([Some(server)]) {
        return Ok(Vec::new());
    }
    let concerned: Vec<(UserId, bool)> = DisconnectServer { server: server.to_owned() }.load(conn)?;
    let what = |was_last| if was_last { Disconnected::Last } else { Disconnected::StillConnected };
    Ok(concerned.into_iter().map(|(user, was_last)| (user, what(was_last))).collect())
}
