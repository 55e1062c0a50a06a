//! The model's privacy: what people show to whom, and whom they let do what.

use messenger_db::enums::{DeliveryStatus, UserStatus, Visibility};
use messenger_db::ids::UserId;
use messenger_db::queries::accounts::Profile;
use messenger_db::queries::privacy::{Changes, Privacy};

use super::compare::{Row, receipts_of};
use super::messenger::{Done, Messenger, Outcome, Post, Time};
use super::rules::refuse;

const NOTHING: Changes = Changes { presence_to: None, receipts_to: None, addable_by: None, findable_by: None };

/// What people choose.
pub const CHOICES: [Changes; 6] = [
    Changes { presence_to: Some(Visibility::Contacts), ..NOTHING },
    Changes { presence_to: Some(Visibility::Nobody), receipts_to: Some(Visibility::Nobody), ..NOTHING },
    Changes { receipts_to: Some(Visibility::Contacts), ..NOTHING },
    Changes { addable_by: Some(Visibility::Contacts), findable_by: Some(Visibility::Nobody), ..NOTHING },
    Changes {
        presence_to: Some(Visibility::Everybody),
        receipts_to: Some(Visibility::Everybody),
        addable_by: Some(Visibility::Everybody),
        ..NOTHING
    },
    NOTHING,
];

/// What is chosen at first.
const AT_FIRST: Privacy = Privacy {
    presence_to: Visibility::Everybody,
    receipts_to: Visibility::Everybody,
    addable_by: Visibility::Everybody,
    findable_by: Visibility::Everybody,
};

impl Messenger {
    pub fn privacy_of(&self, user: UserId) -> Privacy {
        self.privacy.get(&user).copied().unwrap_or(AT_FIRST)
    }

    pub fn choose(&mut self, user: UserId, changes: Changes) -> Outcome {
        refuse!(self.is_closed(user) => "NoSuchAccount");
        let before = self.privacy_of(user);
        let now = Privacy {
            presence_to: changes.presence_to.unwrap_or(before.presence_to),
            receipts_to: changes.receipts_to.unwrap_or(before.receipts_to),
            addable_by: changes.addable_by.unwrap_or(before.addable_by),
            findable_by: changes.findable_by.unwrap_or(before.findable_by),
        };
        self.privacy.insert(user, now);
        Ok(Done::Privacy(now))
    }

    fn allows(&self, user: UserId, to: Visibility, other: UserId) -> bool {
        match to {
            Visibility::Everybody => true,
            Visibility::Contacts => self.are_contacts(user, other),
            Visibility::Nobody => false,
        }
    }

    pub fn may_add(&self, actor: UserId, user: UserId) -> bool {
        actor == user || self.allows(user, self.privacy_of(user).addable_by, actor)
    }

    /// The profile of a user as another sees it.
    pub fn seen(&self, reader: UserId, user: UserId) -> Profile {
        let profile = self.users.iter().find(|profile| profile.id == user).unwrap().clone();
        let is_blocked = self.blocks(user, reader);
        if !is_blocked && (user == reader || self.allows(user, self.privacy_of(user).presence_to, reader)) {
            return profile;
        }
        let avatar_url = profile.avatar_url.filter(|_| !is_blocked);
        Profile { status: UserStatus::Offline, last_seen_at: None, avatar_url, ..profile }
    }

    /// The receipts of a message as a reader sees them, by user.
    pub fn receipts_for(&self, reader: UserId, post: &Post) -> Vec<Row> {
        let own = self.privacy_of(reader).receipts_to;
        let shown = |(user, status, delivered, read): Row| {
            let blocked_at = self.blocks.get(&(user, reader));
            let is_since = |time: Option<Time>| blocked_at.is_some_and(|at| time.is_some_and(|time| time > *at));
            if user == reader {
                (user, status, delivered, read)
            } else if is_since(delivered) {
                (user, DeliveryStatus::Pending, None, None)
            } else if is_since(read)
                || (read.is_some()
                    && !(self.allows(user, self.privacy_of(user).receipts_to, reader)
                        && self.allows(reader, own, user)))
            {
                (user, DeliveryStatus::Delivered, delivered, None)
            } else {
                (user, status, delivered, read)
            }
        };
        receipts_of(post).into_iter().map(shown).collect()
    }
}
