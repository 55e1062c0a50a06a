//! The messages of a crowd: a year of them, spread over the chats by how lively each is.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use fastrand::Rng;

use super::chats::Room;
use super::{Crowd, Progress, Report, SeedError, message_id, tell, words};
use crate::enums::ImageType;
use crate::ids::{ChatId, MessageId, UserId};
use crate::queries::import::{self, History, Imported, Picture};

/// When the history begins: 2025-01-01, the same for every crowd.
pub(super) const BEGIN: Duration = Duration::days(20_089);
/// How long it is, in milliseconds.
const SPAN: u64 = 365 * 24 * 60 * 60 * 1000;
/// Messages in a transaction.
const BATCH: usize = 5000;

static PICTURES: [Picture<'static>; 5] = [
    measured(picture("beach.jpg", 2_412_877, "seed/beach.jpg"), 4032, 3024),
    measured(picture("cake.jpg", 1_843_002, "seed/cake.jpg"), 3024, 4032),
    picture("sunset.jpg", 3_220_114, "seed/sunset.jpg"),
    picture("team.jpg", 987_412, "seed/team.jpg"),
    picture("receipt.jpg", 240_118, "seed/receipt.jpg"),
];

const fn picture(file_name: &'static str, byte_size: i32, storage_key: &'static str) -> Picture<'static> {
    Picture::new(file_name, ImageType::Jpeg, byte_size, storage_key)
}

const fn measured(mut picture: Picture<'static>, width: i32, height: i32) -> Picture<'static> {
    picture.width = Some(width);
    picture.height = Some(height);
    picture
}

/// A message that is still to be imported.
struct Said {
    chat_id: ChatId,
    id: MessageId,
    sender: UserId,
    at: DateTime<Utc>,
    words: Option<String>,
    pictures: &'static [Picture<'static>],
    reply_to: Option<MessageId>,
}

impl Said {
    fn imported(&self) -> Imported<'_> {
        Imported {
            content: self.words.as_deref(),
            pictures: self.pictures,
            reply_to: self.reply_to,
            ..Imported::text(self.chat_id, self.id, self.sender, self.at, "")
        }
    }
}

/// What goes in with the next batch, what was read before what was not.
#[derive(Default)]
struct Batch {
    read: Vec<Said>,
    unread: Vec<Said>,
}

impl Batch {
    fn len(&self) -> usize {
        self.read.len() + self.unread.len()
    }

    /// Imports all of it, and gives how many were new.
    fn import(&mut self, conn: &mut PgConnection) -> Result<usize, SeedError> {
        let mut new = 0;
        for (said, history) in [(&mut self.read, History::Read), (&mut self.unread, History::Unread)] {
            let batch: Vec<_> = said.iter().map(Said::imported).collect();
            new += import::messages(conn, &batch, history).map_err(|error| SeedError::of("messages", error))?.imported;
            said.clear();
        }
        Ok(new)
    }
}

/// Imports the messages that are not there yet. Gives how many are new.
pub(super) fn import(
    conn: &mut PgConnection,
    crowd: &Crowd,
    rooms: &[Room],
    rng: &mut Rng,
    report: &mut Report<'_>,
) -> Result<usize, SeedError> {
    let (mut batch, mut new, mut done) = (Batch::default(), 0, 0);
    for (room, count) in rooms.iter().zip(shares(crowd.messages, rooms)) {
        // The last of what is said in a third of the chats has not been read.
        let unread = if rng.u8(..3) == 0 { rng.u64(1..=9).min(count) } else { 0 };
        let mut before: Option<(UserId, MessageId)> = None;
        for number in 0..count {
            let said = say(room, SPAN * number / count, SPAN / count, before, rng);
            before = Some((said.sender, said.id));
            (if number < count - unread { &mut batch.read } else { &mut batch.unread }).push(said);
            if batch.len() >= BATCH {
                done += batch.len() as u64;
                new += batch.import(conn)?;
                tell(report, Progress { making: "messages", done, total: crowd.messages })?;
            }
        }
    }
    new += batch.import(conn)?;
    tell(report, Progress { making: "messages", done: crowd.messages, total: crowd.messages })?;
    Ok(new)
}

/// How many of the messages each of the rooms has, by their weights; together, all of them.
fn shares(messages: u64, rooms: &[Room]) -> impl Iterator<Item = u64> {
    let weights: u128 = rooms.iter().map(|room| u128::from(room.weight)).sum();
    let (mut weight, mut given) = (0, 0);
    rooms.iter().map(move |room| {
        weight += u128::from(room.weight);
        // At most `messages`, because the weight so far is at most all of the weights.
        let until = u64::try_from(u128::from(messages) * weight / weights).unwrap_or(messages);
        let share = until - given;
        given = until;
        share
    })
}

/// Something that somebody says at a time from `from`, for which there are `gap` milliseconds.
fn say(room: &Room, from: u64, gap: u64, before: Option<(UserId, MessageId)>, rng: &mut Rng) -> Said {
    let millis = from + rng.u64(..gap.max(1));
    let at = DateTime::<Utc>::UNIX_EPOCH + BEGIN + Duration::milliseconds(i64::try_from(millis).unwrap_or_default());
    let anybody = rng.choice(&room.members).copied();
    // Now and then somebody goes on, or answers.
    let (goes_on, answers, shows) = (rng.u8(..4) == 0, rng.u8(..8) == 0, rng.u8(..50) == 0);
    let sender = before.map(|(sender, _)| sender).filter(|_| goes_on).or(anybody);
    let mut bytes = [0; 10];
    rng.fill(&mut bytes);
    let count = rng.usize(1..=PICTURES.len());
    let words = words::said(rng);
    Said {
        chat_id: room.id,
        id: message_id(at, bytes),
        // A chat without members has no messages, so this is somebody.
        sender: sender.unwrap_or_else(|| UserId::from_uuid(uuid::Uuid::nil())),
        at,
        words: Some(words),
        pictures: PICTURES.get(..count).filter(|_| shows).unwrap_or_default(),
        reply_to: before.map(|(_, id)| id).filter(|_| answers && !goes_on),
    }
}
