//! What the database itself promises, whoever writes to it.

mod bounds;
mod closed_accounts;
mod enums;
mod generated;
mod invariants;
mod invariants_of_accounts;
mod purge;
pub mod rows;
mod search;
mod structure;
mod times;
mod up_and_down;
mod views;

pub use rows::populated;
