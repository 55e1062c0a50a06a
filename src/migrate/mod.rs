//! The migration runner as a library.
//!
//! The binary is a thin layer over this; a service that migrates when it starts calls the same functions. Diesel's
//! own table `__diesel_schema_migrations` is the history, so `diesel migration run`, `redo`, `revert` and `list`
//! work on the same database, before and after.
//!
//! ```
//! use std::time::Duration;
//!
//! use messenger_db::migrate::catalog::Scope;
//! use messenger_db::migrate::{self, ConnectOptions, Event, Observer, RunOptions};
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

mod adopt;
mod allow;
mod apply;
mod backup;
pub mod catalog;
mod checksum;
mod dependents;
mod drift;
mod error;
mod fact;
mod health;
mod history;
mod ledger;
pub mod libpq;
mod lock;
mod lock_monitor;
mod objects;
mod observer;
mod own;
mod own_folder;
mod owner;
mod plan;
mod pool;
mod pooler;
mod redo;
mod rehearse;
mod remarks;
mod replicated;
mod resume;
mod retry_policy;
mod revert;
mod rights;
mod roles;
mod run;
mod sequences;
mod session;
mod source;
mod stated;
mod status;
mod verify;

pub use crate::build_shared::statements;

pub use adopt::{Adoption, adopt};
pub use allow::{AllowedDrift, BadPattern};
pub use apply::{Direction, Report, Step};
pub use backup::{Backup, BackupError, BackupOptions, backup};
pub use catalog::Scope;
pub use drift::{Difference, Drift, Kind};
pub use error::{Error, Place};
pub use health::{Connections, Health, LockWaits, Receiver, Replay, health};
pub use ledger::{Ledger, Origin, Record};
pub use libpq::{Conninfo, ConninfoError, Obstacle};
pub use lock::Holder;
pub use lock_monitor::Blocker;
pub use observer::{Event, Observer, Silent};
#[cfg(feature = "cli")]
pub(crate) use own::of_folders;
pub use plan::{Plan, plan};
pub use pool::{ConnectOptions, Manager, Pool, Pooled, Reached, Target, connect, reach};
pub use redo::redo;
pub use rehearse::{Rehearsal, Rehearsed, Wait, rehearse};
pub use remarks::ASCII_ONLY;
pub use resume::Interrupted;
pub use revert::{Revert, revert};
pub use rights::{Need, Rights};
pub use roles::{Roles, create_roles, plan_roles};
pub use run::{RunOptions, run};
pub use source::{MIGRATIONS, Migration, Owner, Version, all as migrations};
pub use status::{Applied, Status, status};
pub use verify::{Comparison, Edited, Unknown, Verification, verify};
