//! The model's settings of a chat for one member, mentions and badges.

use std::collections::BTreeSet;

use messenger_db::ids::{ChatId, UserId};
use messenger_db::queries::chat_settings::{Changes, FOR_EVER, Settings};

use super::act::{Where, Words};
use super::messenger::{Chat, Done, Facts, Messenger, Outcome};
use super::rules::refuse;
use crate::queries::chat_settings::UNCHANGED;

/// What is set; the last is refused.
pub const CHANGES: [Changes<'static>; 14] = [
    Changes { muted_until: Some(Some(FOR_EVER)), ..UNCHANGED },
    Changes { muted_until: Some(None), ..UNCHANGED },
    Changes { pin_rank: Some(Some(0)), ..UNCHANGED },
    Changes { pin_rank: Some(Some(3)), ..UNCHANGED },
    Changes { pin_rank: Some(None), ..UNCHANGED },
    Changes { is_archived: Some(true), ..UNCHANGED },
    Changes { is_archived: Some(false), ..UNCHANGED },
    Changes { is_hidden: Some(true), ..UNCHANGED },
    Changes { is_hidden: Some(false), ..UNCHANGED },
    Changes { is_marked_unread: Some(true), ..UNCHANGED },
    Changes { is_marked_unread: Some(false), muted_until: Some(Some(FOR_EVER)), ..UNCHANGED },
    Changes { draft: Some(Some("moss")), ..UNCHANGED },
    Changes { draft: Some(Some("")), ..UNCHANGED },
    Changes { pin_rank: Some(Some(1000)), ..UNCHANGED },
];

/// What a member has set for a chat.
#[derive(Debug, Clone, Default)]
pub struct Set {
    settings: Settings,
    /// How many messages there were when it was hidden.
    hidden_at: Option<i64>,
    /// How far it was read when it was marked as unread.
    marked_at: Option<i64>,
}

impl Chat {
    /// Up to where the user has read it.
    fn read_through(&self, user: UserId) -> i64 {
        self.head() - self.unread(user).len() as i64
    }

    /// How many messages that the user has not read name the user.
    pub fn unread_mentions(&self, user: UserId) -> i64 {
        let unread = self.unread(user);
        let names = |seq: &&i64| self.post(**seq).is_some_and(|post| post.mentions.contains(&user));
        unread.iter().filter(names).count() as i64
    }
}

impl Messenger {
    pub fn set(&mut self, user: UserId, chat: Where, changes: &Changes<'_>) -> Outcome {
        refuse!(
            self.role(chat, user).is_none() => "NotAMember",
            changes.pin_rank.flatten().is_some_and(|rank| rank > 999) => "PinRankInvalid",
        );
        let (id, chat) = self.chat_mut(chat);
        let (head, read) = (chat.head(), chat.read_through(user));
        let set = self.settings.entry((user, id)).or_default();
        let settings = &mut set.settings;
        settings.muted_until = changes.muted_until.unwrap_or(settings.muted_until);
        settings.pin_rank = changes.pin_rank.unwrap_or(settings.pin_rank);
        settings.is_archived = changes.is_archived.unwrap_or(settings.is_archived);
        if let Some(draft) = changes.draft {
            settings.draft = draft.filter(|draft| !draft.is_empty()).map(str::to_owned);
        }
        if let Some(is_hidden) = changes.is_hidden {
            set.hidden_at = is_hidden.then_some(head);
        }
        if let Some(is_marked) = changes.is_marked_unread {
            set.marked_at = is_marked.then_some(read);
        }
        Ok(Done::Settings(self.settings_of(user, id)))
    }

    /// What the user has set for a chat, as it is now.
    pub fn settings_of(&self, user: UserId, chat_id: ChatId) -> Settings {
        let Some(set) = self.settings.get(&(user, chat_id)) else { return Settings::default() };
        let chat = &self.chats[&chat_id];
        Settings {
            is_hidden: set.hidden_at.is_some_and(|at| chat.head() <= at),
            is_marked_unread: set.marked_at.is_some_and(|at| chat.read_through(user) <= at),
            ..set.settings.clone()
        }
    }

    /// With the membership, the settings are gone.
    pub fn forget_settings(&mut self) {
        let chats = &self.chats;
        self.settings.retain(|(user, chat), _| chats[chat].role(*user).is_some());
    }

    /// Sends a message that names somebody.
    pub fn name(&mut self, sender: UserId, chat: Where, named: UserId, words: &Words, facts: Facts) -> Outcome {
        if named != sender && self.role(chat, named).is_none() {
            let mut refusals = self.clone().send(sender, chat, None, None, words, facts).err().unwrap_or_default();
            refusals.push("MentionNotAMember");
            return Err(refusals);
        }
        let sent = self.send(sender, chat, None, None, words, facts)?;
        if named != sender {
            let (_, chat) = self.chat_mut(chat);
            chat.post_mut(chat.head()).mentions = BTreeSet::from([named]);
        }
        Ok(sent)
    }

    /// What is unread, but of the chats that are muted only what names the user.
    pub fn badge(&self, user: UserId) -> i64 {
        let of_chat = |(id, chat): (ChatId, &Chat)| match self.settings_of(user, id).muted_until {
            Some(_) => chat.unread_mentions(user),
            None => chat.counted_as_unread(user),
        };
        self.chats_of(user).map(of_chat).sum()
    }
}
