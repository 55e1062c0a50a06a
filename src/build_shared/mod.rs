//! Code that the build script compiles, too: what a folder of migrations holds, and what is wrong with it.
//!
//! `build.rs` includes this folder by its path, and so checks this crate's migrations when it is built; the runner checks a
//! service's own migrations with it when the program runs. So what is here uses nothing else of this crate.

pub mod entry;
pub mod mark;
pub mod metadata;
pub mod problem;
pub mod rules;
pub mod statements;
