//! What may happen in the model's messenger, told so that a person can read it.
//!
//! Users and chats are numbers, and a message is counted from its chat's newest: so whatever is left out of a sequence
//! when it is shrunk, the rest still means something.

use std::fmt;

use messenger_db::enums::{ParticipantRole, UserStatus};
use messenger_db::queries::import::History;
use proptest::prelude::*;

use super::chat_settings::CHANGES;
use super::messenger::{Chat, Messenger};
use super::privacy::CHOICES;
use super::uploads::{PROCESSED, SIZES};

/// Who appears.
pub const NAMES: [&str; 6] = ["ann", "ben", "cyd", "dan", "eve", "fay"];
/// Words without endings, which a search finds as they are.
pub const WORDS: [&str; 5] = ["moss", "fjord", "lynx", "birch", "quartz"];
/// Names of groups; the last is none.
pub const TITLES: [&str; 3] = ["Hikers", "Readers", ""];
/// Links of groups; the last is none that can be.
pub const SLUGS: [Option<&str>; 4] = [Some("hikers"), Some("readers"), None, Some("no link")];
/// Reactions; the last is none.
pub const EMOJI: [&str; 3] = ["👍", "🎉", ""];

/// Who, by the place in [`NAMES`]; or one of those below, who are somebody in the chat that the act is about.
pub type Who = usize;
/// The owner of the group.
const OWNER: Who = NAMES.len();
/// Who sent the message.
const SENDER: Who = OWNER + 1;
/// The first member, and two more.
const MEMBER: Who = OWNER + 2;
/// Who is not a member.
const OUTSIDER: Who = MEMBER + 3;
/// An admin of the group.
const ADMIN: Who = OUTSIDER + 1;
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
    Rename(Who, Where, usize),
    Link(Who, Where, usize),
    Paint(Who, Where, bool),
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
    Veil(Who, Where, bool),
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
            Self::Rename(_, chat, _)
            | Self::Link(_, chat, _)
            | Self::Paint(_, chat, _)
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
            | Self::Attach(_, chat, _)
            | Self::Veil(_, chat, _) => Some(chat),
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
            | Self::Rename(a, ..)
            | Self::Link(a, ..)
            | Self::Paint(a, ..)
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
            | Self::Clear(a, ..)
            | Self::Veil(a, ..) => vec![a],
            Self::Found(a, others) => std::iter::once(a).chain(others).collect(),
            Self::Process(..) | Self::Abandon(_) | Self::Expel(_) => vec![],
            Self::Import(_, _, batch) => batch.iter_mut().map(|(who, _)| who).collect(),
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SOMEBODY: [&str; 7] = [
            "the owner",
            "the sender",
            "the first member",
            "the second member",
            "the third member",
            "an outsider",
            "an admin",
        ];
        let n = |who: &Who| NAMES.iter().chain(&SOMEBODY).nth(*who).copied().unwrap_or_default();
        let all = |who: &[Who]| who.iter().map(n).collect::<Vec<_>>().join(", ");
        match self {
            Self::Request(a, b) => write!(f, "{} asks {} to be a contact", n(a), n(b)),
            Self::Accept(a, b) => write!(f, "{} accepts {}", n(a), n(b)),
            Self::Decline(a, b) => write!(f, "{} declines {}", n(a), n(b)),
            Self::Part(a, b) => write!(f, "{} removes the contact {}", n(a), n(b)),
            Self::Block(a, b) => write!(f, "{} blocks {}", n(a), n(b)),
            Self::Unblock(a, b) => write!(f, "{} unblocks {}", n(a), n(b)),
            Self::Presence(a, status) => write!(f, "{} is {status:?}", n(a)),
            Self::Call(a, name) => write!(f, "{} takes the display name {:?}", n(a), name.map(|name| TITLES[name])),
            Self::Close(a) => write!(f, "{} closes the account", n(a)),
            Self::OpenDirect(a, b) => write!(f, "{} opens the direct chat with {}", n(a), n(b)),
            Self::Found(a, others) => write!(f, "{} creates a group with [{}]", n(a), all(others)),
            Self::Rename(a, chat, name) => write!(f, "{} renames chat {chat} to {:?}", n(a), TITLES[*name]),
            Self::Link(a, chat, slug) => write!(f, "{} gives chat {chat} the link {:?}", n(a), SLUGS[*slug]),
            Self::Paint(a, chat, avatar) => write!(f, "{} gives chat {chat} a picture: {avatar}", n(a)),
            Self::Add(a, chat, b) => write!(f, "{} adds {} to chat {chat}", n(a), n(b)),
            Self::Remove(a, chat, b) => write!(f, "{} removes {} from chat {chat}", n(a), n(b)),
            Self::Leave(a, chat) => write!(f, "{} leaves chat {chat}", n(a)),
            Self::Promote(a, chat, b) => write!(f, "{} promotes {} in chat {chat}", n(a), n(b)),
            Self::Demote(a, chat, b) => write!(f, "{} demotes {} in chat {chat}", n(a), n(b)),
            Self::Transfer(a, chat, b) => write!(f, "{} passes chat {chat} on to {}", n(a), n(b)),
            Self::Disband(a, chat) => write!(f, "{} deletes chat {chat}", n(a)),
            Self::Say(a, chat, words) => write!(f, "{} sends \"{words}\" to chat {chat}", n(a)),
            Self::Answer(a, chat, back, words) => {
                write!(f, "{} answers the newest{back:+} of chat {chat}: \"{words}\"", n(a), back = -back)
            }
            Self::Show(a, chat, count, words) => {
                write!(f, "{} sends {count} pictures and \"{words}\" to chat {chat}", n(a))
            }
            Self::SayAgain(a, chat, back) => {
                write!(f, "{} sends the newest{back:+} of chat {chat} again", n(a), back = -back)
            }
            Self::Edit(a, chat, back, words) => {
                write!(f, "{} edits the newest{back:+} of chat {chat}: \"{words}\"", n(a), back = -back)
            }
            Self::Delete(a, chat, back) => write!(f, "{} deletes the newest{:+} of chat {chat}", n(a), -back),
            Self::React(a, chat, back, emoji) => {
                write!(f, "{} reacts to the newest{:+} of chat {chat} with {:?}", n(a), -back, EMOJI[*emoji])
            }
            Self::Unreact(a, chat, back, emoji) => {
                write!(f, "{} takes {:?} back from the newest{:+} of chat {chat}", n(a), EMOJI[*emoji], -back)
            }
            Self::Receive(a, chat, back) => write!(f, "{} receives chat {chat} up to the newest{:+}", n(a), -back),
            Self::Read(a, chat, back) => write!(f, "{} reads chat {chat} up to the newest{:+}", n(a), -back),
            Self::Name(a, chat, b, words) => write!(f, "{} names {} in chat {chat}: \"{words}\"", n(a), n(b)),
            Self::Set(a, chat, change) => write!(f, "{} sets {:?} for chat {chat}", n(a), CHANGES[*change]),
            Self::Hide(a, chat, back) => {
                write!(f, "{} deletes the newest{:+} of chat {chat} for themselves", n(a), -back)
            }
            Self::Clear(a, chat, back) => write!(f, "{} clears chat {chat} up to the newest{:+}", n(a), -back),
            Self::Veil(a, chat, sees_all) => write!(f, "{} lets newcomers of chat {chat} see all: {sees_all}", n(a)),
            Self::Upload(a, size) => write!(f, "{} begins an upload of {} bytes", n(a), SIZES[*size]),
            Self::Attach(a, chat, back) => {
                write!(f, "{} sends the last upload{:+} to chat {chat}", n(a), -(*back as i64))
            }
            Self::Process(back, what) => write!(f, "the last upload{:+} is {:?}", -(*back as i64), PROCESSED[*what]),
            Self::Abandon(forget) => write!(f, "what nobody attached is given up, and forgotten: {forget}"),
            Self::Register(a, token) => write!(f, "{} is reached by token {token}", n(a)),
            Self::Unregister(a) => write!(f, "{} is no longer reached", n(a)),
            Self::Expel(token) => write!(f, "token {token} is no longer good"),
            Self::Choose(a, choice) => write!(f, "{} chooses {:?}", n(a), CHOICES[*choice]),
            Self::Import(chat, read, batch) => {
                let batch: Vec<_> = batch.iter().map(|(who, words)| format!("{}: \"{words}\"", n(who))).collect();
                write!(f, "chat {chat} imports {} as {}", batch.join(", "), if *read { "read" } else { "unread" })
            }
        }
    }
}

