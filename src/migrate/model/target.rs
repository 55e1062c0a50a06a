//! What a connection is connected to.

use crate::migrate::sql::libpq::Connection;

/// What a connection is connected to. It holds no secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// A host name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port, also where it names a Unix socket.
    pub port: String,
    /// The role.
    pub user: String,
    /// The database.
    pub database: String,
    /// The server's version as it states it, such as `15.18 (Debian 15.18-0+deb12u1)`. Empty: not known.
    pub server_version: String,
}

impl Target {
    /// What a connection is connected to.
    pub(crate) fn of(connection: &Connection) -> Self {
        Self {
            host: connection.host(),
            port: connection.port(),
            user: connection.user(),
            database: connection.database(),
            server_version: connection.server_parameter(c"server_version").unwrap_or_default(),
        }
    }
}

impl Target {
    /// The server's major version, such as 15.
    #[must_use]
    pub fn major(&self) -> Option<u32> {
        major(&self.server_version)
    }

    /// Where the server is: `host:port`, or the folder of its socket.
    #[must_use]
    pub fn address(&self) -> String {
        if self.host.starts_with('/') { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }
}

/// The number that a version begins with.
pub(crate) fn major(version: &str) -> Option<u32> {
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
