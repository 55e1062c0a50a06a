//! A messenger in memory, with a row for each message and each of its recipients: slow, plain, and right.
//!
//! It is written from what the acts promise, not from how they do it. It knows nothing of positions, runs or heads.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use messenger_db::enums::{ChatKind, ContactStatus, ImageType, MessageKind, ParticipantRole, UserStatus};
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::models::{Attachment, ChatParticipant, Contact, Message, MessageEdit};
use messenger_db::queries::accounts::Profile;
use serde_json::{Value, json};
use uuid::Uuid;

use super::act::{Act, Back, EMOJI, SLUGS, TITLES, Where, Who, Words};

pub type Time = DateTime<Utc>;

/// All there is.
#[derive(Debug, Clone, Default)]
pub struct Messenger {
    /// In the order of [`NAMES`](super::act::NAMES).
    pub users: Vec<Profile>,
    /// Under both orders of the two.
    pub contacts: BTreeMap<(UserId, UserId), Contact>,
    pub blocks: BTreeMap<(UserId, UserId), Time>,
    /// In the order in which they were opened.
    pub opened: Vec<ChatId>,
    pub chats: BTreeMap<ChatId, Chat>,
}

#[derive(Debug, Clone)]
pub struct Chat {
    pub kind: ChatKind,
    pub name: Option<String>,
    pub slug: Option<String>,
    pub avatar_url: Option<String>,
    pub pair: Option<[UserId; 2]>,
    pub created_at: Time,
    pub deleted_at: Option<Time>,
    pub participants: BTreeMap<UserId, ChatParticipant>,
    /// The first is seq 1.
    pub posts: Vec<Post>,
}

/// A message, and everything about it.
#[derive(Debug, Clone)]
pub struct Post {
    pub message: Message,
    pub attachments: Vec<Attachment>,
    pub edits: Vec<MessageEdit>,
    pub reactions: Vec<(UserId, String, Time)>,
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
    fn receive(&mut self, at: Time) {
        self.delivered_at.get_or_insert(at);
    }

