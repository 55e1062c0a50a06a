//! Sessions, which are devices that are signed in: opening, authenticating, listing and ending them, and their sockets.
//!
//! A session is active from [`open`] until it is revoked, its time is over, or it was unused for too long.

mod audience;
mod authenticate;
mod end;
mod list;
mod open;
mod rotate;
mod socket;

pub use audience::{OpenSocket, audience, find_sockets, receipt_watchers, watchers};
pub use authenticate::{AuthenticateRefused, Authenticated, authenticate, touch};
pub(super) use end::end_all;
pub use end::{purge_expired, revoke, revoke_all, revoke_others};
pub use list::{Cursor, list};
pub use open::{Device, Lifetime, OpenRefused, Opened, open};
pub use rotate::rotate;
pub use socket::{ConnectRefused, Connected, Disconnected, Socket, connect, disconnect, disconnect_server};

use diesel::dsl::{auto_type, now};
use diesel::prelude::*;

use crate::error::refusals;
use crate::schema::user_sessions;

/// Why a session did not do what only an active one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionRefused {
    /// The actor has no such session, or it is no longer active.
    #[error("there is no such session, or it has ended")]
    NotActive,
}

refusals! { SessionRefused {
    NotActive: Unauthenticated = "session_not_active",
} }

/// The session is active, as `session_is_active` of the database says it.
#[auto_type(no_type_alias)]
fn is_active() -> _ {
    let idle_end = user_sessions::last_active_at.nullable() + user_sessions::idle_timeout;
    let in_use = user_sessions::idle_timeout.is_null().or(idle_end.assume_not_null().gt(now));
    user_sessions::expires_at.gt(now).and(user_sessions::revoked_at.is_null()).and(in_use)
}
