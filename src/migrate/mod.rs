//! The migration runner as a library.
//!
//! The binary is a thin layer over this; a service that migrates when it starts calls the same functions. Diesel's
//! own table `__diesel_schema_migrations` is the history, so `diesel migration run`, `redo`, `revert` and `list`
//! work on the same database, before and after.
//!
//! ```
//! use std::time::Duration;
//!
//! use messenger_db::migrate::{self, ConnectOptions, Event, Observer, RunOptions, Scope};
//!
//! /// Tells the service's log how far it is, and lets a shutdown stop it between two migrations.
//! struct Log;
//!
//! impl Observer for Log {
//!     fn on(&mut self, event: &Event<'_>) {
//!         match event {
//!             Event::Queued { holder, .. } => println!("process {} migrates already", holder.pid),
//!             Event::Finished { step } => println!("{} took {:?}", step.migration.name, step.duration),
//!             _ => {}
//!         }
//!     }
//!
//!     fn wants_to_stop(&self) -> bool {
//!         false
//!     }
//! }
//!
//! # let database_url = messenger_db::doctest::empty_database();
//! let options = ConnectOptions { wait: Duration::from_secs(30), ..ConnectOptions::default() };
//! let pool = migrate::connect(&database_url.parse()?, &options, &mut Log)?;
//! let report = migrate::run(&pool, &RunOptions::default(), &mut Log)?;
//! assert_eq!(report.steps.len(), migrate::migrations()?.len());
//!
//! assert_eq!(migrate::status(&pool)?.pending, []);
//! assert!(migrate::verify(&pool, Scope::CurrentSchema)?.is_clean());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod commands;
mod error;
mod model;
mod observer;
mod session;
mod source;
mod sql;
mod state;

pub use commands::apply::Report;
pub use commands::backup::{BackupOptions, backup};
pub use commands::baseline::{Baseline, baseline};
pub use commands::distribute::{Distribution, distribute, plan_distribution};
pub use commands::health::{Connections, Health, LockWaits, Receiver, Replay, health};
pub use commands::plan::{Plan, plan};
pub use commands::redo::redo;
pub use commands::rehearse::{Rehearsal, Rehearsed, Wait, rehearse};
pub use commands::revert::{Revert, revert};
pub use commands::rights::{Need, Rights};
pub use commands::roles::{Roles, create_roles, plan_roles};
pub use commands::run::{RunOptions, run};
pub use commands::sizes::{TableSize, table_sizes};
pub use commands::verify::{Edited, Verification, verify};
pub use error::Error;
pub use model::allow::{AllowedDrift, BadPattern};
pub use model::backup::{Backup, BackupError};
pub use model::blocker::Blocker;
pub use model::drift::{Difference, Drift, Kind};
pub use model::holder::Holder;
pub use model::interrupted::Interrupted;
pub use model::migration::{Migration, Owner, Version};
pub use model::place::Place;
pub use model::step::{Direction, Step};
pub use model::target::Target;
pub use observer::{Event, Observer, Silent};
pub use session::connect::{Ready, connect, wait_for_server};
pub use session::options::ConnectOptions;
pub use session::pool::Pool;
pub use session::remarks::ASCII_ONLY;
#[cfg(feature = "studio")]
pub(crate) use session::{connect::read_only, lock::runners};
pub use source::embedded::{MIGRATIONS, all as migrations};
#[cfg(feature = "cli")]
pub(crate) use source::service::of_folders;
#[cfg(feature = "local")]
pub(crate) use sql::libpq::Connection;
#[cfg(feature = "cli")]
pub(crate) use sql::libpq::ignore_environment;
pub use sql::libpq::{Conninfo, ConninfoError, Notice, Obstacle, ServerError};
#[cfg(feature = "studio")]
pub(crate) use sql::quote::{literal, quoted};
pub use state::catalog::{Scope, catalog};
#[cfg(feature = "studio")]
pub(crate) use state::catalog::{described, described_to_anybody};
pub use state::compare::{Comparison, Unknown};
#[cfg(feature = "studio")]
pub(crate) use state::fact::parse as parse_fact;
#[cfg(feature = "cli")]
pub(crate) use state::objects::subjects;
pub use state::record::{Applied, Ledger, Origin, Record};
pub use state::status::{Status, status};

/// What the tests of this crate look at from outside. No part of the interface: it changes with any release.
#[doc(hidden)]
pub mod for_tests {
    pub use super::sql::libpq::{Connection, Rows};
    pub use super::state::catalog::read as read_catalog;
    pub use crate::build_shared::{entry, mark, metadata, problem, rules, statements};

    /// The rows of a query in a session of the pool.
    ///
    /// # Errors
    ///
    /// Those of the pool and of the server.
    pub fn query(pool: &super::Pool, sql: &str) -> Result<Rows, super::Error> {
        Ok(pool.get()?.execute(sql)?)
    }

    /// What a connection is connected to.
    #[must_use]
    pub fn target(connection: &Connection) -> super::Target {
        super::Target::of(connection)
    }
}
