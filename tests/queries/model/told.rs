//! Tells an act so that a person can read it.

use std::fmt;

use super::act::{Act, EMOJI, NAMES, TITLES, Who};
use super::chat_settings::CHANGES;
use super::group_changes::CHANGES as GROUP_CHANGES;
use super::privacy::CHOICES;
use super::uploads::{PROCESSED, SIZES};

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
            Self::Change(a, chat, change) => write!(f, "{} changes chat {chat}: {:?}", n(a), GROUP_CHANGES[*change]),
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
