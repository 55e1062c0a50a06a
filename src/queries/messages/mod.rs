//! Messages: sent once, edited by their senders, deleted and still in their places.
//!
//! A message is named by its chat and its seq. Whoever is not a member now is refused, whatever they were before.

mod access;
mod delete;
mod draft;
mod edit;
mod get;
mod hide;
mod mention;
mod metadata;
mod send;
mod send_many;
pub(crate) mod system;
mod touch;

pub use delete::{DeleteRefused, Deleted, delete};
pub use draft::{Draft, Picture};
pub(crate) use draft::{contains_nul, preview};
pub use edit::{EditRefused, edit};
pub use get::{EditsFor, GetRefused, find_by_id, get, list_edits};
pub use hide::{ClearRefused, HideRefused, MAX_HIDDEN, clear, hide};
pub use mention::{all_mentioned, list_mentions};
pub use metadata::{MetadataRefused, set_metadata};
pub use send::{SendRefused, Sent, send};
pub use send_many::{Outgoing, send_many};
pub use touch::{TouchRefused, touch};
