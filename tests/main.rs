//! The tests: one binary, one throwaway server, one clone of a migrated template for each test.

#![allow(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unnecessary_literal_bound,
    reason = "numbers here are small, and a test reads better without conversions"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say so at once"
)]

mod cli;
mod migrate;
mod models;
mod project;
mod queries;
mod schema;
mod studio;
mod support;
mod tree;
mod ui;