/// An act, and how it is looked at.
#[derive(Debug, Clone)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// Whether within a transaction of the caller's.
    pub nested: bool,
    /// Who looks at everything afterwards.
    pub reader: Who,
    /// What places the pages and the search that they ask for.
    pub place: i64,
}

/// What happens in one case, from its beginning.
#[derive(Clone)]
pub struct Story(pub Vec<Step>);

impl fmt::Debug for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Step { act, nested, reader, place }) in self.0.iter().enumerate() {
            let nested = if *nested { " (in a transaction)" } else { "" };
            write!(f, "\n{number:>4}. {act}{nested}; then {} looks ({place})", NAMES[*reader])?;
        }
        Ok(())
    }
}

/// What happens before every story: without it, most of what is tried would be refused.
pub fn beginning() -> Vec<Step> {
    let acts = [
        Act::Request(0, 1),
        Act::Accept(1, 0),
        Act::Found(0, vec![1, 2, 3]),
        Act::OpenDirect(0, 1),
        Act::Found(1, vec![0, 4]),
    ];
    steps(acts)
}

/// What succeeds too seldom by chance.
pub fn seldom() -> Story {
    Story(steps([
        Act::Request(5, 4),
        Act::Decline(4, 5),
        Act::Request(3, 4),
        Act::Accept(4, 3),
        Act::Part(3, 4),
        Act::Upload(1, 0),
        Act::Process(0, 0),
        Act::Attach(1, 0, 0),
        Act::Process(0, 1),
        Act::Upload(2, 0),
        Act::Abandon(false),
        Act::Attach(2, 0, 0),
        Act::Abandon(true),
        Act::Register(2, 1),
        Act::Say(0, 0, Words(vec![0])),
        Act::Unregister(2),
        Act::Expel(3),
    ]))
}

