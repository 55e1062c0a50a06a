//! Decides what each command prints; what it does is the library's.

pub mod backup;
pub mod exec;
pub mod generate;
pub mod history;
pub mod local;
pub mod migrate;
pub mod roles;
pub mod seed;
pub mod status;
