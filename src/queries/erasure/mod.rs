//! Erases a person: what they said, did and uploaded, in chats of any size, in batches.
//!
//! What stays is an id without a name: the row of the account, closed; the place of each message, empty, with its seq, its times
//! and the id of its sender; the membership that messages point at, of which only the end is known; the pair of a direct chat,
//! until both are erased and it is purged; and the id in the system's messages of groups and in the logs of changes, which are
//! pruned. What others wrote about the person is theirs, and stays.
//!
//! The name, the link and the picture of a group are the group's, whoever chose them: they stay, and so does the system's message
//! that somebody without a name chose them, with the name that the group got. Where such a name says something about the person,
//! the service renames the group.
//!
//! [`left`] counts what is there, by table, before and after.
//!
//! Rows that row-level security hides from the role are neither erased nor counted: the role must see all of them. The commands
//! `erase`, `export` and `maintain` of the binary refuse one that may not.

mod left;
mod run;

pub use left::{Left, left};
pub use run::{Erasure, ErasureRefused, of_user};
