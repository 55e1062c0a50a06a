//! A messenger in memory, with a row for each message and each of its recipients: slow, plain, and right.
//!
//! It is written from what the acts promise, not from how they do it. It knows nothing of positions, runs or heads.

use messenger_db::seq::Seq;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use messenger_db::enums::{ChatKind, MessageKind, ParticipantRole};
use messenger_db::ids::{ChatId, MessageId, SessionId, UserId};
use messenger_db::models::{Attachment, ChatParticipant, Contact, Message, MessageEdit};
use messenger_db::queries::accounts::Profile;
use messenger_db::queries::chat_settings::Settings;
use messenger_db::queries::privacy::Privacy;
use messenger_db::version::Version;
use serde_json::{Value, json};
use uuid::Uuid;

use super::act::{Back, Where, Who, Words};
use super::chat_settings::Set;
use super::group_changes::Fields;
use super::uploads::Begun;

pub type Time = DateTime<Utc>;

/// All there is.
#[derive(Debug, Clone, Default)]
pub struct Messenger {
    /// In the order of [`NAMES`](super::act::NAMES).
    pub users: Vec<Profile>,
    /// Under both orders of the two.
    pub contacts: BTreeMap<(UserId, UserId), Contact>,
    pub blocks: BTreeMap<(UserId, UserId), Time>,
    /// Who asked, and who declined.
    pub declined: BTreeSet<(UserId, UserId)>,
    /// In the order in which they were opened.
    pub opened: Vec<ChatId>,
    pub chats: BTreeMap<ChatId, Chat>,
    /// What members have set for a chat.
    pub settings: BTreeMap<(UserId, ChatId), Set>,
    /// What users have chosen.
    pub privacy: BTreeMap<UserId, Privacy>,
    /// The device of each user, in their order.
    pub sessions: Vec<SessionId>,
    /// By which token the device of a user is reached.
    pub tokens: BTreeMap<UserId, usize>,
    /// By key.
    pub uploads: BTreeMap<String, Begun>,
    /// The keys of those that were begun before a message was written, in their order.
    pub begun: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Chat {
    pub kind: ChatKind,
    pub fields: Fields,
    pub pair: Option<[UserId; 2]>,
    pub created_at: Time,
    pub deleted_at: Option<Time>,
    pub participants: BTreeMap<UserId, ChatParticipant>,
    /// Up to where a user sees nothing, and what later they have deleted for themselves.
    pub unseen: BTreeMap<UserId, (i64, BTreeSet<i64>)>,
    /// The first is seq 1.
    pub posts: Vec<Post>,
    /// How many changes there were.
    pub version: i64,
}

/// A message, and everything about it.
#[derive(Debug, Clone)]
pub struct Post {
    pub message: Message,
    pub attachments: Vec<Attachment>,
    pub edits: Vec<MessageEdit>,
    pub reactions: Vec<(UserId, String, Time)>,
    /// Whom it names.
    pub mentions: BTreeSet<UserId>,
    /// One for each recipient.
    pub receipts: BTreeMap<UserId, Receipt>,
}

/// What became of a message with one recipient.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receipt {
    pub delivered_at: Option<Time>,
    pub read_at: Option<Time>,
    /// The sender's of an imported message, who has to read it like the others, but is no recipient.
    pub is_senders: bool,
}

impl Receipt {
    pub fn receive(&mut self, at: Time) {
        self.delivered_at.get_or_insert(at);
    }

    pub fn read(&mut self, at: Time) {
        self.receive(at);
        self.read_at.get_or_insert(at);
    }
}

/// What came of an act that was not refused.
#[derive(Debug, Clone, PartialEq)]
pub enum Done {
    Nothing,
    Flag(bool),
    Contact(Contact),
    Chat(ChatId),
    Participant(ChatParticipant),
    Successor(Option<UserId>),
    Sent { seq: i64, again: bool },
    Message(Message),
    Marked { after: i64, through: i64 },
    Imported(usize),
    Settings(Settings),
    Privacy(Privacy),
    Begins(i64),
    Files(Vec<String>),
}

/// What came of an act, or which refusals are right.
pub type Outcome = Result<Done, Vec<&'static str>>;

/// What only the database can know before.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// When the act happened.
    pub now: Time,
    /// Which chat it opened.
    pub chat: Option<ChatId>,
    /// What the client called the message; of several, the first.
    pub message: MessageId,
}

/// When the imported message of that place in its batch was sent: long ago.
pub fn imported_at(place: usize) -> Time {
    DateTime::UNIX_EPOCH + TimeDelta::days(10_000) + TimeDelta::seconds(i64::try_from(place).unwrap())
}

