//! What changed since a device was here, and nothing else.
//!
//! A device keeps a [`State`]: of each of its user's chats the newest message, the version and the user's own position,
//! and the version of the user's own log. It sends the state, and gets what changed, as it is now, with the next state:
//! chats that are new to it, messages that are new or were edited, deleted or reacted to, members who came, left or have
//! another role, chats with another profile, memberships that ended, contacts, blocks, sessions that were ended, and the
//! profiles of people it knows. It is devices that have states, not users: what another device of the same user has
//! fetched or sent is still new to this one.
//!
//! Nothing is missed, whoever writes meanwhile. A version is taken under the lock of the chat's head (or of the user's
//! counter), which is held until the transaction ends: so versions are committed in their order, and whoever sees a version
//! sees all before it. A transaction that commits late has a version that is larger than what the device saw. A page is
//! read in one snapshot, and its state says what that snapshot holds.
//!
//! What is not in it: how far others have read, see [`receipts::positions`](super::receipts::positions) (positions only
//! grow: the larger wins), and presence.
//!
//! | operation | what it does |
//! | --- | --- |
//! | [`begin`] | The state of now, before everything is loaded anew |
//! | [`list`] | What changed since a state; a page |
//! | [`prune`] | Removes what is old from the logs |

mod candidate;
mod list;
mod page;
mod prune;
mod read;
mod state;

pub use list::{ChangesRefused, begin, list};
pub use page::{BlockChange, ChatChanges, ContactChange, Ended, Ending, HiddenChange, MemberChange, Page, Reload};
pub use prune::{Pruned, prune};
pub use state::State;
