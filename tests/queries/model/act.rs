//! What may happen in the model's messenger.
//!
//! Users and chats are numbers, and a message is counted from its chat's newest: so whatever is left out of a sequence
//! when it is shrunk, the rest still means something.

use std::fmt;

use messenger_db::enums::{ParticipantRole, UserStatus};
use messenger_db::queries::import::History;

use super::messenger::{Chat, Messenger};

/// Who appears.
pub const NAMES: [&str; 6] = ["ann", "ben", "cyd", "dan", "eve", "fay"];
/// Words without endings, which a search finds as they are.
pub const WORDS: [&str; 5] = ["moss", "fjord", "lynx", "birch", "quartz"];
/// Display names; the last is none.
pub const TITLES: [&str; 3] = ["Hikers", "Readers", ""];
/// Reactions; the last is none.
pub const EMOJI: [&str; 3] = ["👍", "🎉", ""];

/// Who, by the place in [`NAMES`]; or one of those below, who are somebody in the chat that the act is about.
pub type Who = usize;
/// The owner of the group.
pub const OWNER: Who = NAMES.len();
/// Who sent the message.
pub const SENDER: Who = OWNER + 1;
/// The first member, and two more.
pub const MEMBER: Who = OWNER + 2;
/// Who is not a member.
pub const OUTSIDER: Who = MEMBER + 3;
/// An admin of the group.
pub const ADMIN: Who = OUTSIDER + 1;
/// Which chat, in the order in which they were opened.
pub type Where = usize;
/// How many messages before the newest of its chat.
pub type Back = i64;

/// Words, by their places in [`WORDS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(pub Vec<usize>);

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|&word| WORDS[word]).collect();
        f.write_str(&words.join(" "))
    }
}

/// One act.
#[derive(Debug, Clone)]
pub enum Act {
    Request(Who, Who),
    Accept(Who, Who),
    Decline(Who, Who),
    Part(Who, Who),
    Block(Who, Who),
    Unblock(Who, Who),
    Presence(Who, UserStatus),
    Call(Who, Option<usize>),
    Close(Who),
    OpenDirect(Who, Who),
    Found(Who, Vec<Who>),
    Change(Who, Where, usize),
    Add(Who, Where, Who),
    Remove(Who, Where, Who),
    Leave(Who, Where),
    Promote(Who, Where, Who),
    Demote(Who, Where, Who),
    Transfer(Who, Where, Who),
    Disband(Who, Where),
    Say(Who, Where, Words),
    Answer(Who, Where, Back, Words),
    Show(Who, Where, usize, Words),
    SayAgain(Who, Where, Back),
    Edit(Who, Where, Back, Words),
    Delete(Who, Where, Back),
    React(Who, Where, Back, usize),
    Unreact(Who, Where, Back, usize),
    Receive(Who, Where, Back),
    Read(Who, Where, Back),
    Import(Where, bool, Vec<(Who, Words)>),
    Name(Who, Where, Who, Words),
    Set(Who, Where, usize),
    Choose(Who, usize),
    Hide(Who, Where, Back),
    Clear(Who, Where, Back),
    Upload(Who, usize),
    /// One of the last uploads; the sender is who began it.
    Attach(Who, Where, usize),
    Process(usize, usize),
    Abandon(bool),
    Register(Who, usize),
    Unregister(Who),
    Expel(usize),
}

impl Act {
    /// Whether the members have read what is imported.
    pub const fn history(read: bool) -> History {
        if read { History::Read } else { History::Unread }
    }

    /// The chat that it is about.
    pub const fn chat(&self) -> Option<Where> {
        match *self {
            Self::Change(_, chat, _)
            | Self::Add(_, chat, _)
            | Self::Remove(_, chat, _)
            | Self::Leave(_, chat)
            | Self::Promote(_, chat, _)
            | Self::Demote(_, chat, _)
            | Self::Transfer(_, chat, _)
            | Self::Disband(_, chat)
            | Self::Say(_, chat, _)
            | Self::Answer(_, chat, ..)
            | Self::Show(_, chat, ..)
            | Self::SayAgain(_, chat, _)
            | Self::Edit(_, chat, ..)
            | Self::Delete(_, chat, _)
            | Self::React(_, chat, ..)
            | Self::Unreact(_, chat, ..)
            | Self::Receive(_, chat, _)
            | Self::Read(_, chat, _)
            | Self::Import(chat, ..)
            | Self::Name(_, chat, ..)
            | Self::Set(_, chat, _)
            | Self::Hide(_, chat, _)
            | Self::Clear(_, chat, _)
            | Self::Attach(_, chat, _) => Some(chat),
            _ => None,
        }
    }
}

