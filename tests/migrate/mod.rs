//! What the runner promises.

mod diesel_cli;
mod lock;
mod psql;
mod refused_folders;
mod source;
