//! Reads a chat in pages of messages with everything on them, in the chat's order.
//!
//! A page costs two statements whatever its size and however long the chat is: the messages, by a closed range of their
//! seq; then their pictures, their reactions, counted, the messages they answer that are not on the page, and who all
//! these people are, each once. For a device that knows all who wrote the page, and not all whom they answer, there is a third
//! one; another where there are more than 200 reactions to them.

mod counted;
mod extras;
mod page;
mod read;

pub(super) use counted::count_reactions;
pub use page::{Entry, Page, PageRequest, Reaction, ReplyPreview};
pub use read::{HistoryRefused, after, around, around_id, before, latest};
