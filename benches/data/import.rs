//! What was said: the operation that imports, in batches, as an operator would call it who brings history along.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use indicatif::{ProgressBar, ProgressStyle};
use messenger_db::enums::ImageType;
use messenger_db::ids::{MessageId, UserId};
use messenger_db::queries::import::{self, History, Imported, Picture};
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::{Chat, Words, World};

/// How many messages a batch has.
const BATCH: usize = 5_000;

/// In how many ages each chat was written: so often did its members come and read.
const AGES: usize = 4;

/// One in so many messages answers another, or is a picture.
const REPLIES: u32 = 12;
const PICTURES: u32 = 25;

/// Fills the chats, and says how long the operation took.
pub fn import(conn: &mut PgConnection, world: &World, words: &Words) -> Duration {
    let mut dice = SmallRng::seed_from_u64(3);
    let mut took = Duration::ZERO;
    let bar = ProgressBar::new(world.messages() as u64);
    bar.set_style(ProgressStyle::with_template("  {bar:40} {human_pos} of {human_len} messages, {per_sec}").unwrap());
    let mut now = Utc::now() - TimeDelta::days(365);
    for age in 0..AGES {
        let mut chats: Vec<_> = world.chats().collect();
        chats.shuffle(&mut dice);
        chats.sort_by_key(|chat| chat.unread);
        let mut batch: Vec<&Chat> = Vec::with_capacity(BATCH + 5_000);
        for (index, chat) in chats.iter().enumerate() {
            let share = chat.messages * (age + 1) / AGES - chat.messages * age / AGES;
            batch.extend(std::iter::repeat_n(*chat, share));
            let ends = chats.get(index + 1).is_none_or(|next| next.unread != chat.unread);
            if batch.len() >= BATCH || ends {
                // Many chats at once, as people write.
                batch.shuffle(&mut dice);
                took += messages(conn, &batch, &mut now, words, &mut dice);
                bar.inc(batch.len() as u64);
                batch.clear();
            }
        }
    }
    bar.finish_and_clear();
    took
}

struct Said {
    id: MessageId,
    sender: UserId,
    at: DateTime<Utc>,
    words: String,
    picture: bool,
    reply_to: Option<MessageId>,
}

fn messages(
    conn: &mut PgConnection,
    batch: &[&Chat],
    now: &mut DateTime<Utc>,
    words: &Words,
    dice: &mut SmallRng,
) -> Duration {
    let picture = [Picture::new("picture.jpg", ImageType::Jpeg, 200_000, "pictures/1")];
    let mut earlier: HashMap<_, Vec<MessageId>> = HashMap::new();
    let said: Vec<_> = batch
        .iter()
        .map(|chat| {
            *now += TimeDelta::milliseconds(dice.random_range(1..50));
            let id = MessageId::new();
            let earlier = earlier.entry(chat.id).or_default();
            // What was said not long ago.
            let answered = earlier.iter().rev().nth(dice.random_range(0..20)).copied();
            earlier.push(id);
            Said {
                id,
                sender: chat.speaker(dice),
                at: *now,
                words: words.say(dice),
                picture: dice.random_ratio(1, PICTURES),
                reply_to: answered.filter(|_| dice.random_ratio(1, REPLIES)),
            }
        })
        .collect();
    let rows: Vec<_> = batch
        .iter()
        .zip(&said)
        .map(|(chat, said)| {
            let mut message = Imported::text(chat.id, said.id, said.sender, said.at, &said.words);
            message.reply_to = said.reply_to;
            if said.picture {
                message.pictures = &picture;
            }
            message
        })
        .collect();
    let history = if batch[0].unread { History::Unread } else { History::Read };
    let start = Instant::now();
    let tally = import::messages(conn, &rows, history).unwrap();
    assert_eq!(tally.imported, batch.len());
    start.elapsed()
}
