//! Removes old messages and deleted chats in batches, each of which is short and stays done.
//!
//! A batch is one round trip, which is a transaction of its own: 100 messages at most, and fewer when much hangs from them, so
//! that whoever sends to the chat meanwhile waits some milliseconds. A run that is interrupted is begun anew, and goes on where
//! history begins. Pictures are put on the list of [unused files](super::unused_files) by the batch that removes them.

mod chats;
mod messages;

pub use chats::{Purge, purge_chat};
pub use messages::{Batch, Removal, remove_messages};

/// How many messages a batch removes at most.
const BATCH: i64 = 100;
