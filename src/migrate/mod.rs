//! Decides what happens to a database: the runner of the migrations, as a library.
//!
//! The binary is a thin layer over this; a service that migrates when it starts calls the same functions. Diesel's
//! own table `__diesel_schema_migrations` is the history, so `diesel migration run`, `redo`, `revert` and `list`
//! work on the same database, before and after.
//!
//! ```no_run
//! use messenger_db::migrate::{self, ConnectOptions, RunOptions, Silent};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = migrate::connect(&std::env::var("DATABASE_URL")?.parse()?, &ConnectOptions::default(), &mut Silent)?;
//! let report = migrate::run(&pool, &RunOptions::default(), &mut Silent)?;
//! println!("{} migrations applied", report.steps.len());
//! # Ok(())
//! # }
//! ```

mod adopt;
mod apply;
mod backup;
pub mod catalog;
mod checksum;
mod drift;
mod error;
mod history;
mod ledger;
mod leftover;
pub mod libpq;
mod lock;
mod observer;
mod patience;
mod plan;
mod pool;
mod pooler;
mod redo;
mod rehearse;
mod revert;
mod roles;
mod run;
mod sequences;
mod source;
pub mod statements;
mod status;
mod verify;
mod watch;

pub use adopt::{Adoption, adopt};
pub use apply::{Direction, Report, Step};
pub use backup::{Backup, BackupError, BackupOptions, backup};
pub use catalog::Scope;
pub use drift::{Difference, Drift};
pub use error::{Error, Place};
pub use ledger::{Ledger, Origin, Record};
pub use leftover::Leftover;
pub use libpq::{Conninfo, ConninfoError};
pub use lock::Holder;
pub use observer::{Event, Observer, Silent};
pub use plan::{Plan, plan};
pub use pool::{ConnectOptions, Manager, Pool, Pooled, Target, connect};
pub use redo::redo;
pub use rehearse::{Rehearsal, Rehearsed, rehearse};
pub use revert::{Revert, revert};
pub use roles::{Roles, create_roles, plan_roles};
pub use run::{RunOptions, run};
pub use source::{MIGRATIONS, Migration, Version, all as migrations};
pub use status::{Applied, Status, status};
pub use verify::{Comparison, Edited, Unknown, Verification, verify};
pub use watch::Blocker;
