//! Decides what is found in messages, for whom, and in which order: the words of a user's own chats, newest first.

mod find;
mod full_text;
mod highlight;

pub use find::{Cursor, Hit, MAX_QUERY, SearchRefused, list, list_in_chat};
pub use highlight::Highlight;