    fn read(&mut self, at: Time) {
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

macro_rules! refuse {
    ($($condition:expr => $refusal:literal),+ $(,)?) => {
        let refusals: Vec<&'static str> = [$(($condition).then_some($refusal)),+].into_iter().flatten().collect();
        if !refusals.is_empty() {
            return Err(refusals);
        }
    };
}

impl Chat {
    pub fn head(&self) -> i64 {
        self.posts.len() as i64
    }

    pub fn post(&self, seq: i64) -> Option<&Post> {
        usize::try_from(seq - 1).ok().and_then(|index| self.posts.get(index))
    }

    fn post_mut(&mut self, seq: i64) -> &mut Post {
        &mut self.posts[seq as usize - 1]
    }

    /// A message that was not deleted.
    fn live(&self, seq: i64) -> Option<&Post> {
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
        self.posts.iter().filter(is_open).map(|post| post.message.seq).collect()
    }

    pub fn unread(&self, user: UserId) -> Vec<i64> {
        self.open(user, |receipt| receipt.read_at.is_none())
    }

    pub fn pending(&self, user: UserId) -> Vec<i64> {
        self.open(user, |receipt| receipt.delivered_at.is_none())
    }

    fn push(&mut self, message: Message, to: BTreeSet<UserId>) {
        let receipts = to.into_iter().map(|user| (user, Receipt::default())).collect();
        self.posts.push(Post { message, attachments: vec![], edits: vec![], reactions: vec![], receipts });
    }

    /// The system says what happened, to these.
    fn record(&mut self, id: ChatId, now: Time, metadata: Value, to: BTreeSet<UserId>) {
        let message = Message {
            chat_id: id,
            seq: self.head() + 1,
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
        };
        self.push(message, to);
    }

    fn join(&mut self, id: ChatId, user: UserId, role: ParticipantRole, now: Time) -> ChatParticipant {
        let joined_seq = self.head();
        let member = ChatParticipant { chat_id: id, user_id: user, role, joined_at: now, joined_seq, left_at: None };
        // Who comes back begins anew.
        for post in &mut self.posts {
            post.receipts.remove(&user);
        }
        self.participants.insert(user, member.clone());
        member
    }

    fn leave(&mut self, user: UserId, now: Time) {
        self.participants.get_mut(&user).unwrap().left_at = Some(now);
    }

    fn end(&mut self, id: ChatId, actor: UserId, now: Time) {
        for user in self.members() {
            self.leave(user, now);
        }
        (self.deleted_at, self.slug) = (Some(now), None);
        self.record(id, now, json!({ "event": "group_deleted", "actor": actor.to_string() }), BTreeSet::new());
    }

    /// Leaves a group, and says who is the owner then, if it was the owner who left.
    fn depart(&mut self, id: ChatId, user: UserId, now: Time) -> Option<UserId> {
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

    fn chat_mut(&mut self, chat: Where) -> (ChatId, &mut Chat) {
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

    fn is_closed(&self, user: UserId) -> bool {
        self.users.iter().any(|profile| profile.id == user && profile.deleted_at.is_some())
    }

    fn is_blocked(&self, one: UserId, other: UserId) -> bool {
        self.blocks.contains_key(&(one, other)) || self.blocks.contains_key(&(other, one))
    }

    /// Whether one of the two in a direct chat has blocked the other.
    fn is_silenced(&self, chat: Where) -> bool {
        self.chat(chat).and_then(|chat| chat.pair).is_some_and(|[one, other]| self.is_blocked(one, other))
    }

    fn role(&self, chat: Where, user: UserId) -> Option<ParticipantRole> {
        self.chat(chat).and_then(|chat| chat.role(user))
    }

    /// What the user is in a group.
    fn group_role(&self, chat: Where, user: UserId) -> Option<ParticipantRole> {
        self.role(chat, user).filter(|_| self.chat(chat).is_some_and(|chat| chat.kind == ChatKind::Group))
    }

    /// The user's chats now.
    pub fn chats_of(&self, user: UserId) -> impl Iterator<Item = (ChatId, &Chat)> {
        self.chats.iter().filter(move |(_, chat)| chat.role(user).is_some()).map(|(id, chat)| (*id, chat))
    }

    /// Does an act, or refuses it and changes nothing.
    pub fn apply(&mut self, act: &Act, facts: Facts) -> Outcome {
        let now = facts.now;
        match act {
            Act::Request(a, b) => self.request(self.user(*a), self.user(*b), now),
            Act::Accept(a, b) => {
                let (user, other) = (self.user(*a), self.user(*b));
                refuse!(!self.asked(other, user) => "NoSuchRequest", self.is_blocked(user, other) => "Blocked");
                for key in [(user, other), (other, user)] {
                    let contact = self.contacts.get_mut(&key).unwrap();
                    (contact.status, contact.accepted_at) = (ContactStatus::Accepted, Some(now));
                }
                Ok(Done::Nothing)
            }
            Act::Decline(a, b) => {
                let (user, other) = (self.user(*a), self.user(*b));
                refuse!(!self.asked(other, user) => "NoSuchRequest");
                self.part(user, other);
                Ok(Done::Nothing)
            }
            Act::Part(a, b) => {
                let (user, other) = (self.user(*a), self.user(*b));
                refuse!(!self.are_contacts(user, other) && !self.asked(user, other) => "NoSuchContact");
                self.part(user, other);
                Ok(Done::Nothing)
            }
            Act::Block(a, b) => {
                let (user, other) = (self.user(*a), self.user(*b));
                refuse!(
                    user == other => "Oneself",
                    self.is_closed(user) || self.is_closed(other) => "NoSuchAccount",
                );
                let is_new = !self.blocks.contains_key(&(user, other));
                self.blocks.entry((user, other)).or_insert(now);
                Ok(Done::Flag(is_new))
            }
            Act::Unblock(a, b) => Ok(Done::Flag(self.blocks.remove(&(self.user(*a), self.user(*b))).is_some())),
            Act::Presence(a, status) => {
                refuse!(self.is_closed(self.user(*a)) => "NoSuchAccount");
                (self.users[*a].status, self.users[*a].last_seen_at) = (*status, now);
                Ok(Done::Nothing)
            }
            Act::Call(a, name) => {
                refuse!(self.is_closed(self.user(*a)) => "NoSuchAccount");
                self.users[*a].display_name = name.map(|name| TITLES[name].to_owned());
                Ok(Done::Nothing)
            }
            Act::Close(a) => self.close(*a, now),
            Act::OpenDirect(a, b) => self.open_direct(self.user(*a), self.user(*b), facts),
            Act::Found(a, others) => self.found(self.user(*a), others, facts),
            Act::Rename(a, chat, name) => {
                let (user, name) = (self.user(*a), TITLES[*name]);
                refuse!(
                    self.group_role(*chat, user).is_none() => "NotAMember",
                    self.group_role(*chat, user) == Some(ParticipantRole::Member) => "NotAllowed",
                    name.is_empty() => "NameRefused",
                );
                let metadata = json!({ "event": "group_renamed", "actor": user.to_string(), "name": name });
                self.change(*chat, now, metadata, |group| group.name = Some(name.to_owned()))
            }
            Act::Link(a, chat, slug) => {
                let (user, slug) = (self.user(*a), SLUGS[*slug]);
                let others = self.chats.iter().filter(|(id, _)| **id != self.chat_id(*chat));
                let is_taken = others.clone().any(|(_, other)| slug.is_some() && other.slug.as_deref() == slug);
                refuse!(
                    self.group_role(*chat, user).is_none() => "NotAMember",
                    self.group_role(*chat, user) == Some(ParticipantRole::Member) => "NotAllowed",
                    is_taken => "SlugTaken",
                    slug.is_some_and(|slug| slug.contains(' ')) => "SlugRefused",
                );
                let metadata = json!({ "event": "slug_changed", "actor": user.to_string(), "slug": slug });
                self.change(*chat, now, metadata, |group| group.slug = slug.map(str::to_owned))
            }
            Act::Paint(a, chat, avatar) => {
                let user = self.user(*a);
                refuse!(
                    self.group_role(*chat, user).is_none() => "NotAMember",
                    self.group_role(*chat, user) == Some(ParticipantRole::Member) => "NotAllowed",
                );
                let metadata = json!({ "event": "avatar_changed", "actor": user.to_string() });
                self.change(*chat, now, metadata, |group| group.avatar_url = avatar.then(|| "picture".to_owned()))
            }
            Act::Add(a, chat, b) => self.add(self.user(*a), *chat, self.user(*b), now),
            Act::Remove(a, chat, b) => self.remove(self.user(*a), *chat, self.user(*b), now),
            Act::Leave(a, chat) => {
                let user = self.user(*a);
                refuse!(self.group_role(*chat, user).is_none() => "NotAMember");
                let (id, group) = self.chat_mut(*chat);
                Ok(Done::Successor(group.depart(id, user, now)))
            }
            Act::Promote(a, chat, b) => self.promote(self.user(*a), *chat, self.user(*b), now),
            Act::Demote(a, chat, b) => self.demote(self.user(*a), *chat, self.user(*b), now),
            Act::Transfer(a, chat, b) => self.transfer(self.user(*a), *chat, self.user(*b), now),
            Act::Disband(a, chat) => {
                let user = self.user(*a);
                refuse!(
                    self.group_role(*chat, user).is_none() => "NotAMember",
                    self.group_role(*chat, user).is_some_and(|role| role != ParticipantRole::Owner) => "NotAllowed",
                );
                let (id, group) = self.chat_mut(*chat);
                group.end(id, user, now);
                Ok(Done::Nothing)
            }
            Act::Say(a, chat, words) => self.send(self.user(*a), *chat, None, None, words, facts),
            Act::Answer(a, chat, back, words) => {
                self.send(self.user(*a), *chat, Some(self.seq(*chat, *back)), None, words, facts)
            }
            Act::Show(a, chat, count, words) => self.send(self.user(*a), *chat, None, Some(*count), words, facts),
            Act::SayAgain(a, chat, back) => self.send_again(self.user(*a), *chat, *back, facts),
            Act::Edit(a, chat, back, words) => self.edit(self.user(*a), *chat, self.seq(*chat, *back), words, now),
            Act::Delete(a, chat, back) => self.delete(self.user(*a), *chat, self.seq(*chat, *back), now),
            Act::React(a, chat, back, emoji) => {
                self.react(self.user(*a), *chat, self.seq(*chat, *back), EMOJI[*emoji], now)
            }
            Act::Unreact(a, chat, back, emoji) => {
                let (user, seq, emoji) = (self.user(*a), self.seq(*chat, *back), EMOJI[*emoji]);
                refuse!(
                    self.role(*chat, user).is_none() => "NotAMember",
                    self.chat(*chat).is_none_or(|chat| chat.live(seq).is_none()) => "MessageNotFound",
                );
                let reactions = &mut self.chat_mut(*chat).1.post_mut(seq).reactions;
                let before = reactions.len();
                reactions.retain(|(by, with, _)| (*by, with.as_str()) != (user, emoji));
                Ok(Done::Flag(reactions.len() < before))
            }
            Act::Receive(a, chat, back) => {
                let (user, seq) = (self.user(*a), self.seq(*chat, *back));
                self.mark(user, *chat, seq, Chat::pending, |receipt| receipt.receive(now))
            }
            Act::Read(a, chat, back) => {
                let (user, seq) = (self.user(*a), self.seq(*chat, *back));
                self.mark(user, *chat, seq, Chat::unread, |receipt| receipt.read(now))
            }
            Act::Import(chat, read, batch) => self.import(*chat, *read, batch, facts),
        }
    }

    /// Whether the one has asked the other, who has not answered.
    fn asked(&self, one: UserId, other: UserId) -> bool {
        let contact = self.contacts.get(&(one, other));
        contact.is_some_and(|contact| contact.status == ContactStatus::Pending && contact.requested_by == one)
    }

    fn are_contacts(&self, one: UserId, other: UserId) -> bool {
        self.contacts.get(&(one, other)).is_some_and(|contact| contact.status == ContactStatus::Accepted)
    }

    fn part(&mut self, one: UserId, other: UserId) {
        self.contacts.remove(&(one, other));
        self.contacts.remove(&(other, one));
    }

    fn request(&mut self, user: UserId, other: UserId, now: Time) -> Outcome {
        refuse!(
            user == other => "Oneself",
            self.is_closed(user) || self.is_closed(other) => "NoSuchAccount",
            self.is_blocked(user, other) => "Blocked",
        );
        let has_crossed = self.asked(other, user);
        for (user_id, contact_id) in [(user, other), (other, user)] {
            let contact = self.contacts.entry((user_id, contact_id)).or_insert(Contact {
                user_id,
                contact_id,
                status: ContactStatus::Pending,
                requested_by: user,
                created_at: now,
                accepted_at: None,
            });
            if has_crossed {
                (contact.status, contact.accepted_at) = (ContactStatus::Accepted, Some(now));
            }
        }
        Ok(Done::Contact(self.contacts[&(user, other)].clone()))
    }

    fn close(&mut self, who: Who, now: Time) -> Outcome {
        let user = self.user(who);
        refuse!(self.is_closed(user) => "NoSuchAccount");
        self.contacts.retain(|(one, other), _| *one != user && *other != user);
        self.blocks.retain(|(one, other), _| *one != user && *other != user);
        for (id, chat) in self.chats.iter_mut().filter(|(_, chat)| chat.role(user).is_some()) {
            match chat.kind {
                ChatKind::Group => drop(chat.depart(*id, user, now)),
                ChatKind::Direct => chat.leave(user, now),
            }
        }
        let Profile { id, last_seen_at, .. } = self.users[who];
        self.users[who] = Profile {
            id,
            username: None,
            display_name: None,
            avatar_url: None,
            status: UserStatus::Offline,
            last_seen_at,
            deleted_at: Some(now),
        };
        Ok(Done::Nothing)
    }

    fn open_direct(&mut self, user: UserId, other: UserId, facts: Facts) -> Outcome {
        let pair = [user.min(other), user.max(other)];
        if let Some((id, _)) = self.chats.iter().find(|(_, chat)| chat.pair == Some(pair)) {
            return Ok(Done::Chat(*id));
        }
        refuse!(!self.are_contacts(user, other) => "NotContacts", self.is_blocked(user, other) => "Blocked");
        let Some(id) = facts.chat else { return Ok(Done::Nothing) };
        let mut chat = Chat {
            kind: ChatKind::Direct,
            name: None,
            slug: None,
            avatar_url: None,
            pair: Some(pair),
            created_at: facts.now,
            deleted_at: None,
            participants: BTreeMap::new(),
            posts: vec![],
        };
        for user in pair {
            chat.join(id, user, ParticipantRole::Member, facts.now);
        }
        self.opened.push(id);
        self.chats.insert(id, chat);
        Ok(Done::Chat(id))
    }

    fn found(&mut self, owner: UserId, others: &[Who], facts: Facts) -> Outcome {
        let mut members: BTreeSet<_> = others.iter().map(|&other| self.user(other)).collect();
        members.remove(&owner);
        refuse!(
            self.is_closed(owner) || members.iter().any(|&user| self.is_closed(user)) => "UserNotFound",
            members.iter().any(|&user| self.is_blocked(owner, user)) => "Blocked",
        );
        let Some(id) = facts.chat else { return Ok(Done::Nothing) };
        let mut chat = Chat {
            kind: ChatKind::Group,
            name: Some("Group".to_owned()),
            slug: None,
            avatar_url: None,
            pair: None,
            created_at: facts.now,
            deleted_at: None,
            participants: BTreeMap::new(),
            posts: vec![],
        };
        let names: Vec<_> = members.iter().map(UserId::to_string).collect();
        let metadata = json!({ "event": "group_created", "actor": owner.to_string(), "members": names });
        chat.record(id, facts.now, metadata, BTreeSet::new());
        chat.join(id, owner, ParticipantRole::Owner, facts.now);
        for user in members {
            chat.join(id, user, ParticipantRole::Member, facts.now);
        }
        self.opened.push(id);
        self.chats.insert(id, chat);
        Ok(Done::Chat(id))
    }

    fn change(&mut self, chat: Where, now: Time, metadata: Value, change: impl FnOnce(&mut Chat)) -> Outcome {
        let (id, group) = self.chat_mut(chat);
        change(group);
        group.record(id, now, metadata, group.members());
        Ok(Done::Nothing)
    }

    fn add(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        let role = self.group_role(chat, actor);
        refuse!(
            role.is_none() => "NotAMember",
            role == Some(ParticipantRole::Member) => "NotAllowed",
            self.is_closed(user) => "UserNotFound",
            self.group_role(chat, user).is_some() => "AlreadyAMember",
            self.is_blocked(actor, user) => "Blocked",
        );
        let (id, group) = self.chat_mut(chat);
        // To those who were there before.
        let metadata = json!({ "event": "member_added", "actor": actor.to_string(), "target": user.to_string() });
        group.record(id, now, metadata, group.members());
        Ok(Done::Participant(group.join(id, user, ParticipantRole::Member, now)))
    }

    fn remove(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        use ParticipantRole::{Admin, Member};
        let (role, other) = (self.group_role(chat, actor), self.group_role(chat, user));
        refuse!(
            role.is_none() => "NotAMember",
            actor == user => "Oneself",
            role == Some(Member) || (role == Some(Admin) && other.is_some_and(|role| role != Member)) => "NotAllowed",
            other.is_none() => "UserNotAMember",
        );
        let (id, group) = self.chat_mut(chat);
        group.leave(user, now);
        let metadata = json!({ "event": "member_removed", "actor": actor.to_string(), "target": user.to_string() });
        group.record(id, now, metadata, group.members());
        Ok(Done::Nothing)
    }

    fn promote(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        let (role, other) = (self.group_role(chat, actor), self.group_role(chat, user));
        refuse!(
            role.is_none() => "NotAMember",
            role.is_some_and(|role| role != ParticipantRole::Owner) => "NotAllowed",
            other.is_none() => "UserNotAMember",
            other == Some(ParticipantRole::Owner) => "IsOwner",
        );
        let metadata = json!({ "event": "member_promoted", "actor": actor.to_string(), "target": user.to_string() });
        self.set_role(chat, user, ParticipantRole::Admin, metadata, now)
    }

    fn demote(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        let (role, other) = (self.group_role(chat, actor), self.group_role(chat, user));
        refuse!(
            role.is_none() => "NotAMember",
            role.is_some_and(|role| role != ParticipantRole::Owner) && actor != user => "NotAllowed",
            other.is_none() => "UserNotAMember",
            other == Some(ParticipantRole::Owner) => "IsOwner",
        );
        let metadata = json!({ "event": "member_demoted", "actor": actor.to_string(), "target": user.to_string() });
        self.set_role(chat, user, ParticipantRole::Member, metadata, now)
    }

    fn set_role(&mut self, chat: Where, user: UserId, role: ParticipantRole, event: Value, now: Time) -> Outcome {
        if self.group_role(chat, user) != Some(role) {
            let (id, group) = self.chat_mut(chat);
            group.participants.get_mut(&user).unwrap().role = role;
            group.record(id, now, event, group.members());
        }
        Ok(Done::Nothing)
    }

    fn transfer(&mut self, actor: UserId, chat: Where, user: UserId, now: Time) -> Outcome {
        let (role, other) = (self.group_role(chat, actor), self.group_role(chat, user));
        refuse!(
            role.is_none() => "NotAMember",
            role.is_some_and(|role| role != ParticipantRole::Owner) => "NotAllowed",
            actor == user => "IsOwner",
            other.is_none() => "UserNotAMember",
        );
        let (id, group) = self.chat_mut(chat);
        group.participants.get_mut(&actor).unwrap().role = ParticipantRole::Admin;
        group.participants.get_mut(&user).unwrap().role = ParticipantRole::Owner;
        let metadata = json!({ "event": "owner_changed", "actor": actor.to_string(), "target": user.to_string() });
        group.record(id, now, metadata, group.members());
        Ok(Done::Nothing)
    }

    fn send(
        &mut self,
        sender: UserId,
        chat: Where,
        reply_to_seq: Option<i64>,
        pictures: Option<usize>,
        words: &Words,
        facts: Facts,
    ) -> Outcome {
        let content = Some(words.to_string()).filter(|content| !content.is_empty());
        refuse!(
            self.role(chat, sender).is_none() => "NotAMember",
            self.is_silenced(chat) => "Blocked",
            reply_to_seq.is_some_and(|seq| self.chat(chat).is_none_or(|chat| chat.post(seq).is_none())) => "ReplyNotFound",
            pictures == Some(0) => "Empty",
            pictures.is_some_and(|count| count > 5) => "TooManyPictures",
        );
        let (id, chat) = self.chat_mut(chat);
        let seq = chat.head() + 1;
        let mut to = chat.members();
        to.remove(&sender);
        let message = Message {
            chat_id: id,
            seq,
            id: facts.message,
            sender_id: Some(sender),
            kind: if pictures.is_some() { MessageKind::Image } else { MessageKind::Text },
            content,
            metadata: json!({}),
            reply_to_seq,
            created_at: facts.now,
            edited_at: None,
            deleted_at: None,
        };
        // Who writes has read what is above.
        for post in &mut chat.posts {
            if let Some(receipt) = post.receipts.get_mut(&sender) {
                receipt.read(facts.now);
            }
        }
        chat.push(message, to);
        chat.post_mut(seq).attachments = (0..pictures.unwrap_or(0))
            .map(|place| Attachment {
                chat_id: id,
                message_seq: seq,
                position: place as i16,
                file_name: "p.png".to_owned(),
                mime_type: ImageType::Png,
                byte_size: 1 + place as i32,
                storage_key: "key".to_owned(),
                medium_key: None,
                thumbnail_key: None,
                width: None,
                height: None,
                created_at: facts.now,
            })
            .collect();
        Ok(Done::Sent { seq, again: false })
    }

    fn send_again(&mut self, sender: UserId, chat: Where, back: Back, facts: Facts) -> Outcome {
        let seq = self.seq(chat, back);
        let before = self.message_id(chat, back).and_then(|_| self.chat(chat)?.post(seq)?.message.sender_id);
        let Some(before) = before else { return self.send(sender, chat, None, None, &again(), facts) };
        refuse!(
            self.role(chat, sender).is_none() => "NotAMember",
            self.is_silenced(chat) => "Blocked",
            before != sender => "IdTaken",
        );
        Ok(Done::Sent { seq, again: true })
    }

    fn edit(&mut self, editor: UserId, chat: Where, seq: i64, words: &Words, now: Time) -> Outcome {
        let content = Some(words.to_string()).filter(|content| !content.is_empty());
        let message = self.chat(chat).and_then(|chat| chat.live(seq)).map(|post| post.message.clone());
        refuse!(
            self.role(chat, editor).is_none() => "NotAMember",
            message.is_none() => "NotFound",
            message.as_ref().is_some_and(|message| message.sender_id != Some(editor)) => "NotAllowed",
            content.is_none() && message.as_ref().is_some_and(|message| message.kind == MessageKind::Text) => "Empty",
        );
        let (chat_id, chat) = self.chat_mut(chat);
        let post = chat.post_mut(seq);
        if post.message.content != content {
            post.edits.push(MessageEdit {
                chat_id,
                message_seq: seq,
                version: post.edits.len() as i32 + 1,
                content: post.message.content.take(),
                edited_at: now,
            });
            (post.message.content, post.message.edited_at) = (content, Some(now));
        }
        Ok(Done::Message(post.message.clone()))
    }

    fn delete(&mut self, actor: UserId, chat: Where, seq: i64, now: Time) -> Outcome {
        let role = self.role(chat, actor);
        let message = self.chat(chat).and_then(|chat| chat.live(seq)).map(|post| post.message.clone());
        let may = |message: &Message| {
            message.sender_id.is_some()
                && (message.sender_id == Some(actor) || role.is_some_and(|role| role != ParticipantRole::Member))
        };
        refuse!(
            role.is_none() => "NotAMember",
            message.is_none() => "NotFound",
            message.as_ref().is_some_and(|message| !may(message)) => "NotAllowed",
        );
        let post = self.chat_mut(chat).1.post_mut(seq);
        post.message = Message { content: None, metadata: json!({}), deleted_at: Some(now), ..post.message.clone() };
        (post.attachments, post.edits, post.reactions) = (vec![], vec![], vec![]);
        Ok(Done::Message(post.message.clone()))
    }

    fn react(&mut self, user: UserId, chat: Where, seq: i64, emoji: &str, now: Time) -> Outcome {
        refuse!(
            self.role(chat, user).is_none() => "NotAMember",
            self.chat(chat).is_none_or(|chat| chat.live(seq).is_none()) => "MessageNotFound",
            self.is_silenced(chat) => "Blocked",
            emoji.is_empty() => "EmojiRefused",
        );
        let reactions = &mut self.chat_mut(chat).1.post_mut(seq).reactions;
        let is_new = !reactions.iter().any(|(by, with, _)| (*by, with.as_str()) == (user, emoji));
        if is_new {
            reactions.push((user, emoji.to_owned(), now));
        }
        Ok(Done::Flag(is_new))
    }

    fn mark(
        &mut self,
        user: UserId,
        chat: Where,
        seq: i64,
        open: impl Fn(&Chat, UserId) -> Vec<i64>,
        mark: impl Fn(&mut Receipt),
    ) -> Outcome {
        refuse!(self.role(chat, user).is_none() => "NotAMember");
        let (_, chat) = self.chat_mut(chat);
        // Where the user is: right before the first message that is open.
        let position = |chat: &Chat| open(chat, user).first().map_or(chat.head(), |first| first - 1);
        let after = position(chat);
        for post in chat.posts.iter_mut().filter(|post| post.message.seq <= seq) {
            if let Some(receipt) = post.receipts.get_mut(&user) {
                mark(receipt);
            }
        }
        // Own messages after the last that was marked are not marked with it.
        let through = after.max(seq.min(chat.head()));
        Ok(Done::Marked { after, through })
    }

    fn import(&mut self, chat: Where, read: bool, batch: &[(Who, Words)], facts: Facts) -> Outcome {
        let was_there = |user| self.chat(chat).is_some_and(|chat| chat.participants.contains_key(&user));
        refuse!(
            self.chat(chat).is_none_or(|chat| chat.deleted_at.is_some()) => "ChatNotFound",
            batch.iter().any(|(who, _)| !was_there(self.user(*who))) => "SenderNotFound",
        );
        let senders: Vec<_> = batch.iter().map(|(who, _)| self.user(*who)).collect();
        let (chat_id, chat) = self.chat_mut(chat);
        for (place, (sender, (_, words))) in senders.into_iter().zip(batch).enumerate() {
            let message = Message {
                chat_id,
                seq: chat.head() + 1,
                id: imported_id(facts.message, place),
                sender_id: Some(sender),
                kind: MessageKind::Text,
                content: Some(words.to_string()),
                metadata: json!({}),
                reply_to_seq: None,
                created_at: imported_at(place),
                edited_at: None,
                deleted_at: None,
            };
            // Sent long ago, when those who left since were there.
            let to = chat.participants.keys().copied().collect();
            let is_member = chat.role(sender).is_some();
            chat.push(message, to);
            let receipts = &mut chat.posts.last_mut().unwrap().receipts;
            if is_member {
                receipts.get_mut(&sender).unwrap().is_senders = true;
            } else {
                receipts.remove(&sender);
            }
        }
        if read {
            let members = chat.members();
            for (user, receipt) in chat.posts.iter_mut().flat_map(|post| &mut post.receipts) {
                if members.contains(user) {
                    receipt.read(facts.now);
                }
            }
        }
        Ok(Done::Imported(batch.len()))
    }
}

/// What is said when a message is sent again that was never sent.
pub fn again() -> Words {
    Words(vec![0])
}