/// The id of the imported message of that place in its batch.
pub fn imported_id(first: MessageId, place: usize) -> MessageId {
    MessageId::from_uuid(Uuid::from_u128(first.as_uuid().as_u128().wrapping_add(place as u128)))
}

impl Chat {
    pub fn head(&self) -> i64 {
        self.posts.len() as i64
    }

    pub fn post(&self, seq: i64) -> Option<&Post> {
        usize::try_from(seq - 1).ok().and_then(|index| self.posts.get(index))
    }

    /// The first seq that the user may see.
    pub fn begins(&self, user: UserId) -> i64 {
        1 + self.unseen.get(&user).map_or(0, |(after, _)| *after)
    }

    /// The message, if the user sees it.
    pub fn seen(&self, user: UserId, seq: i64) -> Option<&Post> {
        let is_hidden = self.unseen.get(&user).is_some_and(|(_, hidden)| hidden.contains(&seq));
        self.post(seq).filter(|_| seq >= self.begins(user) && !is_hidden)
    }

    /// All that the user sees.
    pub fn seen_posts(&self, user: UserId) -> impl DoubleEndedIterator<Item = &Post> {
        (1..=self.head()).filter_map(move |seq| self.seen(user, seq))
    }

    pub fn post_mut(&mut self, seq: i64) -> &mut Post {
        &mut self.posts[seq as usize - 1]
    }

    /// A message that was not deleted.
    pub fn live(&self, seq: i64) -> Option<&Post> {
        self.post(seq).filter(|post| post.message.deleted_at.is_none())
    }

    pub fn role(&self, user: UserId) -> Option<ParticipantRole> {
        self.participants.get(&user).filter(|member| member.left_at.is_none()).map(|member| member.role)
    }

    pub fn members(&self) -> BTreeSet<UserId> {
        self.participants.values().filter(|member| member.left_at.is_none()).map(|member| member.user_id).collect()
    }

    /// The messages that the user has not read, or not received.
    pub fn open(&self, user: UserId, is_open: impl Fn(&Receipt) -> bool) -> Vec<i64> {
        let is_open = |post: &&Post| post.receipts.get(&user).is_some_and(&is_open);
        self.posts.iter().filter(is_open).map(|post| post.message.seq.get()).collect()
    }

    pub fn unread(&self, user: UserId) -> Vec<i64> {
        self.open(user, |receipt| receipt.read_at.is_none())
    }

    /// How many of them count: what people said and did not delete.
    pub fn counted_as_unread(&self, user: UserId) -> i64 {
        let unread = self.unread(user);
        let counts = |seq: &&i64| {
            self.post(**seq).is_some_and(|post| post.message.sender_id.is_some() && post.message.deleted_at.is_none())
        };
        unread.iter().filter(counts).count() as i64
    }

    pub fn pending(&self, user: UserId) -> Vec<i64> {
        self.open(user, |receipt| receipt.delivered_at.is_none())
    }

    /// The version of one more change.
    pub fn next_version(&mut self) -> Version {
        self.version += 1;
        Version::new(self.version)
    }

    pub fn push(&mut self, message: Message, to: BTreeSet<UserId>) {
        let receipts = to.into_iter().map(|user| (user, Receipt::default())).collect();
        self.posts.push(Post {
            message,
            attachments: vec![],
            edits: vec![],
            reactions: vec![],
            mentions: BTreeSet::new(),
            receipts,
        });
    }

    /// The system says what happened, to these.
    pub fn record(&mut self, id: ChatId, now: Time, metadata: Value, to: BTreeSet<UserId>) {
        let version = self.next_version();
        let message = Message {
            chat_id: id,
            seq: Seq::new(self.head() + 1),
            // Not known, and not compared.
            id: MessageId::from_uuid(Uuid::nil()),
            sender_id: None,
            kind: MessageKind::System,
            content: None,
            metadata,
            reply_to_seq: None,
            created_at: now,
            edited_at: None,
            deleted_at: None,
            version,
        };
        self.push(message, to);
    }

    pub fn join(&mut self, id: ChatId, user: UserId, role: ParticipantRole, now: Time) -> ChatParticipant {
        let joined_seq = self.head();
        let member = ChatParticipant {
            chat_id: id,
            user_id: user,
            role,
            joined_at: now,
            joined_seq: Seq::new(joined_seq),
            left_at: None,
            left_seq: None,
        };
        // Who comes back begins anew.
        for post in &mut self.posts {
            post.receipts.remove(&user);
        }
        self.participants.insert(user, member.clone());
        member
    }