fn steps(acts: impl IntoIterator<Item = Act>) -> Vec<Step> {
    acts.into_iter().map(|act| Step { act, nested: false, reader: 0, place: 0 }).collect()
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![2 => Just(0_usize), 4 => 1..3_usize, 3 => 3..NAMES.len()]
}

fn member() -> impl Strategy<Value = Who> {
    prop_oneof![6 => MEMBER..MEMBER + 3, 1 => who()]
}

fn sender() -> impl Strategy<Value = Who> {
    prop_oneof![5 => Just(SENDER), 1 => Just(OWNER), 1 => Just(ADMIN), 1 => who()]
}

fn boss() -> impl Strategy<Value = Who> {
    prop_oneof![4 => Just(OWNER), 2 => Just(ADMIN), 1 => who()]
}

fn stranger() -> impl Strategy<Value = Who> {
    prop_oneof![4 => Just(OUTSIDER), 1 => who()]
}

fn place() -> impl Strategy<Value = Where> {
    prop_oneof![9 => Just(0_usize), 3 => Just(1_usize), 2 => 2..5_usize]
}

fn back() -> impl Strategy<Value = Back> {
    prop_oneof![8 => Just(0_i64), 8 => 1..4_i64, 3 => 4..12_i64, 1 => Just(-1_i64)]
}

/// A device receives what there is; a person reads a part of it.
fn received() -> impl Strategy<Value = Back> {
    prop_oneof![5 => Just(0_i64), 1 => back()]
}

fn read() -> impl Strategy<Value = Back> {
    prop_oneof![2 => Just(0_i64), 5 => 1..5_i64, 1 => back()]
}

fn words() -> impl Strategy<Value = Words> {
    let some = prop::collection::vec(0..WORDS.len(), 1..4);
    // More than an inbox shows.
    let many = prop::collection::vec(0..WORDS.len(), 25..30);
    prop_oneof![9 => some, 1 => many].prop_map(Words)
}

fn wording() -> impl Strategy<Value = Words> {
    prop_oneof![5 => words(), 1 => Just(Words(Vec::new()))]
}

fn emoji() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 0..2_usize, 1 => Just(2_usize)]
}

fn status() -> impl Strategy<Value = UserStatus> {
    prop_oneof![Just(UserStatus::Online), Just(UserStatus::Away), Just(UserStatus::Offline)]
}

