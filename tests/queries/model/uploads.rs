//! The model's uploads: begun, attached once by their owner, processed before or after, given up.

use diesel::prelude::*;
use messenger_db::enums::ImageType;
use messenger_db::ids::{ChatId, MessageId, UserId};
use messenger_db::models::{Attachment, Upload};
use messenger_db::queries::uploads::Processed;
use messenger_db::schema::uploads;
use messenger_db::seq::Seq;

use super::act::{Where, Words};
use super::compare::{Agreement, agree};
use super::messenger::{Done, Facts, Messenger, Outcome};
use super::rules::refuse;

/// How large pictures are; the last is refused.
pub const SIZES: [i32; 2] = [48_000, 0];

/// What a worker finds out; the last is refused.
pub const PROCESSED: [Processed<'static>; 3] = [
    Processed { thumbnail_key: Some("small"), size: Some((640, 480)), medium_key: None },
    Processed { medium_key: Some("medium"), thumbnail_key: None, size: None },
    Processed { size: Some((0, 1)), medium_key: None, thumbnail_key: None },
];

/// An upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun {
    pub owner: UserId,
    file_name: &'static str,
    byte_size: i32,
    medium_key: Option<String>,
    thumbnail_key: Option<String>,
    size: Option<(i32, i32)>,
    is_abandoned: bool,
    pub attached: Option<(ChatId, i64, i16)>,
}

impl Messenger {
    /// The key of one of the last uploads; of none, one that was never used.
    pub fn upload_key(&self, back: usize) -> String {
        self.begun.iter().rev().nth(back).cloned().unwrap_or_else(|| "none".to_owned())
    }

    /// Who began one of the last uploads.
    pub fn upload_owner(&self, back: usize) -> Option<UserId> {
        self.uploads.get(&self.upload_key(back)).map(|upload| upload.owner)
    }

    /// The chat that has one of the last uploads.
    pub fn upload_chat(&self, back: usize) -> Option<ChatId> {
        self.uploads.get(&self.upload_key(back))?.attached.map(|(chat, ..)| chat)
    }

    fn begin_one(&mut self, owner: UserId, key: String, byte_size: i32, file_name: &'static str) {
        let upload = Begun {
            owner,
            file_name,
            byte_size,
            medium_key: None,
            thumbnail_key: None,
            size: None,
            is_abandoned: false,
            attached: None,
        };
        self.uploads.insert(key, upload);
    }

    pub fn begin(&mut self, owner: UserId, byte_size: i32, id: MessageId) -> Outcome {
        refuse!(
            self.is_closed(owner) => "NoSuchAccount",
            byte_size < 1 => "SizeInvalid",
        );
        self.begin_one(owner, id.to_string(), byte_size, "q.png");
        self.begun.push(id.to_string());
        Ok(Done::Nothing)
    }

    /// Begins as many uploads, and sends them.
    pub fn show(&mut self, sender: UserId, chat: Where, count: usize, words: &Words, facts: Facts) -> Outcome {
        let keys: Vec<_> = (0..count).map(|place| format!("{}/{place}", facts.message)).collect();
        if !self.is_closed(sender) {
            for (size, key) in (1..).zip(&keys) {
                self.begin_one(sender, key.clone(), size, "p.png");
            }
        }
        let sent = self.send(sender, chat, None, Some(count), words, facts)?;
        self.attach_all(chat, &keys, facts);
        Ok(sent)
    }

    /// Sends one of the last uploads.
    pub fn attach(&mut self, sender: UserId, chat: Where, back: usize, facts: Facts) -> Outcome {
        let key = self.upload_key(back);
        let upload = self.uploads.get(&key);
        if !upload.is_some_and(|upload| upload.owner == sender && upload.attached.is_none() && !upload.is_abandoned) {
            let sent = self.clone().send(sender, chat, None, Some(1), &Words(vec![]), facts);
            let mut refusals = sent.err().unwrap_or_default();
            refusals.push("UploadNotFound");
            return Err(refusals);
        }
        let sent = self.send(sender, chat, None, Some(1), &Words(vec![]), facts)?;
        self.attach_all(chat, &[key], facts);
        Ok(sent)
    }

