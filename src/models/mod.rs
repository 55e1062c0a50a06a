//! The rows in Rust: one file for each table, with `X` to read, `NewX` to insert and `XChanges` to
//! update. No queries.
//!
//! In a `NewX`, a field that the database fills by itself is an `Option`, and `None` leaves it to the database.
//! In an `XChanges`, `None` leaves the column as it is; where a column may be null, `Some(None)` makes it null.
//! A table whose rows never change has no `XChanges`.
//!
//! Each field is the column of its name; what the column means is said once, by the migration, and stands in
//! [`schema`](crate::schema).

#![allow(missing_docs, reason = "a field is a column, and the columns are documented in the schema")]
#![allow(clippy::option_option, reason = "null is not the same as no change")]

mod attachments;
mod blocks;
mod chat_changes;
mod chat_heads;
mod chat_participants;
mod chat_settings;
mod chats;
mod contacts;
mod declined_requests;
mod message_delivery;
mod message_edits;
mod message_mentions;
mod message_reactions;
mod messages;
mod push_tokens;
mod unread_messages;
mod unused_files;
mod uploads;
mod user_changes;
mod user_heads;
mod user_sessions;
mod users;

pub use attachments::{Attachment, AttachmentChanges, NewAttachment};
pub use blocks::{Block, NewBlock};
pub use chat_changes::ChatChange;
pub use chat_heads::{ChatHead, ChatHeadChanges, NewChatHead};
pub use chat_participants::{ChatParticipant, ChatParticipantChanges, NewChatParticipant};
pub use chat_settings::ChatSettings;
pub use chats::{Chat, ChatChanges, NewDirectChat, NewGroupChat};
pub use contacts::{Contact, ContactChanges, NewContact};
pub use declined_requests::DeclinedRequest;
pub use message_delivery::{MessageDelivery, MessageDeliveryChanges, NewMessageDelivery};
pub use message_edits::{MessageEdit, NewMessageEdit};
pub use message_mentions::MessageMention;
pub use message_reactions::{MessageReaction, NewMessageReaction};
pub use messages::{Message, MessageChanges, NewMessage};
pub use push_tokens::PushTokenRow;
pub use unread_messages::{NewUnreadMessages, UnreadMessages, UnreadMessagesChanges};
pub use unused_files::UnusedFile;
pub use uploads::Upload;
pub use user_changes::UserChange;
pub use user_heads::UserHead;
pub use user_sessions::{NewUserSession, UserSession, UserSessionChanges};
pub(crate) use users::ClosedUser;
pub use users::{NewUser, User, UserChanges};