    pub fn leave(&mut self, user: UserId, now: Time) {
        let left_seq = self.head();
        let member = self.participants.get_mut(&user).unwrap();
        (member.left_at, member.left_seq) = (Some(now), Some(Seq::new(left_seq)));
    }

    pub fn end(&mut self, id: ChatId, actor: UserId, now: Time) {
        for user in self.members() {
            self.leave(user, now);
        }
        (self.deleted_at, self.fields.slug) = (Some(now), None);
        self.record(id, now, json!({ "event": "group_deleted", "actor": actor.to_string() }), BTreeSet::new());
    }

    /// Leaves a group, and says who is the owner then, if it was the owner who left.
    pub fn depart(&mut self, id: ChatId, user: UserId, now: Time) -> Option<UserId> {
        let was_owner = self.role(user) == Some(ParticipantRole::Owner);
        let longest = |role| {
            let others = self.participants.values().filter(|other| other.left_at.is_none() && other.user_id != user);
            others.filter(|other| other.role == role).min_by_key(|other| (other.joined_at, other.user_id))
        };
        let successor = longest(ParticipantRole::Admin).or_else(|| longest(ParticipantRole::Member));
        let successor = successor.filter(|_| was_owner).map(|successor| successor.user_id);
        if was_owner && successor.is_none() {
            self.end(id, user, now);
            return None;
        }
        self.leave(user, now);
        self.record(id, now, json!({ "event": "member_left", "actor": user.to_string() }), self.members());
        if let Some(successor) = successor {
            self.participants.get_mut(&successor).unwrap().role = ParticipantRole::Owner;
            let metadata =
                json!({ "event": "owner_changed", "actor": user.to_string(), "target": successor.to_string() });
            self.record(id, now, metadata, self.members());
        }
        successor
    }
}

impl Messenger {
    pub fn user(&self, who: Who) -> UserId {
        self.users[who].id
    }

    /// A chat by its number; while there is none, one that does not exist.
    pub fn chat_id(&self, chat: Where) -> ChatId {
        let missing = ChatId::from_uuid(Uuid::from_u128(7));
        if self.opened.is_empty() { missing } else { self.opened[chat % self.opened.len()] }
    }

    pub fn chat(&self, chat: Where) -> Option<&Chat> {
        self.chats.get(&self.chat_id(chat))
    }

    pub fn chat_mut(&mut self, chat: Where) -> (ChatId, &mut Chat) {
        let id = self.chat_id(chat);
        (id, self.chats.get_mut(&id).unwrap())
    }

    pub fn seq(&self, chat: Where, back: Back) -> i64 {
        self.chat(chat).map_or(0, Chat::head) - back
    }

    /// The id of a person's message; of another, one that was never used.
    pub fn message_id(&self, chat: Where, back: Back) -> Option<MessageId> {
        let post = self.chat(chat)?.post(self.seq(chat, back))?;
        post.message.sender_id.map(|_| post.message.id)
    }

    pub fn is_closed(&self, user: UserId) -> bool {
        self.users.iter().any(|profile| profile.id == user && profile.deleted_at.is_some())
    }

    pub fn blocks(&self, one: UserId, other: UserId) -> bool {
        self.blocks.contains_key(&(one, other))
    }

    /// The other one of a direct chat.
    fn other(&self, chat: Where, user: UserId) -> Option<UserId> {
        self.chat(chat).and_then(|chat| chat.pair)?.into_iter().find(|other| *other != user)
    }

    /// Whether the user has blocked the other one of a direct chat.
    pub fn is_silent(&self, chat: Where, user: UserId) -> bool {
        self.other(chat, user).is_some_and(|other| self.blocks(user, other))
    }

    /// Whether the other one of a direct chat has blocked the user, or is not there any more.
    pub fn is_silenced(&self, chat: Where, user: UserId) -> bool {
        self.other(chat, user).is_some_and(|other| self.blocks(other, user) || self.role(chat, other).is_none())
    }

    pub fn role(&self, chat: Where, user: UserId) -> Option<ParticipantRole> {
        self.chat(chat).and_then(|chat| chat.role(user))
    }

    /// What the user is in a group.
    pub fn group_role(&self, chat: Where, user: UserId) -> Option<ParticipantRole> {
        self.role(chat, user).filter(|_| self.chat(chat).is_some_and(|chat| chat.kind == ChatKind::Group))
    }

    /// The user's chats now.
    pub fn chats_of(&self, user: UserId) -> impl Iterator<Item = (ChatId, &Chat)> {
        self.chats.iter().filter(move |(_, chat)| chat.role(user).is_some()).map(|(id, chat)| (*id, chat))
    }
}

/// What is said when a message is sent again that was never sent.
pub fn again() -> Words {
    Words(vec![0])
}