    /// The newest message of the chat has these.
    fn attach_all(&mut self, chat: Where, keys: &[String], facts: Facts) {
        let chat_id = self.chat_id(chat);
        let chat = self.chats.get_mut(&chat_id).unwrap();
        let seq = chat.head();
        let mut attachments = vec![];
        for (position, key) in (0..).zip(keys) {
            let upload = self.uploads.get_mut(key).unwrap();
            upload.attached = Some((chat_id, seq, position));
            attachments.push(Attachment {
                chat_id,
                message_seq: Seq::new(seq),
                position,
                file_name: upload.file_name.to_owned(),
                mime_type: ImageType::Png,
                byte_size: upload.byte_size,
                storage_key: key.clone(),
                medium_key: upload.medium_key.clone(),
                thumbnail_key: upload.thumbnail_key.clone(),
                width: upload.size.map(|(width, _)| width),
                height: upload.size.map(|(_, height)| height),
                created_at: facts.now,
            });
        }
        chat.post_mut(seq).attachments = attachments;
    }

    /// A worker has processed one of the last uploads. Says whether a message shows it.
    pub fn process(&mut self, back: usize, processed: &Processed<'_>) -> Outcome {
        let key = self.upload_key(back);
        refuse!(
            !self.uploads.contains_key(&key) => "NotFound",
            processed.size.is_some_and(|(width, _)| width < 1) => "Invalid",
        );
        let upload = self.uploads.get_mut(&key).unwrap();
        upload.medium_key = processed.medium_key.map(str::to_owned).or(upload.medium_key.take());
        upload.thumbnail_key = processed.thumbnail_key.map(str::to_owned).or(upload.thumbnail_key.take());
        upload.size = processed.size.or(upload.size);
        let Some((chat, seq, position)) = upload.attached else { return Ok(Done::Flag(false)) };
        let chat = self.chats.get_mut(&chat).unwrap();
        let version = chat.next_version();
        let post = chat.post_mut(seq);
        post.message.version = version;
        let attachment = &mut post.attachments[position as usize];
        attachment.medium_key.clone_from(&upload.medium_key);
        attachment.thumbnail_key.clone_from(&upload.thumbnail_key);
        (attachment.width, attachment.height) = upload.size.unzip();
        Ok(Done::Flag(true))
    }

    /// Gives up what nobody attached, and perhaps forgets it.
    pub fn abandon(&mut self, forget: bool) -> Done {
        let unattached = self.uploads.iter_mut().filter(|(_, upload)| upload.attached.is_none());
        let keys: Vec<_> = unattached
            .map(|(key, upload)| {
                upload.is_abandoned = true;
                key.clone()
            })
            .collect();
        if forget {
            self.uploads.retain(|_, upload| upload.attached.is_some());
        }
        Done::Files(keys)
    }

    /// With a message, its uploads are gone.
    pub fn forget_uploads(&mut self) {
        let chats = &self.chats;
        self.uploads.retain(|_, upload| upload.attached.is_none_or(|(chat, seq, _)| chats[&chat].live(seq).is_some()));
    }
}

/// That each upload is there as it is now, and no other.
pub fn rows(conn: &mut PgConnection, messenger: &Messenger) -> Agreement {
    let actual: Vec<Upload> =
        uploads::table.order(uploads::storage_key).select(Upload::as_select()).load(conn).unwrap();
    let actual: Vec<_> = actual
        .into_iter()
        .map(|upload| {
            let place = upload.attached_chat.zip(upload.attached_seq).zip(upload.attached_position);
            let begun = Begun {
                owner: upload.owner_id,
                file_name: "",
                byte_size: upload.byte_size,
                medium_key: upload.medium_key,
                thumbnail_key: upload.thumbnail_key,
                size: upload.width.zip(upload.height),
                is_abandoned: upload.abandoned_at.is_some(),
                attached: place.map(|((chat, seq), position)| (chat, seq.get(), position)),
            };
            (upload.storage_key, begun)
        })
        .collect();
    let expected = messenger.uploads.iter().map(|(key, begun)| (key.clone(), Begun { file_name: "", ..begun.clone() }));
    agree("the uploads", actual, expected.collect())
}
