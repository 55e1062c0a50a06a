//! Uploads: pictures in the object store, begun by their owners, attached once, and found when nobody attached them.
//!
//! The library stores no bytes. A service begins an upload, lets the client put the bytes under its key, and sends the
//! message with it. Workers that measure a picture or make copies of it say so later, before or after it was attached.

mod abandon;
mod begin;
mod discard;
mod process;

pub use abandon::{abandon, remove};
pub use begin::{BeginRefused, NewUpload, begin};
pub use discard::discard;
pub use process::{Noted, ProcessRefused, Processed, process};
