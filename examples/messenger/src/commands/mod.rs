//! What a device may ask over its socket: each command is an operation of `messenger-db`, and an event for whom it
//! concerns.

mod account;
mod changes;
mod chats;
mod groups;
mod messages;
mod people;
mod search;

pub use chats::watchers_in;
pub use people::tell_presence;

use messenger_db::actor::Actor;
use messenger_db::enums::UserStatus;
use messenger_db::ids::{ChatId, MessageId, SessionId, UserId};
use messenger_db::queries::history::Entry;
use messenger_db::queries::{inbox, search as found};
use messenger_db::seq::Seq;
use messenger_db::version::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Event;
use crate::failure::Failure;
use crate::server::App;

/// Who asks.
pub struct Client {
    pub app: App,
    pub actor: Actor,
    pub session: SessionId,
    /// The number of the socket on this server.
    pub number: u64,
}

/// What is asked. Each has its name in `op`.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Command {
    Begin,
    Changes { state: String },
    Inbox { after: Option<inbox::Cursor> },
    Chat { chat: ChatId },
    History { chat: ChatId, at: Option<Place>, limit: Option<i64> },
    Send(messages::Send),
    Edit { chat: ChatId, seq: Seq, text: String },
    Edits { chat: ChatId, seq: Seq },
    Delete { chat: ChatId, seq: Seq },
    React { chat: ChatId, seq: Seq, emoji: String, on: bool },
    Reactors { chat: ChatId, seq: Seq },
    Delivered { chat: ChatId, seq: Seq },
    Read { chat: ChatId, seq: Seq },
    Counts { chat: ChatId, first: Seq, last: Seq },
    Receipts { chat: ChatId, seq: Seq },
    Typing { chat: ChatId },
    Search { text: String, before: Option<found::Cursor> },
    SearchChat { chat: ChatId, text: String, before: Option<found::Cursor> },
    Profiles { users: Vec<UserId> },
    FindPeople { part: String },
    People,
    Ask { user: UserId },
    Accept { user: UserId },
    Decline { user: UserId },
    RemoveContact { user: UserId },
    Block { user: UserId },
    Unblock { user: UserId },
    OpenDirect { user: UserId },
    CreateGroup { name: String, members: Vec<UserId> },
    RenameGroup { chat: ChatId, name: String },
    AddMember { chat: ChatId, user: UserId },
    RemoveMember { chat: ChatId, user: UserId },
    Promote { chat: ChatId, user: UserId },
    Demote { chat: ChatId, user: UserId },
    TransferOwnership { chat: ChatId, user: UserId },
    LeaveGroup { chat: ChatId },
    DeleteGroup { chat: ChatId },
    UpdateProfile { display_name: Option<String> },
    ChangePassword { old: String, new: String },
    Devices,
    EndDevice { session: SessionId },
    EndOtherDevices,
    Presence { status: UserStatus },
}

/// Where in the history.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Before(Seq),
    After(Seq),
    Around(Seq),
}

/// A draft's id, as its device chose it.
pub type DraftId = MessageId;

/// What a command gives.
pub type Answer = Result<Value, Failure>;

/// Does it.
pub async fn perform(client: &Client, command: Command) -> Answer {
    match command {
        Command::Begin => changes::begin(client).await,
        Command::Changes { state } => changes::list(client, &state).await,
        Command::Inbox { after } => chats::inbox(client, after).await,
        Command::Chat { chat } => chats::chat(client, chat).await,
        Command::History { chat, at, limit } => chats::history(client, chat, at, limit).await,
        Command::Send(draft) => messages::send(client, draft).await,
        Command::Edit { chat, seq, text } => messages::edit(client, chat, seq, text).await,
        Command::Edits { chat, seq } => messages::edits(client, chat, seq).await,
        Command::Delete { chat, seq } => messages::delete(client, chat, seq).await,
        Command::React { chat, seq, emoji, on } => messages::react(client, chat, seq, emoji, on).await,
        Command::Reactors { chat, seq } => messages::reactors(client, chat, seq).await,
        Command::Delivered { chat, seq } => messages::delivered(client, chat, seq).await,
        Command::Read { chat, seq } => messages::read(client, chat, seq).await,
        Command::Counts { chat, first, last } => messages::counts(client, chat, first, last).await,
        Command::Receipts { chat, seq } => messages::receipts(client, chat, seq).await,
        Command::Typing { chat } => chats::typing(client, chat).await,
        Command::Search { text, before } => search::everywhere(client, text, before).await,
        Command::SearchChat { chat, text, before } => search::in_chat(client, chat, text, before).await,
        Command::Profiles { users } => people::profiles(client, users).await,
        Command::FindPeople { part } => people::find(client, part).await,
        Command::People => people::all(client).await,
        Command::Ask { user } => people::ask(client, user).await,
        Command::Accept { user } => people::accept(client, user).await,
        Command::Decline { user } => people::decline(client, user).await,
        Command::RemoveContact { user } => people::remove(client, user).await,
        Command::Block { user } => people::block(client, user).await,
        Command::Unblock { user } => people::unblock(client, user).await,
        Command::OpenDirect { user } => people::open_direct(client, user).await,
        Command::CreateGroup { name, members } => groups::create(client, name, members).await,
        Command::RenameGroup { chat, name } => groups::rename(client, chat, name).await,
        Command::AddMember { chat, user } => groups::add(client, chat, user).await,
        Command::RemoveMember { chat, user } => groups::remove(client, chat, user).await,
        Command::Promote { chat, user } => groups::change(client, chat, user, groups::Change::Promote).await,
        Command::Demote { chat, user } => groups::change(client, chat, user, groups::Change::Demote).await,
        Command::TransferOwnership { chat, user } => {
            groups::change(client, chat, user, groups::Change::TransferOwnership).await
        }
        Command::LeaveGroup { chat } => groups::leave(client, chat).await,
        Command::DeleteGroup { chat } => groups::delete(client, chat).await,
        Command::UpdateProfile { display_name } => account::update_profile(client, display_name).await,
        Command::ChangePassword { old, new } => account::change_password(client, old, new).await,
        Command::Devices => account::devices(client).await,
        Command::EndDevice { session } => account::end_device(client, session).await,
        Command::EndOtherDevices => account::end_other_devices(client).await,
        Command::Presence { status } => people::set_presence(client, status).await,
    }
}

impl Client {
    /// Tells these users' sockets on this server, but not the one that asked.
    fn tell(&self, users: &[UserId], event: &Event) {
        self.app.hub.tell(users, event, Some(self.number));
    }

    /// Tells these users' sockets on this server of a change of a message, but not the one that asked. The other servers
    /// have been rung for.
    fn tell_entry(&self, users: &[UserId], entry: Entry, version: Version) {
        let chat = entry.message.chat_id;
        let event = Event::Message { chat, entry: Box::new(entry) };
        self.app.hub.tell(users, &event, Some(self.number));
        if let Event::Message { entry, .. } = &event {
            self.app.doorbell.told(&entry.message, version);
        }
    }

    /// Tells these users' sockets on this server, and the one that asked.
    fn tell_all(&self, users: &[UserId], event: &Event) {
        self.app.hub.tell(users, event, None);
    }
}

fn answer(value: impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| Failure::internal(&error))
}
