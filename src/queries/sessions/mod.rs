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

use crate::error::refusals;

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
