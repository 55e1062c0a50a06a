//! What the model's members do not see any more: deleted for themselves, or cleared.

use messenger_db::ids::UserId;

use super::act::Where;
use super::messenger::{Chat, Done, Messenger, Outcome, Time};
use super::rules::refuse;

impl Messenger {
    /// Who deletes a message for themselves has read so far.
    pub fn hide(&mut self, user: UserId, chat: Where, seq: i64, now: Time) -> Outcome {
        let was_hidden =
            self.chat(chat).and_then(|chat| chat.unseen.get(&user)).is_some_and(|(_, hidden)| hidden.contains(&seq));
        refuse!(
            self.role(chat, user).is_none() => "NotAMember",
            !was_hidden && self.chat(chat).is_none_or(|chat| chat.seen(user, seq).is_none()) => "NotFound",
        );
        if !was_hidden {
            self.mark(user, chat, seq, Chat::unread, |receipt| receipt.read(now))?;
            self.chat_mut(chat).1.unseen.entry(user).or_default().1.insert(seq);
        }
        Ok(Done::Flag(!was_hidden))
    }

    pub fn clear(&mut self, user: UserId, chat: Where, seq: i64, now: Time) -> Outcome {
        refuse!(self.role(chat, user).is_none() => "NotAMember");
        let before = self.chat_mut(chat).1.begins(user) - 1;
        let through = seq.min(self.chat_mut(chat).1.head());
        if through <= before {
            return Ok(Done::Begins(before + 1));
        }
        self.mark(user, chat, through, Chat::unread, |receipt| receipt.read(now))?;
        let unseen = self.chat_mut(chat).1.unseen.entry(user).or_default();
        unseen.0 = through;
        unseen.1.retain(|seq| *seq > through);
        Ok(Done::Begins(through + 1))
    }
}
