#![doc = include_str!("../README.md")]
//! # The map
//!
//! What flows: `migrations/` → [`schema`] → [`models`] → your queries, and beside it `migrations/` → [`migrate`] →
//! the binary. Keys are [`ids`], closed sets are [`enums`], hashes are [`secrets`], and the views are [`views`].
//! [`projector`] keeps the list of chats by user, where a database is distributed.
//! [`local`] is the private PostgreSQL that the binary and the tests use when nobody gives them one, and [`seed`] fills
//! a database with test data.
//!
//! # The operations
//!
//! Each takes the connection and then the [`Actor`](actor::Actor) on whose behalf it is performed; those that need
//! none are listed in [`queries`] with the reason. A position in a chat is a [`Seq`](seq::Seq), a page is asked for by
//! a [`Limit`](page::Limit) and goes on from a [`Cursor`](cursor::Cursor), and [`error`] says how operations fail.
//!
//! | operation | what it does |
//! | --- | --- |
//! | [`accounts::change_password`](queries::accounts::change_password) | Replaces a password that was just verified |
//! | [`accounts::close`](queries::accounts::close) | Closes an account for good |
//! | [`accounts::find_by_username`](queries::accounts::find_by_username) | The account of a username, for a sign-in |
//! | [`accounts::find_profiles`](queries::accounts::find_profiles) | What others may see of these accounts |
//! | [`accounts::get`](queries::accounts::get) | The actor's own account |
//! | [`accounts::mark_seen`](queries::accounts::mark_seen) | Says that a device of the user was heard of now |
//! | [`accounts::register`](queries::accounts::register) | Opens an account |
//! | [`accounts::release_username`](queries::accounts::release_username) | Gives a reserved username free |
//! | [`accounts::release_usernames`](queries::accounts::release_usernames) | Gives usernames free of accounts that were closed before a time |
//! | [`accounts::reset_password`](queries::accounts::reset_password) | Gives an account a new password, whatever the old one was |
//! | [`accounts::search`](queries::accounts::search) | Open accounts, by a part of their usernames or words of their display names |
//! | [`accounts::set_presence`](queries::accounts::set_presence) | Says that the user is online, away or offline |
//! | [`accounts::update_profile`](queries::accounts::update_profile) | Changes username, display name or picture |
//! | [`attachments::all`](queries::attachments::all) | The pictures of a message, in their order |
//! | [`attachments::list`](queries::attachments::list) | The pictures of a chat, the newest message first; a page |
//! | [`blocks::all`](queries::blocks::all) | Whom the actor has blocked |
//! | [`blocks::block`](queries::blocks::block) | Blocks a user |
//! | [`blocks::unblock`](queries::blocks::unblock) | Takes a block back |
//! | [`changes::begin`](queries::changes::begin) | The state of now, for a device that loads everything anew |
//! | [`changes::list`](queries::changes::list) | What changed since a device was here; a page |
//! | [`changes::prune`](queries::changes::prune) | Removes what is old from the logs of changes |
//! | [`chat_settings::change`](queries::chat_settings::change) | Mutes, pins, archives, hides or marks a chat, or keeps a draft |
//! | [`chat_settings::get`](queries::chat_settings::get) | What the actor has set for a chat |
//! | [`chats::all_member_ids`](queries::chats::all_member_ids) | Whose devices are told what happens in a chat |
//! | [`chats::all_members`](queries::chats::all_members) | Who is in a chat |
//! | [`chats::find_by_slug`](queries::chats::find_by_slug) | The group of a slug, for one of its members |
//! | [`chats::get`](queries::chats::get) | A chat, for one of its members |
//! | [`contacts::accept`](queries::contacts::accept) | Accepts a request |
//! | [`contacts::all`](queries::contacts::all) | The actor's contacts |
//! | [`contacts::all_requests_received`](queries::contacts::all_requests_received) | Requests that wait for the actor's answer |
//! | [`contacts::all_requests_sent`](queries::contacts::all_requests_sent) | The actor's own requests that wait for an answer |
//! | [`contacts::decline`](queries::contacts::decline) | Declines a request |
//! | [`contacts::remove`](queries::contacts::remove) | Ends a contact, or takes a request back |
//! | [`contacts::request`](queries::contacts::request) | Asks another user to become a contact |
//! | [`direct_chats::find`](queries::direct_chats::find) | The direct chat with another user, if there is one |
//! | [`direct_chats::find_or_create`](queries::direct_chats::find_or_create) | The direct chat with another user, opened if there is none |
//! | [`erasure::left`](queries::erasure::left) | How much of a person is there, by table |
//! | [`erasure::of_user`](queries::erasure::of_user) | Erases a person, in batches |
//! | [`export::of_user`](queries::export::of_user) | Everything about a person, as JSON Lines |
//! | [`groups::add`](queries::groups::add) | Adds a user to a group |
//! | [`groups::change_avatar`](queries::groups::change_avatar) | Gives a group another picture, or none |
//! | [`groups::change_history`](queries::groups::change_history) | Says whether newcomers see history from the beginning |
//! | [`groups::change_slug`](queries::groups::change_slug) | Gives a group another name in its link, or none |
//! | [`groups::create`](queries::groups::create) | Opens a group |
//! | [`groups::delete`](queries::groups::delete) | Deletes a group |
//! | [`groups::demote`](queries::groups::demote) | Makes an admin a plain member |
//! | [`groups::leave`](queries::groups::leave) | Leaves a group |
//! | [`groups::promote`](queries::groups::promote) | Makes a member an admin |
//! | [`groups::remove`](queries::groups::remove) | Removes a member from a group |
//! | [`groups::rename`](queries::groups::rename) | Gives a group another name |
//! | [`groups::transfer_ownership`](queries::groups::transfer_ownership) | Makes another member the owner |
//! | [`history::after`](queries::history::after) | The messages after one; a page |
//! | [`history::around`](queries::history::around) | The messages around one; a page |
//! | [`history::around_id`](queries::history::around_id) | The messages around one that is known by its id; a page |
//! | [`history::before`](queries::history::before) | The messages before one; a page |
//! | [`history::latest`](queries::history::latest) | The newest messages of a chat; a page |
//! | [`import::messages`](queries::import::messages) | Imports a batch of messages from elsewhere |
//! | [`inbox::list`](queries::inbox::list) | The actor's chats, the pinned ones and then the latest activity first; a page |
//! | [`inbox::list_archived`](queries::inbox::list_archived) | The actor's chats in the archive; a page |
//! | [`inbox::list_hidden`](queries::inbox::list_hidden) | The actor's chats that are hidden until something new is said; a page |
//! | [`messages::all_mentioned`](queries::messages::all_mentioned) | Whom a message names |
//! | [`messages::clear`](queries::messages::clear) | Clears a chat for the actor alone |
//! | [`messages::delete`](queries::messages::delete) | Deletes a message |
//! | [`messages::edit`](queries::messages::edit) | Gives a message other words |
//! | [`messages::find_by_id`](queries::messages::find_by_id) | A message, by the id that its client gave it |
//! | [`messages::get`](queries::messages::get) | A message, by its position |
//! | [`messages::hide`](queries::messages::hide) | Deletes a message for the actor alone |
//! | [`messages::list_edits`](queries::messages::list_edits) | What a message said before each of its edits; a page |
//! | [`messages::list_mentions`](queries::messages::list_mentions) | The messages of a chat that name the actor; a page |
//! | [`messages::send`](queries::messages::send) | Sends a message |
//! | [`messages::send_many`](queries::messages::send_many) | Sends messages of many callers in one transaction |
//! | [`messages::set_metadata`](queries::messages::set_metadata) | Sets the metadata of a message, such as the preview of its link |
//! | [`messages::touch`](queries::messages::touch) | Says that what the service keeps beside a message changed |
//! | [`pending::list`](queries::pending::list) | What none of the user's devices has received; a page |
//! | [`privacy::change`](queries::privacy::change) | Chooses who sees presence and receipts, who adds to groups, who finds |
//! | [`privacy::get`](queries::privacy::get) | What the actor has chosen |
//! | [`push::register`](queries::push::register) | Notes where a device is reached by a notification |
//! | [`push::remove`](queries::push::remove) | Forgets where a device is reached |
//! | [`push::remove_token`](queries::push::remove_token) | Forgets an address that is no longer good |
//! | [`push::targets`](queries::push::targets) | The devices that a message wakes, each with its badge |
//! | [`reactions::add`](queries::reactions::add) | Reacts to a message |
//! | [`reactions::list`](queries::reactions::list) | Who reacted to a message, and how; a page |
//! | [`reactions::remove`](queries::reactions::remove) | Takes a reaction back |
//! | [`receipts::all`](queries::receipts::all) | How far a message got with each recipient |
//! | [`receipts::count`](queries::receipts::count) | How many received and read each message of a page |
//! | [`receipts::mark_delivered`](queries::receipts::mark_delivered) | Marks as received, up to a position |
//! | [`receipts::mark_read`](queries::receipts::mark_read) | Marks as read, up to a position |
//! | [`receipts::mark_many`](queries::receipts::mark_many) | Marks as received or read, for many callers in one statement |
//! | [`receipts::positions`](queries::receipts::positions) | How far each member has received and read a chat |
//! | [`retention::purge_chat`](queries::retention::purge_chat) | Removes a deleted chat, in batches |
//! | [`retention::remove_messages`](queries::retention::remove_messages) | Removes messages that are older than a time, in batches |
//! | [`search::find_groups`](queries::search::find_groups) | The actor's groups, by words of their names |
//! | [`search::list`](queries::search::list) | Finds words in all chats of the actor; a page |
//! | [`search::list_in_chat`](queries::search::list_in_chat) | Finds words in one chat; a page |
//! | [`sessions::audience`](queries::sessions::audience) | The open sockets of all members of a chat |
//! | [`sessions::authenticate`](queries::sessions::authenticate) | The actor and the session of a token |
//! | [`sessions::connect`](queries::sessions::connect) | Notes that a session has a socket open |
//! | [`sessions::disconnect`](queries::sessions::disconnect) | Notes that a socket of a session is closed |
//! | [`sessions::disconnect_server`](queries::sessions::disconnect_server) | Notes that all sockets of a server are closed |
//! | [`sessions::find_sockets`](queries::sessions::find_sockets) | The open sockets of these users |
//! | [`sessions::list`](queries::sessions::list) | The devices that the actor is signed in on; a page |
//! | [`sessions::open`](queries::sessions::open) | Signs a device in, and gives its token |
//! | [`sessions::purge_expired`](queries::sessions::purge_expired) | Removes sessions whose time is over |
//! | [`sessions::receipt_watchers`](queries::sessions::receipt_watchers) | The open sockets of those who may see what the actor has read in a chat |
//! | [`sessions::revoke`](queries::sessions::revoke) | Signs one of the actor's devices out |
//! | [`sessions::revoke_all`](queries::sessions::revoke_all) | Signs all devices out |
//! | [`sessions::revoke_others`](queries::sessions::revoke_others) | Signs all devices out but one |
//! | [`sessions::rotate`](queries::sessions::rotate) | Gives a session another token |
//! | [`sessions::touch`](queries::sessions::touch) | Notes that a connected device is still there |
//! | [`sessions::watchers`](queries::sessions::watchers) | The open sockets of those who may see the actor's presence |
//! | [`unread::all`](queries::unread::all) | The chats with unread messages, and how many |
//! | [`unread::badge`](queries::unread::badge) | The number on the badge |
//! | [`unread::find`](queries::unread::find) | How many messages of a chat are unread |
//! | [`unread::total`](queries::unread::total) | How many messages are unread in all chats |
//! | [`unused_files::forget`](queries::unused_files::forget) | Says that these files are deleted |
//! | [`unused_files::list`](queries::unused_files::list) | The files to delete from the object store; a page |
//! | [`uploads::abandon`](queries::uploads::abandon) | Gives up uploads that nobody attached |
//! | [`uploads::begin`](queries::uploads::begin) | Begins an upload of a picture |
//! | [`uploads::discard`](queries::uploads::discard) | Removes uploads that nobody attached, and lists their files |
//! | [`uploads::process`](queries::uploads::process) | Notes the size of a picture and the copies made of it |
//! | [`uploads::remove`](queries::uploads::remove) | Forgets uploads that were given up |

