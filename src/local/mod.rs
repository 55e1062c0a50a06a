//! Decides how commands and tests get a PostgreSQL of their own when nobody gives them one: the embedded default.
//!
//! Nothing is downloaded. Server binaries that are installed on the machine ([`LocalError::NoServer`] says where
//! they are looked for) initialise a private server in a state folder, and it is reachable through a unix socket
//! only, in a folder that admits its owner alone. That is why it needs no password and no free port.
//!
//! ```no_run
//! # fn main() -> Result<(), messenger_db::local::LocalError> {
//! use messenger_db::local::{DATABASE, Local, StopMode};
//!
//! let local = Local::open(None)?;
//! local.start()?;
//! println!("{}", local.url(DATABASE));
//! local.stop(StopMode::Fast)?;
//! # Ok(())
//! # }
//! ```
//!
//! The state folder has `data/` (the cluster), `socket/`, `server.log`, `settings.conf` and `pg_hba.conf` (written anew
//! at every start), `lock`, and a marker by which it is known as ours. All that lies in `data/` belongs to the server's
//! user, and only that user's processes write there.
//!
//! The way of a start: [`Local`] (`server`) takes the `lock` of the `state` folder, asks `life` whether the server
//! lives already, lets `find` choose `binaries` and `owner` the system user, has `cluster` initialise, writes the
//! `settings`, and hands over to `launch`. Every child process is prepared in `child`. Unix only.

mod binaries;
mod builder;
mod child;
mod client;
mod cluster;
mod destroy;
mod error;
mod files;
mod find;
mod halt;
mod keeper;
mod launch;
mod life;
mod lock;
mod log;
mod owner;
mod pidfile;
mod places;
mod process;
mod psql;
mod reach;
mod server;
mod settings;
mod socket;
mod state;
mod url;

pub use builder::LocalBuilder;
pub use client::client_program;
pub use destroy::Destroyed;
pub use error::LocalError;
pub use halt::StopMode;
pub use keeper::Keeper;
pub use server::{How, Local, Started, Status};

/// The superuser of the local server, and the user of every URL it gives out.
pub const USER: &str = "messenger";

/// The database that a local server has from its first start on.
pub const DATABASE: &str = "messenger";

/// The environment variable that names the folder of the server binaries to use, and forbids looking elsewhere.
pub const PG_BIN_VARIABLE: &str = "MESSENGER_DB_PG_BIN";

/// The environment variable that names the system user who runs the server when the caller is root.
pub const PG_USER_VARIABLE: &str = "MESSENGER_DB_PG_USER";

/// The environment variable that names the state folder.
pub const STATE_DIR_VARIABLE: &str = "MESSENGER_DB_STATE_DIR";

/// The oldest PostgreSQL that the schema works on.
const OLDEST_MAJOR: u32 = 15;
