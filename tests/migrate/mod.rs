//! What the runner promises.

mod baseline;
mod beside_writers;
mod blocked;
mod catalogs;
mod dependents;
mod diesel_cli;
mod drift;
mod drift_none;
mod dying;
mod exclusion;
mod half_done;
mod ledger;
mod lock;
mod other_migrations;
mod own;
mod own_folder;
mod owners;
mod plan;
mod plan_psql;
mod psql;
mod refused_folders;
mod session;
mod settings;
mod source;
