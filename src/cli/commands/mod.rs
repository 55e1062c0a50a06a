//! The commands: each calls the library and prints the result.

pub mod backup;
pub mod baseline;
pub mod catalog;
pub mod docs;
pub mod erase;
pub mod exec;
pub mod export;
pub mod generate;
pub mod history;
pub mod local;
pub mod maintain;
pub mod migrate;
pub mod person;
pub mod plan;
pub mod roles;
pub mod seed;
pub mod status;
pub mod studio;
pub mod verify;
