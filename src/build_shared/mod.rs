//! Code that the build script compiles, too: what SQL a migration holds, and what its version says.
//!
//! `build.rs` includes this folder by its path. So what is here uses the standard library and nothing else of this crate.

pub mod mark;
pub mod statements;
