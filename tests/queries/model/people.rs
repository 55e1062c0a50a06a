//! The model's people: contacts, direct chats, closed accounts.

use std::collections::BTreeMap;

use messenger_db::enums::{ChatKind, ContactStatus, ParticipantRole, UserStatus};
use messenger_db::ids::UserId;
use messenger_db::models::Contact;
use messenger_db::queries::accounts::Profile;

use super::act::Who;
use super::group_changes::Fields;
use super::messenger::{Chat, Done, Facts, Messenger, Outcome, Time};
use super::rules::refuse;

impl Messenger {
    /// Whether the one has asked the other, who has not answered.
    pub fn asked(&self, one: UserId, other: UserId) -> bool {
        let contact = self.contacts.get(&(one, other));
        contact.is_some_and(|contact| contact.status == ContactStatus::Pending && contact.requested_by == one)
    }

    pub fn are_contacts(&self, one: UserId, other: UserId) -> bool {
        self.contacts.get(&(one, other)).is_some_and(|contact| contact.status == ContactStatus::Accepted)
    }

    pub fn part(&mut self, one: UserId, other: UserId) {
        self.contacts.remove(&(one, other));
        self.contacts.remove(&(other, one));
    }

    pub fn request(&mut self, user: UserId, other: UserId, now: Time) -> Outcome {
        refuse!(
            user == other => "Oneself",
            self.is_closed(user) || self.is_closed(other) => "NoSuchAccount",
            self.blocks(other, user) => "NoSuchAccount",
            self.blocks(user, other) => "Blocked",
            !self.contacts.contains_key(&(user, other)) && self.declined.contains(&(user, other)) => "DeclinedRecently",
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

    pub fn close(&mut self, who: Who, now: Time) -> Outcome {
        let user = self.user(who);
        refuse!(self.is_closed(user) => "NoSuchAccount");
        self.contacts.retain(|(one, other), _| *one != user && *other != user);
        self.blocks.retain(|(one, other), _| *one != user && *other != user);
        self.declined.retain(|(one, other)| *one != user && *other != user);
        for (id, chat) in self.chats.iter_mut().filter(|(_, chat)| chat.role(user).is_some()) {
            match chat.kind {
                ChatKind::Group => drop(chat.depart(*id, user, now)),
                ChatKind::Direct => {
                    chat.next_version();
                    chat.leave(user, now);
                }
            }
        }
        self.users[who] = Profile {
            username: None,
            display_name: None,
            avatar_url: None,
            status: UserStatus::Offline,
            last_seen_at: Some(now),
            deleted_at: Some(now),
            ..self.users[who].clone()
        };
        Ok(Done::Nothing)
    }

    pub fn open_direct(&mut self, user: UserId, other: UserId, facts: Facts) -> Outcome {
        let pair = [user.min(other), user.max(other)];
        if let Some((id, _)) = self.chats.iter().find(|(_, chat)| chat.pair == Some(pair)) {
            return Ok(Done::Chat(*id));
        }
        refuse!(
            !self.are_contacts(user, other) || self.blocks(other, user) => "NotContacts",
            self.blocks(user, other) => "Blocked",
        );
        let Some(id) = facts.chat else { return Ok(Done::Nothing) };
        let mut chat = Chat {
            kind: ChatKind::Direct,
            fields: Fields::new(None),
            pair: Some(pair),
            created_at: facts.now,
            deleted_at: None,
            participants: BTreeMap::new(),
            unseen: BTreeMap::new(),
            posts: vec![],
            version: 0,
        };
        for user in pair {
            chat.join(id, user, ParticipantRole::Member, facts.now);
        }
        self.opened.push(id);
        self.chats.insert(id, chat);
        Ok(Done::Chat(id))
    }
}
