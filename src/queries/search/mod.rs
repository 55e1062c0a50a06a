//! Search: finds words in a user's own chats, the newest message first.

mod find;
mod full_text;
mod highlight;

pub use find::{Cursor, Hit, MAX_QUERY, Place, SearchRefused, list, list_in_chat};
pub use highlight::Highlight;
