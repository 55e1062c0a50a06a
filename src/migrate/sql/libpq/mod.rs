//! Access to PostgreSQL through the libpq that Diesel links, called directly.
//!
//! Diesel's connection hides what a migration runner must know: the SQLSTATE of an error (a lock timeout arrives
//! as `Unknown`), notices, and whether a server refuses or is only starting. This is the one place of the crate
//! with `unsafe` code; what leaves it is safe.

#![allow(unsafe_code, reason = "calls into libpq, a C library; each call says why it is sound")]

mod connection;
mod conninfo;
#[cfg(feature = "cli")]
mod environment;
mod foreign;
mod negotiation;
mod obstacle;
mod server_error;
mod surroundings;

pub use connection::{Connection, Rows};
pub use conninfo::{Conninfo, ConninfoError};
#[cfg(feature = "cli")]
pub(crate) use environment::ignore_environment;
pub use obstacle::{Obstacle, Unconnected};
pub use server_error::{Notice, ServerError};

use std::ffi::{CStr, c_char};

/// The text behind a pointer that libpq gave out, or nothing when it is null. The text is copied, so it outlives
/// what it was read from; bytes that are no UTF-8 are replaced, for a server may send messages in any encoding
/// before the session has one.
///
/// # Safety
///
/// `text` is null, or points to a NUL-terminated string that lives until this returns.
unsafe fn text_at(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and by this function's contract NUL-terminated and alive.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
