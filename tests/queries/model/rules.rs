//! The model's rules: what each operation does, and which refusals are right.

use messenger_db::enums::{ContactStatus, ParticipantRole};

use super::act::{Act, EMOJI, TITLES};
use super::chat_settings::CHANGES;
use super::group_changes;
use super::messenger::{Chat, Done, Facts, Messenger, Outcome};
use super::privacy::CHOICES;
use super::uploads::{PROCESSED, SIZES};

/// Refuses for all the reasons that there are.
macro_rules! refuse {
    ($($condition:expr => $refusal:literal),+ $(,)?) => {
        let refusals: Vec<&'static str> = [$(($condition).then_some($refusal)),+].into_iter().flatten().collect();
        if !refusals.is_empty() {
            return Err(refusals);
        }
    };
}
pub(super) use refuse;

impl Messenger {
    /// Does an act, or refuses it and changes nothing.
    #[allow(clippy::too_many_lines, reason = "an arm for each act")]
    pub fn apply(&mut self, act: &Act, facts: Facts) -> Outcome {
        let now = facts.now;
        match act {
            Act::Request(a, b) => self.request(self.user(*a), self.user(*b), now),
            Act::Accept(a, b) => {
                let (user, other) = (self.user(*a), self.user(*b));
                refuse!(
                    !self.asked(other, user) || self.blocks(other, user) => "NoSuchRequest",
                    self.blocks(user, other) => "Blocked",
                );
                for key in [(user, other), (other, user)] {
                    let contact = self.contacts.get_mut(&key).unwrap();
                    (contact.status, contact.accepted_at) = (ContactStatus::Accepted, Some(now));
                }
                Ok(Done::Nothing)
            }
            Act::Decline(a, b) => {
                let (user, other) = (self.user(*a), self.user(*b));
                refuse!(!self.asked(other, user) => "NoSuchRequest");
                self.declined.insert((other, user));
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
                (self.users[*a].status, self.users[*a].last_seen_at) = (*status, Some(now));
                Ok(Done::Nothing)
            }
            Act::Call(a, name) => {
                refuse!(
                    self.is_closed(self.user(*a)) => "NoSuchAccount",
                    name.is_some_and(|name| TITLES[name].is_empty()) => "DisplayNameInvalid",
                );
                self.users[*a].display_name = name.map(|name| TITLES[name].to_owned());
                let user = self.user(*a);
                for chat in self.chats.values_mut().filter(|chat| chat.role(user).is_some()) {
                    chat.next_version();
                }
                Ok(Done::Nothing)
            }
            Act::Close(a) => {
                let closed = self.close(*a, now)?;
                self.tokens.remove(&self.users[*a].id);
                Ok(closed)
            }
            Act::OpenDirect(a, b) => self.open_direct(self.user(*a), self.user(*b), facts),
            Act::Found(a, others) => self.found(self.user(*a), others, facts),
            Act::Change(a, chat, change) => {
                self.change_group(self.user(*a), *chat, group_changes::CHANGES[*change], now)
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
            Act::Show(a, chat, count, words) => self.show(self.user(*a), *chat, *count, words, facts),
            Act::Upload(a, size) => self.begin(self.user(*a), SIZES[*size], facts.message),
            Act::Attach(a, chat, back) => self.attach(self.user(*a), *chat, *back, facts),
            Act::Process(back, what) => self.process(*back, &PROCESSED[*what]),
            Act::Abandon(forget) => Ok(self.abandon(*forget)),
            Act::Register(a, token) => self.register(*a, *token),
            Act::Unregister(a) => Ok(Done::Flag(self.tokens.remove(&self.users[*a].id).is_some())),
            Act::Expel(token) => Ok(self.expel(*token)),
            Act::SayAgain(a, chat, back) => self.send_again(self.user(*a), *chat, *back, facts),
            Act::Edit(a, chat, back, words) => self.edit(self.user(*a), *chat, self.seq(*chat, *back), words, now),
            Act::Delete(a, chat, back) => {
                let deleted = self.delete(self.user(*a), *chat, self.seq(*chat, *back), now)?;
                self.forget_uploads();
                Ok(deleted)
            }
            Act::React(a, chat, back, emoji) => {
                self.react(self.user(*a), *chat, self.seq(*chat, *back), EMOJI[*emoji], now)
            }
            Act::Unreact(a, chat, back, emoji) => {
                let (user, seq, emoji) = (self.user(*a), self.seq(*chat, *back), EMOJI[*emoji]);
                refuse!(
                    self.role(*chat, user).is_none() => "NotAMember",
                    self.chat(*chat).is_none_or(|chat| chat.live(seq).is_none()) => "MessageNotFound",
                    self.chat(*chat).is_some_and(|chat| chat.seen(user, seq).is_none()) => "MessageNotFound",
                    emoji.is_empty() => "EmojiRefused",
                );
                let (_, chat) = self.chat_mut(*chat);
                let reactions = &mut chat.post_mut(seq).reactions;
                let before = reactions.len();
                reactions.retain(|(by, with, _)| (*by, with.as_str()) != (user, emoji));
                let was_there = reactions.len() < before;
                if was_there {
                    chat.next_version();
                }
                Ok(Done::Flag(was_there))
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
            Act::Name(a, chat, b, words) => self.name(self.user(*a), *chat, self.user(*b), words, facts),
            Act::Hide(a, chat, back) => self.hide(self.user(*a), *chat, self.seq(*chat, *back), now),
            Act::Clear(a, chat, back) => self.clear(self.user(*a), *chat, self.seq(*chat, *back), now),
            Act::Choose(a, choice) => self.choose(self.user(*a), CHOICES[*choice]),
            Act::Set(a, chat, change) => self.set(self.user(*a), *chat, &CHANGES[*change]),
        }
    }
}
