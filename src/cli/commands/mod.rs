//! Decides what each command prints; what it does is the library's.

pub mod adopt;
pub mod backup;
pub mod catalog;
pub mod exec;
pub mod generate;
pub mod history;
pub mod local;
pub mod migrate;
pub mod plan;
pub mod roles;
pub mod seed;
pub mod status;
pub mod verify;
