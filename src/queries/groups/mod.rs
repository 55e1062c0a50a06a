//! Groups: who is in them, as what, and what they may change: the owner everything; admins its name, picture and
//! link, and who is a plain member; members may leave.
//!
//! Every operation locks the group first, so that the operations on one group happen one after the other: what an
//! operation finds out about its members stays true until it is done. Sends do not wait for that lock, only for the end
//! of the sender's own membership. Each change writes its system message in the same transaction; the metadata says
//! `event`, `actor` and `target`.

mod create;
mod delete;
mod leave;
mod lock;
mod members;
mod profile;
mod roles;
mod strangers;

pub use create::{CreateRefused, NewGroup, create};
pub use delete::{DeleteRefused, Deleted, delete};
pub(crate) use leave::leave_for_good;
pub use leave::{LeaveRefused, Left, leave};
pub use members::{AddRefused, Added, RemoveRefused, add, remove};
pub use profile::{ChangeRefused, Changed, change_avatar, change_history, change_slug, rename};
pub use roles::{RoleRefused, demote, promote, transfer_ownership};
pub use strangers::MAX_ADDED_BY_STRANGERS;
