//! What the runner promises.

mod adopt;
mod blocked;
mod catalogs;
mod diesel_cli;
mod drift;
mod ledger;
mod lock;
mod other_migrations;
mod psql;
mod refused_folders;
mod source;
