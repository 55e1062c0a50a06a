//! The operations of a messenger: each is a function, one file or folder for each family.
//!
//! The connection comes first, then the [`Actor`](crate::actor::Actor) on whose behalf the operation is performed, then
//! the chat, then the rest. Who may do a thing is decided by the statement that does it, or in its transaction, behind
//! the locks that keep the answer true until it is done.
//!
//! An operation that can be refused says why in a small enum beside it, see [`error`](crate::error). What an operation
//! gives is said by its name:
//!
//! * `get` gives one thing, and is refused when there is none;
//! * `find` gives what there is: an `Option`, or those of several;
//! * `list` gives a page: it takes a [`Limit`](crate::page::Limit) and where to go on, and documents its order;
//! * `all` gives everything, where that is bounded.
//!
//! # Operations without an actor
//!
//! | operation | why it needs none |
//! | --- | --- |
//! | [`accounts::register`] | There is no account yet. |
//! | [`accounts::find_by_username`] | A sign-in begins with it, before it is known who signs in. |
//! | [`accounts::release_username`] | It concerns an account that is closed. |
//! | [`accounts::release_usernames`] | It is maintenance, and concerns no user. |
//! | [`accounts::reset_password`] | Who forgot the password cannot sign in; the service has verified them in another way. |
//! | [`sessions::open`] | It signs somebody in, whom the service has verified. |
//! | [`sessions::authenticate`] | It gives the actor. |
//! | [`sessions::audience`] | The service asks for itself, to know which sockets to write to. |
//! | [`sessions::find_sockets`] | The same. |
//! | [`sessions::disconnect_server`] | A server died, with the sockets of many users. |
//! | [`push::targets`] | The service asks for itself, to know which devices to wake. |
//! | [`push::remove_token`] | The service that carries notifications says that a token is no longer good. |
//! | [`uploads::process`] | A worker of the service says what it made of a picture. |
//! | [`erasure::left`] | The operator asks, to prove it. |
//! | [`erasure::of_user`] | The service has decided it; the account may be closed, and has no sessions then. |
//! | [`export::of_user`] | The service has decided it; the account may be closed. |
//! | [`retention::purge_chat`] | It is maintenance, and nobody is a member of what was deleted. |
//! | [`retention::remove_messages`] | It is maintenance; the operator says how long messages are kept. |
//! | [`unused_files::forget`] | The service says what it has deleted from the object store. |
//! | [`unused_files::list`] | The service asks for itself, to delete the files. |
//! | [`uploads::abandon`] | It is maintenance, and concerns the object store. |
//! | [`uploads::discard`] | The same. |
//! | [`uploads::remove`] | The same. |
//! | [`sessions::purge_expired`] | It is maintenance, and concerns no user. |
//! | [`chats::all_member_ids`] | The service asks for itself, to know whose devices to tell. |
//! | [`changes::prune`] | It is maintenance, and concerns no user. |
//! | [`messages::send_many`] | Each message that it is given has its own. |
//! | [`receipts::mark_many`] | Each mark that it is given has its own. |
//! | [`import::messages`] | The operator imports, and may write in the name of everybody. |
//!
//! # The order of locks
//!
//! Every operation takes its locks in this order, and several of one kind in the order of their keys. So no two operations
//! wait for each other in a circle.
//!
//! 1. Accounts (`users`): [`accounts::close`] takes its own first; what ties something to an account holds it open. Then sessions
//!    (`user_sessions`), and the addresses of their devices (`push_tokens`). [`messages::touch`] holds the actor's for rows of the
//!    service's own, which may point at it.
//! 2. What two users have with each other (`contacts`, `blocks`), the row of the lower user first.
//! 3. The chat (`chats`).
//! 4. Memberships (`chat_participants`), by user.
//! 5. The chat's head (`chat_heads`). Sends to one chat happen one after the other because of it.
//! 6. Positions (`unread_messages`), by user.
//! 7. The message (`messages`), and what hangs from it; uploads, by key.
//! 8. The counters of the users' logs (`user_heads`), by user.
//! 9. Where the database keeps the list of chats by user ([`projector`](crate::projector)): rows of `inbox_by_user`, last of all
//!    that one chat takes. There, what concerns several chats may be in a deadlock, and is to be repeated.
//!
//! # The plan of a prepared statement
//!
//! A connection prepares a statement once. PostgreSQL plans its first five executions for the values at hand; after them, it
//! may keep one plan for any values, and then knows neither how long this chat is nor how many chats this user has. The trap
//! is a condition that is carried over: with `chat_heads.chat_id = $1` and `messages.chat_id = chat_heads.chat_id`, it knows
//! that `messages.chat_id = $1`, and may read the chat from end to end where a few messages were meant. So each relation has
//! its own `chat_id = $n`, and `messages` has both bounds of `seq`, too. `tests/queries/plans.rs` runs each hot operation at
//! first and after ten executions, and fails when it reads more of `messages` than it should.

pub mod accounts;
mod atomic;
pub mod attachments;
pub mod blocks;
pub mod changes;
pub mod chat_settings;
mod chat_versions;
pub mod chats;
pub mod contacts;
pub mod direct_chats;
pub(crate) mod durability;
pub mod erasure;
pub mod export;
pub(crate) mod functions;
pub mod groups;
pub mod history;
pub mod import;
pub mod inbox;
mod json;
pub mod messages;
mod nul_character;
pub mod pending;
mod predicates;
pub mod privacy;
mod profile;
pub mod push;
pub mod reactions;
pub mod receipts;
pub mod retention;
pub mod search;
pub mod sessions;
pub(crate) mod statement;
mod text;
pub(crate) mod time;
pub mod unread;
pub mod unused_files;
pub mod uploads;
mod user_changes;
mod visibility;
