//! A device that keeps what it was told in memory, goes away and comes back: through the changes since its state, or by
//! loading everything anew. Both must end the same.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use messenger_db::enums::{ParticipantRole, UserStatus};
use messenger_db::error::Error;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models::{Block, Chat, Contact};
use messenger_db::page::Limit;
use messenger_db::queries::accounts::{self, Profile};
use messenger_db::queries::changes::{self, ChangesRefused, Page, State};
use messenger_db::queries::chat_settings::{self, Settings};
use messenger_db::queries::chats;
use messenger_db::queries::history::{self, Entry};
use messenger_db::schema::{blocks, contacts, unread_messages};
use messenger_db::seq::Seq;

use super::cast::by;

/// What a device keeps of a chat.
#[derive(Debug, Clone, PartialEq)]
struct Kept {
    chat: Chat,
    members: BTreeMap<UserId, (ParticipantRole, DateTime<Utc>)>,
    messages: BTreeMap<Seq, Entry>,
    last_read_seq: Seq,
    settings: Settings,
}

/// What a device keeps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    chats: BTreeMap<ChatId, Kept>,
    contacts: BTreeMap<UserId, Contact>,
    blocks: BTreeMap<UserId, Block>,
    profiles: BTreeMap<UserId, Profile>,
}

/// A device of a user.
pub struct Device {
    pub user: UserId,
    pub state: State,
    pub memory: Memory,
}

/// Without what is told of presence by other ways.
fn absent(profile: Profile) -> Profile {
    Profile { status: UserStatus::Offline, last_seen_at: None, ..profile }
}

/// A message as a device keeps it: what it quotes, it takes from what it has.
fn unquoted(entry: Entry) -> (Seq, Entry) {
    (entry.message.seq, Entry { reply_to: None, ..entry })
}

impl Kept {
    /// `None`: the membership has just ended.
    fn load(
        conn: &mut PgConnection,
        user: UserId,
        chat_id: ChatId,
        last_read_seq: Seq,
    ) -> Option<(Self, Vec<Profile>)> {
        let chat = chats::get(conn, by(user), chat_id).ok()?;
        let listed = chats::all_members(conn, by(user), chat_id).ok()?;
        let members = listed.iter().map(|member| (member.profile.id, (member.role, member.joined_at))).collect();
        let mut messages = BTreeMap::new();
        let mut after = Some(Seq::ZERO);
        while let Some(seq) = after {
            let page = history::after(conn, by(user), chat_id, seq, Limit::MAX).ok()?;
            after = page.newer_after;
            messages.extend(page.entries.into_iter().map(unquoted));
        }
        let people = listed.into_iter().map(|member| member.profile).collect();
        let settings = chat_settings::get(conn, by(user), chat_id).ok()?;
        Some((Self { chat, members, messages, last_read_seq, settings }, people))
    }
}

impl Memory {
    /// And the chats that could not be loaded.
    fn load(conn: &mut PgConnection, user: UserId) -> (Self, Vec<ChatId>) {
        let mut memory = Self::default();
        let mut missing = Vec::new();
        // The archived and the hidden ones, too.
        let positions: Vec<(ChatId, Seq)> = unread_messages::table
            .filter(unread_messages::user_id.eq(user))
            .select((unread_messages::chat_id, unread_messages::last_read_seq))
            .load(conn)
            .unwrap();
        for (chat_id, read) in positions {
            match Kept::load(conn, user, chat_id, read) {
                Some((kept, people)) => {
                    memory.chats.insert(chat_id, kept);
                    memory.know(people);
                }
                None => missing.push(chat_id),
            }
        }
        let rows: Vec<Contact> =
            contacts::table.filter(contacts::user_id.eq(user)).select(Contact::as_select()).load(conn).unwrap();
        memory.contacts = rows.into_iter().map(|contact| (contact.contact_id, contact)).collect();
        let rows: Vec<Block> =
            blocks::table.filter(blocks::blocker_id.eq(user)).select(Block::as_select()).load(conn).unwrap();
        memory.blocks = rows.into_iter().map(|block| (block.blocked_id, block)).collect();
        let people: Vec<_> = memory.contacts.keys().copied().chain([user]).collect();
        memory.know(accounts::find_profiles(conn, by(user), &people).unwrap());
        (memory, missing)
    }

    fn know(&mut self, people: impl IntoIterator<Item = Profile>) {
        self.profiles.extend(people.into_iter().map(|profile| (profile.id, absent(profile))));
    }

    /// A profile, as it is kept.
    pub fn profile(&self, user: UserId) -> Option<&Profile> {
        self.profiles.get(&user)
    }