impl Act {
    /// The act with everybody by name, as things are now.
    pub fn cast(mut self, messenger: &Messenger) -> Self {
        let Some(number) = self.chat() else { return self };
        let chat = messenger.chat(number);
        // What can be changed is what people said.
        let said =
            chat.into_iter().flat_map(|chat| chat.posts.iter().rev().filter(|post| post.message.sender_id.is_some()));
        let said: Vec<_> = said.map(|post| post.message.seq).collect();
        let mut back = 0;
        if let Self::SayAgain(_, _, of) | Self::Edit(_, _, of, _) | Self::Delete(_, _, of) = &mut self {
            if let Some(seq) = usize::try_from(*of).ok().and_then(|of| said.get(of)) {
                *of = messenger.seq(number, 0) - seq.get();
            }
            back = *of;
        }
        let upload = if let Self::Attach(_, _, back) = &self { Some(*back) } else { None };
        let members = chat.map(Chat::members).unwrap_or_default();
        let place = |user| messenger.users.iter().position(|profile| Some(profile.id) == user);
        let a =
            |role| place(members.iter().copied().find(|user| chat.is_some_and(|chat| chat.role(*user) == Some(role))));
        let name = |who: Who| match who {
            OWNER => a(ParticipantRole::Owner),
            ADMIN => a(ParticipantRole::Admin),
            SENDER if upload.is_some() => place(upload.and_then(|back| messenger.upload_owner(back))),
            SENDER => place(
                chat.and_then(|chat| chat.post(messenger.seq(number, back))).and_then(|post| post.message.sender_id),
            ),
            OUTSIDER => messenger.users.iter().position(|profile| !members.contains(&profile.id)),
            MEMBER.. => place(members.iter().nth((who - MEMBER) % members.len().max(1)).copied()),
            _ => Some(who),
        };
        for who in self.people() {
            *who = name(*who).unwrap_or(*who % NAMES.len());
        }
        self
    }

    fn people(&mut self) -> Vec<&mut Who> {
        match self {
            Self::Request(a, b)
            | Self::Accept(a, b)
            | Self::Decline(a, b)
            | Self::Part(a, b)
            | Self::Block(a, b)
            | Self::Unblock(a, b)
            | Self::OpenDirect(a, b)
            | Self::Add(a, _, b)
            | Self::Remove(a, _, b)
            | Self::Promote(a, _, b)
            | Self::Demote(a, _, b)
            | Self::Transfer(a, _, b)
            | Self::Name(a, _, b, _) => vec![a, b],
            Self::Presence(a, _)
            | Self::Call(a, _)
            | Self::Close(a)
            | Self::Change(a, ..)
            | Self::Leave(a, _)
            | Self::Disband(a, _)
            | Self::Say(a, ..)
            | Self::Answer(a, ..)
            | Self::Show(a, ..)
            | Self::SayAgain(a, ..)
            | Self::Edit(a, ..)
            | Self::Delete(a, ..)
            | Self::React(a, ..)
            | Self::Unreact(a, ..)
            | Self::Receive(a, ..)
            | Self::Read(a, ..)
            | Self::Set(a, ..)
            | Self::Choose(a, _)
            | Self::Upload(a, _)
            | Self::Attach(a, ..)
            | Self::Register(a, _)
            | Self::Unregister(a)
            | Self::Hide(a, ..)
            | Self::Clear(a, ..) => vec![a],
            Self::Found(a, others) => std::iter::once(a).chain(others).collect(),
            Self::Process(..) | Self::Abandon(_) | Self::Expel(_) => vec![],
            Self::Import(_, _, batch) => batch.iter_mut().map(|(who, _)| who).collect(),
        }
    }
}
