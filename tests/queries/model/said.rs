//! The model's messages: sending, editing, deleting, reacting.

use messenger_db::enums::{MessageKind, ParticipantRole};
use messenger_db::ids::UserId;
use messenger_db::models::{Message, MessageEdit};
use messenger_db::seq::Seq;
use serde_json::json;

use super::act::{Back, Where, Who, Words};
use super::messenger::{Chat, Done, Facts, Messenger, Outcome, Receipt, Time, again, imported_at, imported_id};
use super::rules::refuse;

impl Messenger {
    pub fn send(
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
            self.is_silent(chat, sender) => "Blocked",
            self.is_silenced(chat, sender) => "Unreachable",
            reply_to_seq.is_some_and(|seq| self.chat(chat).is_none_or(|chat| chat.seen(sender, seq).is_none())) => "ReplyNotFound",
            pictures == Some(0) => "Empty",
            pictures.is_some_and(|count| count > 5) => "TooManyPictures",
        );
        let (id, chat) = self.chat_mut(chat);
        let seq = chat.head() + 1;
        let mut to = chat.members();
        to.remove(&sender);
        let version = chat.next_version();
        let message = Message {
            chat_id: id,
            seq: Seq::new(seq),
            id: facts.message,
            sender_id: Some(sender),
            kind: if pictures.is_some() { MessageKind::Image } else { MessageKind::Text },
            content,
            metadata: json!({}),
            reply_to_seq: reply_to_seq.map(Seq::new),
            created_at: facts.now,
            edited_at: None,
            deleted_at: None,
            version,
        };
        // Who writes has read what is above.
        for post in &mut chat.posts {
            if let Some(receipt) = post.receipts.get_mut(&sender) {
                receipt.read(facts.now);
            }
        }
        chat.push(message, to);
        Ok(Done::Sent { seq, again: false })
    }

    pub fn send_again(&mut self, sender: UserId, chat: Where, back: Back, facts: Facts) -> Outcome {
        let seq = self.seq(chat, back);
        let before = self.message_id(chat, back).and_then(|_| self.chat(chat)?.post(seq)?.message.sender_id);
        let Some(before) = before else { return self.send(sender, chat, None, None, &again(), facts) };
        refuse!(
            self.role(chat, sender).is_none() => "NotAMember",
            self.is_silent(chat, sender) => "Blocked",
            self.is_silenced(chat, sender) => "Unreachable",
            before != sender => "IdTaken",
        );
        Ok(Done::Sent { seq, again: true })
    }

    pub fn edit(&mut self, editor: UserId, chat: Where, seq: i64, words: &Words, now: Time) -> Outcome {
        let content = Some(words.to_string()).filter(|content| !content.is_empty());
        let seen = self.chat(chat).and_then(|chat| chat.live(seq).filter(|_| chat.seen(editor, seq).is_some()));
        let message = seen.map(|post| post.message.clone());
        refuse!(
            self.role(chat, editor).is_none() => "NotAMember",
            self.is_silent(chat, editor) => "Blocked",
            self.is_silenced(chat, editor) => "Unreachable",
            message.is_none() => "NotFound",
            message.as_ref().is_some_and(|message| message.sender_id != Some(editor)) => "NotAllowed",
            content.is_none() && message.as_ref().is_some_and(|message| message.kind == MessageKind::Text) => "Empty",
        );
        let (chat_id, chat) = self.chat_mut(chat);
        if chat.post_mut(seq).message.content != content {
            let version = chat.next_version();
            let post = chat.post_mut(seq);
            post.edits.push(MessageEdit {
                chat_id,
                message_seq: Seq::new(seq),
                version: post.edits.len() as i32 + 1,
                content: post.message.content.take(),
                edited_at: now,
            });
            (post.message.content, post.message.edited_at) = (content, Some(now));
            post.message.version = version;
        }
        Ok(Done::Message(chat.post_mut(seq).message.clone()))
    }

    pub fn delete(&mut self, actor: UserId, chat: Where, seq: i64, now: Time) -> Outcome {
        let role = self.role(chat, actor);
        let seen = self.chat(chat).and_then(|chat| chat.live(seq).filter(|_| chat.seen(actor, seq).is_some()));
        let message = seen.map(|post| post.message.clone());
        let may = |message: &Message| {
            message.sender_id.is_some()
                && (message.sender_id == Some(actor) || role.is_some_and(|role| role != ParticipantRole::Member))
        };
        refuse!(
            role.is_none() => "NotAMember",
            message.is_none() => "NotFound",
            message.as_ref().is_some_and(|message| !may(message)) => "NotAllowed",
        );
        let (_, chat) = self.chat_mut(chat);
        let version = chat.next_version();
        let post = chat.post_mut(seq);
        post.message =
            Message { content: None, metadata: json!({}), deleted_at: Some(now), version, ..post.message.clone() };
        (post.attachments, post.edits, post.reactions) = (vec![], vec![], vec![]);
        post.mentions.clear();
        Ok(Done::Message(post.message.clone()))
    }

    pub fn react(&mut self, user: UserId, chat: Where, seq: i64, emoji: &str, now: Time) -> Outcome {
        refuse!(
            self.role(chat, user).is_none() => "NotAMember",
            self.chat(chat).is_none_or(|chat| chat.live(seq).is_none()) => "MessageNotFound",
            self.chat(chat).is_some_and(|chat| chat.seen(user, seq).is_none()) => "MessageNotFound",
            self.is_silent(chat, user) => "Blocked",
            self.is_silenced(chat, user) => "Unreachable",
            emoji.is_empty() => "EmojiRefused",
        );
        let (_, chat) = self.chat_mut(chat);
        let reactions = &mut chat.post_mut(seq).reactions;
        let is_new = !reactions.iter().any(|(by, with, _)| (*by, with.as_str()) == (user, emoji));
        if is_new {
            reactions.push((user, emoji.to_owned(), now));
            chat.next_version();
        }
        Ok(Done::Flag(is_new))
    }

    pub fn mark(
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
        for post in chat.posts.iter_mut().filter(|post| post.message.seq <= Seq::new(seq)) {
            if let Some(receipt) = post.receipts.get_mut(&user) {
                mark(receipt);
            }
        }
        // Own messages after the last that was marked are not marked with it.
        let through = after.max(seq.min(chat.head()));
        Ok(Done::Marked { after, through })
    }

    pub fn import(&mut self, chat: Where, read: bool, batch: &[(Who, Words)], facts: Facts) -> Outcome {
        let was_there = |user| self.chat(chat).is_some_and(|chat| chat.participants.contains_key(&user));
        refuse!(
            self.chat(chat).is_none_or(|chat| chat.deleted_at.is_some()) => "ChatNotFound",
            batch.iter().any(|(who, _)| !was_there(self.user(*who))) => "SenderNotFound",
        );
        let senders: Vec<_> = batch.iter().map(|(who, _)| self.user(*who)).collect();
        let (chat_id, chat) = self.chat_mut(chat);
        for (place, (sender, (_, words))) in senders.into_iter().zip(batch).enumerate() {
            let version = chat.next_version();
            let message = Message {
                chat_id,
                seq: Seq::new(chat.head() + 1),
                id: imported_id(facts.message, place),
                sender_id: Some(sender),
                kind: MessageKind::Text,
                content: Some(words.to_string()),
                metadata: json!({}),
                reply_to_seq: None,
                created_at: imported_at(place),
                edited_at: None,
                deleted_at: None,
                version,
            };
            let to = chat.members();
            chat.push(message, to);
            if let Some(receipt) = chat.posts.last_mut().unwrap().receipts.get_mut(&sender) {
                receipt.is_senders = true;
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