    /// What differs from what another device has just loaded.
    pub fn difference(&self, fresh: &Self) -> Option<String> {
        let mut found = Vec::new();
        for id in self.chats.keys().chain(fresh.chats.keys()) {
            match (self.chats.get(id), fresh.chats.get(id)) {
                (Some(kept), Some(loaded)) => {
                    if kept.chat != loaded.chat {
                        found.push(format!("chat: {:?}\n   is {:?}", kept.chat, loaded.chat));
                    }
                    if kept.members != loaded.members {
                        found.push(format!("members: {:?}\n   is {:?}", kept.members, loaded.members));
                    }
                    if kept.last_read_seq != loaded.last_read_seq {
                        found.push(format!("read: {:?}\n   is {:?}", kept.last_read_seq, loaded.last_read_seq));
                    }
                    if kept.settings != loaded.settings {
                        found.push(format!("settings: {:?}\n   are {:?}", kept.settings, loaded.settings));
                    }
                    for seq in kept.messages.keys().chain(loaded.messages.keys()) {
                        let (one, other) = (kept.messages.get(seq), loaded.messages.get(seq));
                        if one != other {
                            found.push(format!("message {seq}: {one:?}\n   is {other:?}"));
                        }
                    }
                }
                (one, other) => found.push(format!("chat {id}: {} but {}", one.is_some(), other.is_some())),
            }
        }
        if self.contacts != fresh.contacts {
            found.push(format!("contacts: {:?}\n   are {:?}", self.contacts, fresh.contacts));
        }
        if self.blocks != fresh.blocks {
            found.push(format!("blocks: {:?}\n   are {:?}", self.blocks, fresh.blocks));
        }
        for (user, profile) in &fresh.profiles {
            if self.profiles.get(user) != Some(profile) {
                found.push(format!("profile: {:?}\n   is {profile:?}", self.profiles.get(user)));
            }
        }
        found.truncate(3);
        (!found.is_empty()).then(|| found.join("\n"))
    }
}

impl Device {
    /// One that loads everything.
    pub fn new(conn: &mut PgConnection, user: UserId) -> Self {
        let state = changes::begin(conn, by(user)).unwrap();
        let (memory, missing) = Memory::load(conn, user);
        // What began after the state is new with the next page; what the state has and is not there now, ends with it.
        let state = missing.iter().fold(state, |state, chat| state.without(*chat));
        let known = |chat: &ChatId| state.chat(*chat).is_some();
        let chats = memory.chats.into_iter().filter(|(chat, _)| known(chat)).collect();
        Self { user, memory: Memory { chats, ..memory }, state }
    }

    /// Gets what changed since it was here, in pages, and gives how many there were.
    pub fn come_back(&mut self, conn: &mut PgConnection, limit: Limit) -> usize {
        for pages in 1.. {
            // As a device keeps it.
            let state = self.state.to_string().parse().unwrap();
            match changes::list(conn, by(self.user), &state, limit) {
                Ok(page) => {
                    let is_last = page.is_last;
                    self.apply(conn, page);
                    if is_last {
                        return pages;
                    }
                }
                Err(Error::Refused(ChangesRefused::TooOld)) => *self = Self::new(conn, self.user),
                Err(error) => panic!("{error:?}"),
            }
        }
        unreachable!()
    }

    fn apply(&mut self, conn: &mut PgConnection, page: Page) {
        let mut state = page.state;
        for ended in page.ended {
            self.memory.chats.remove(&ended.chat_id);
        }
        for change in page.chats {
            if change.reload.is_some() {
                if let Some((kept, people)) = Kept::load(conn, self.user, change.chat_id, change.last_read_seq) {
                    self.memory.chats.insert(change.chat_id, kept);
                    self.memory.know(people);
                } else {
                    self.memory.chats.remove(&change.chat_id);
                    state = state.without(change.chat_id);
                }
                continue;
            }
            let kept = self.memory.chats.get_mut(&change.chat_id).unwrap();
            kept.chat = change.chat.unwrap_or_else(|| kept.chat.clone());
            kept.last_read_seq = change.last_read_seq;
            kept.messages.extend(change.messages.into_iter().map(unquoted));
            kept.messages.retain(|seq, _| *seq >= change.first_seq);
            for member in change.members {
                match member.role {
                    Some(role) => _ = kept.members.insert(member.user_id, (role, member.joined_at)),
                    None => _ = kept.members.remove(&member.user_id),
                }
            }
        }
        for chat_id in page.settings.into_iter().flatten() {
            if let Some(kept) = self.memory.chats.get_mut(&chat_id)
                && let Ok(settings) = chat_settings::get(conn, by(self.user), chat_id)
            {
                kept.settings = settings;
            }
        }
        for change in page.hidden {
            if let Some(kept) = self.memory.chats.get_mut(&change.chat_id) {
                kept.messages.retain(|seq, _| *seq >= change.first_seq && !change.seqs.contains(seq));
            }
        }
        for change in page.contacts {
            match change.contact {
                Some(contact) => _ = self.memory.contacts.insert(change.user_id, contact),
                None => _ = self.memory.contacts.remove(&change.user_id),
            }
        }
        for change in page.blocks {
            match change.block {
                Some(block) => _ = self.memory.blocks.insert(change.user_id, block),
                None => _ = self.memory.blocks.remove(&change.user_id),
            }
        }
        self.memory.know(page.profiles.into_values());
        self.state = state;
    }

    /// Comes back, and says what is wrong then.
    pub fn check(&mut self, conn: &mut PgConnection, limit: Limit) -> Result<(), String> {
        self.come_back(conn, limit);
        let (fresh, _) = Memory::load(conn, self.user);
        self.memory.difference(&fresh).map_or(Ok(()), Err)
    }
}
