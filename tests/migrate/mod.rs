//! What the runner promises.

mod blocked;
mod catalogs;
mod diesel_cli;
mod drift;
mod lock;
mod other_migrations;
mod psql;
mod refused_folders;
mod source;