pub mod actor;
#[cfg(feature = "runner")]
mod build_shared;
#[cfg(feature = "cli")]
pub mod cli;
pub mod cursor;
#[cfg(feature = "local")]
#[doc(hidden)]
pub mod doctest;
#[cfg(any(feature = "realtime", feature = "tokio"))]
mod end_of_connection;
pub mod enums;
pub mod error;
mod hex;
pub mod ids;
pub mod interruption;
#[cfg(feature = "local")]
pub mod local;
pub mod maintenance;
#[cfg(feature = "runner")]
pub mod migrate;
pub mod models;
mod number;
mod open_transaction;
#[doc(hidden)]
pub mod own_tables;
pub mod page;
#[cfg(feature = "runner")]
mod partial_file;
pub mod projector;
pub mod queries;
#[cfg(feature = "realtime")]
pub mod realtime;
#[cfg(feature = "studio")]
pub mod reference;
pub mod retry;
pub mod secrets;
#[cfg(feature = "cli")]
pub mod seed;
pub mod seq;
#[cfg(feature = "tokio")]
pub mod service;
#[cfg(feature = "studio")]
pub mod studio;
pub mod version;
pub mod views;
mod violation;

/// The reference of the schema, as `messenger-db docs` writes it: every table, column, constraint and index, with what it is
/// for.
#[cfg(doc)]
#[doc = include_str!("../docs/schema.md")]
pub mod schema_reference {}

/// The tables as Diesel sees them, generated from the migrations. The [reference](schema_reference) says what each constraint
/// and index is for, and has diagrams.
#[allow(
    missing_docs,
    clippy::wildcard_imports,
    clippy::doc_markdown,
    reason = "generated by `make schema` from the migrations"
)]
pub mod schema;

// The feature `bundled` builds libpq with it; nothing here calls it.
#[cfg(feature = "bundled")]
use openssl_sys as _;

#[cfg(feature = "runner")]
pub use migrate::MIGRATIONS;

/// The examples in `docs/service.md`, compiled.
#[cfg(all(doctest, feature = "realtime", feature = "tokio"))]
#[doc = include_str!("../docs/service.md")]
mod in_a_service {}
