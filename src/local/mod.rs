//! A private PostgreSQL for commands, tests and examples that are given no other database.
//!
//! Nothing is downloaded. `initdb` and `pg_ctl` of an installed PostgreSQL make and start the server
//! ([`LocalError::NoServer`] says where they are looked for). It is reachable only through a Unix socket, in a folder
//! that admits its owner alone, so it needs no password and no free port.
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
//! `initdb` makes the data, and `pg_ctl` starts the server and waits for it. What they do not guard against takes 1,050 lines of
//! code here; the rest is documentation and tests. About so many lines each:
//!
//! | guards against | files | lines |
//! | --- | --- | --- |
//! | programs that are missing, too old, or of another major version than the data, on eight kinds of systems | `programs` | 120 |
//! | programs that were replaced while the server runs | `programs`, `server` | 60 |
//! | a state folder of others: a link, another user's, other content, a path that PostgreSQL cannot store | `state` | 110 |
//! | two processes that make, start or remove one server at once | `state` | 60 |
//! | what a crash or a power cut leaves: a bad `postmaster.pid`, a number that another process has, processes that live on | `process`, `server` | 110 |
//! | a data folder that is half made, and systems without `C.UTF-8` | `cluster` | 60 |
//! | root, whom PostgreSQL refuses | `owner` | 50 |
//! | the caller's `PG*` variables, language, terminal and open files | `owner`, `socket` | 60 |
//! | a socket path that is too long, or that others can reach | `socket` | 40 |
//! | a log without end, a full disk, and failures without a reason | `server`, `state`, `owner` | 50 |
//! | a throwaway server that outlives a killed process | `watchdog` | 40 |
//!
//! The errors with their advice are 80 lines, and what [`Local`] gives besides (options, status, settings, URL) the rest.
//!
//! The state folder has `data/` (the cluster, which belongs to the server's user), `socket/`, `server.log`,
//! `settings.conf`, `pg_hba.conf` and `program` (written at every start), `lock`, and a marker that says it is ours.
//! Unix only.

mod cluster;
mod error;
mod owner;
mod process;
mod programs;
mod server;
mod socket;
mod state;
mod watchdog;

pub use error::LocalError;
pub use process::StopMode;
pub use programs::client_program;
pub use server::{How, Local, Started, Status};
pub use watchdog::Watchdog;

/// The superuser of the local server, and the user of every URL it gives out.
pub const USER: &str = "messenger";

/// The database that a local server has from its first start on.
pub const DATABASE: &str = "messenger";

/// The environment variable that names the folder of the server programs to use, and forbids looking elsewhere.
pub const PG_BIN_VARIABLE: &str = "MESSENGER_DB_PG_BIN";

/// The environment variable that names the system user who runs the server when the caller is root.
pub const PG_USER_VARIABLE: &str = "MESSENGER_DB_PG_USER";

/// The environment variable that names the state folder.
pub const STATE_DIR_VARIABLE: &str = "MESSENGER_DB_STATE_DIR";
