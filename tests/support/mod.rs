//! What the tests stand on: a server, databases on it, the two programs that migrate them, and ways to watch those.

mod binary;
mod citus;
mod crashing_server;
mod database;
mod diesel_cli;
mod languages;
mod lock_holder;
mod migrations;
mod pgbouncer;
mod processes;
mod proxy;
mod runner;
mod running;
mod server;
mod settings;
mod standby;
mod state_folder;
mod terminal;
mod until;

pub use binary::{Run, messenger_db};
pub use crashing_server::CrashingServer;
pub use database::TestDatabase;
pub use diesel_cli::{diesel, diesel_in};
pub use languages::speaks_german;
pub use lock_holder::LockHolder;
pub use migrations::{fixtures, migration};
pub use pgbouncer::PgBouncer;
pub use processes::works_in;
pub use proxy::{Moment, Proxy};
pub use runner::{Goal, Runner};
pub use running::Running;
pub use server::{AnnouncedServer, Server, server};
pub use settings::{set, settings};
pub use state_folder::StateFolder;
pub use terminal::{On, on_terminal};
pub use until::until;