fn act() -> impl Strategy<Value = Act> {
    let people = prop_oneof![
        3 => (who(), who()).prop_map(|(a, b)| Act::Request(a, b)),
        2 => (who(), who()).prop_map(|(a, b)| Act::Accept(a, b)),
        1 => (who(), who()).prop_map(|(a, b)| Act::Decline(a, b)),
        1 => (who(), who()).prop_map(|(a, b)| Act::Part(a, b)),
        2 => (who(), who()).prop_map(|(a, b)| Act::Block(a, b)),
        // Two who are contacts from the beginning.
        2 => prop_oneof![Just(Act::Block(0, 1)), Just(Act::Request(0, 1)), Just(Act::Request(1, 0))],
        3 => (who(), who()).prop_map(|(a, b)| Act::Unblock(a, b)),
        2 => (who(), status()).prop_map(|(a, status)| Act::Presence(a, status)),
        1 => (who(), prop::option::of(0..2_usize)).prop_map(|(a, name)| Act::Call(a, name)),
        2 => (who(), who()).prop_map(|(a, b)| Act::OpenDirect(a, b)),
    ]
    .boxed();
    let groups = prop_oneof![
        1 => (who(), prop::collection::vec(who(), 0..5)).prop_map(|(a, others)| Act::Found(a, others)),
        1 => (boss(), place(), 0..TITLES.len()).prop_map(|(a, chat, name)| Act::Rename(a, chat, name)),
        1 => (boss(), place(), 0..SLUGS.len()).prop_map(|(a, chat, slug)| Act::Link(a, chat, slug)),
        1 => (boss(), place(), any::<bool>()).prop_map(|(a, chat, avatar)| Act::Paint(a, chat, avatar)),
        1 => (boss(), place(), any::<bool>()).prop_map(|(a, chat, sees_all)| Act::Veil(a, chat, sees_all)),
        7 => (boss(), place(), stranger()).prop_map(|(a, chat, b)| Act::Add(a, chat, b)),
        4 => (boss(), place(), member()).prop_map(|(a, chat, b)| Act::Remove(a, chat, b)),
        3 => (member(), place()).prop_map(|(a, chat)| Act::Leave(a, chat)),
        3 => (boss(), place(), member()).prop_map(|(a, chat, b)| Act::Promote(a, chat, b)),
        2 => (boss(), place(), member()).prop_map(|(a, chat, b)| Act::Demote(a, chat, b)),
        2 => (boss(), place(), member()).prop_map(|(a, chat, b)| Act::Transfer(a, chat, b)),
    ]
    .boxed();
    let messages = prop_oneof![
        10 => (member(), place(), words()).prop_map(|(a, chat, words)| Act::Say(a, chat, words)),
        3 => (member(), place(), back(), words()).prop_map(|(a, chat, back, words)| Act::Answer(a, chat, back, words)),
        3 => (member(), place(), 0..7_usize, wording()).prop_map(|(a, chat, count, words)| Act::Show(a, chat, count, words)),
        2 => (sender(), place(), back()).prop_map(|(a, chat, back)| Act::SayAgain(a, chat, back)),
        4 => (sender(), place(), back(), wording()).prop_map(|(a, chat, back, words)| Act::Edit(a, chat, back, words)),
        5 => (sender(), place(), back()).prop_map(|(a, chat, back)| Act::Delete(a, chat, back)),
        7 => (member(), place(), back(), emoji()).prop_map(|(a, chat, back, emoji)| Act::React(a, chat, back, emoji)),
        2 => (member(), place(), back(), emoji()).prop_map(|(a, chat, back, emoji)| Act::Unreact(a, chat, back, emoji)),
        2 => (place(), any::<bool>(), prop::collection::vec((member(), words()), 1..4))
            .prop_map(|(chat, read, batch)| Act::Import(chat, read, batch)),
    ]
    .boxed();
    let own = prop_oneof![
        3 => (member(), place(), 0..CHANGES.len()).prop_map(|(a, chat, change)| Act::Set(a, chat, change)),
        1 => (who(), 0..CHOICES.len()).prop_map(|(a, choice)| Act::Choose(a, choice)),
        2 => (member(), place(), back()).prop_map(|(a, chat, back)| Act::Hide(a, chat, back)),
        1 => (member(), place(), read()).prop_map(|(a, chat, back)| Act::Clear(a, chat, back)),
        2 => (member(), place(), member(), words()).prop_map(|(a, chat, b, words)| Act::Name(a, chat, b, words)),
    ]
    .boxed();
    let files = prop_oneof![
        3 => (who(), prop_oneof![5 => Just(0), 1 => Just(1)]).prop_map(|(a, size)| Act::Upload(a, size)),
        4 => (prop_oneof![6 => Just(SENDER), 1 => who()], place(), 0..3_usize)
            .prop_map(|(a, chat, back)| Act::Attach(a, chat, back)),
        3 => (0..4_usize, 0..PROCESSED.len()).prop_map(|(back, what)| Act::Process(back, what)),
        1 => any::<bool>().prop_map(Act::Abandon),
        3 => (who(), 0..NAMES.len()).prop_map(|(a, token)| Act::Register(a, token)),
        1 => who().prop_map(Act::Unregister),
        1 => (0..NAMES.len()).prop_map(Act::Expel),
    ]
    .boxed();
    let receipts = prop_oneof![
        (member(), place(), received()).prop_map(|(a, chat, back)| Act::Receive(a, chat, back)),
        (member(), place(), read()).prop_map(|(a, chat, back)| Act::Read(a, chat, back)),
    ]
    .boxed();
    let ends = prop_oneof![who().prop_map(Act::Close), (boss(), place()).prop_map(|(a, chat)| Act::Disband(a, chat)),];
    prop_oneof![14 => people, 19 => groups, 42 => messages, 24 => receipts, 14 => own, 12 => files, 1 => ends]
}

fn step() -> impl Strategy<Value = Step> {
    (act(), any::<bool>(), who(), 0..1000_i64).prop_map(|(act, nested, reader, place)| Step {
        act,
        nested,
        reader,
        place,
    })
}

/// Stories of up to so many acts.
pub fn stories(length: usize) -> impl Strategy<Value = Story> {
    prop::collection::vec(step(), 1..=length).prop_map(Story)
}
