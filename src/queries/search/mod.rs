//! Search: finds words in a user's own chats, the newest message first.

mod find;
mod groups;
mod highlight;
mod query;

pub use find::{Cursor, Hit, Place, SearchRefused, list, list_in_chat};
pub use groups::find_groups;
pub use highlight::Highlight;
pub use query::{MAX_QUERY, Query};
