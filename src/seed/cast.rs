//! The small cast and what it has said: four people, two direct chats and a group.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{SeedError, Seeded, chats, message_id, password, uuid};
use crate::actor::Actor;
use crate::enums::{ImageType, UserStatus};
use crate::error::Error;
use crate::ids::{ChatId, UserId};
use crate::models::{Message, NewUser};
use crate::queries::messages::{self, Draft, Picture};
use crate::queries::uploads::{self, BeginRefused, NewUpload};
use crate::queries::{accounts, reactions, receipts};
use crate::schema::users;
use crate::seq::Seq;

const CAST: [(&str, &str, UserStatus); 4] = [
    ("alice", "Alice Johnson", UserStatus::Online),
    ("bob", "Bob Smith", UserStatus::Online),
    ("charlie", "Charlie Brown", UserStatus::Away),
    ("diana", "Diana Prince", UserStatus::Offline),
];

/// Makes the small cast: `alice`, `bob`, `charlie` and `diana`, two direct chats, and the group `weekend-hike`, with
/// replies, a picture, an edit, reactions, and something unread.
///
/// Each act is a transaction of its own, so that the times differ. After an interruption, the cast begun again is
/// completed.
///
/// # Errors
///
/// [`SeedError::Refused`] when one of the usernames is somebody else's, and those of the database.
pub fn cast(conn: &mut PgConnection) -> Result<Seeded, SeedError> {
    let mut seeded = Seeded::default();
    let mut people = Vec::with_capacity(CAST.len());
    for (number, person) in (0_u8..).zip(&CAST) {
        people.push(register(conn, number, person, &mut seeded)?);
    }
    let &[alice, bob, charlie, diana] = people.as_slice() else { return Err(diesel::NotFound.into()) };

    let mut open = |(id, is_new): (ChatId, bool)| {
        seeded.chats += usize::from(is_new);
        id
    };
    let with_bob = open(chats::direct(conn, alice, bob)?);
    let with_diana = open(chats::direct(conn, charlie, diana)?);
    let hike = open(chats::group(conn, "weekend-hike", "Weekend hike", &[alice, bob, charlie, diana])?);

    let mut story = Story { conn, number: 0, new: 0 };
    story.say(with_bob, alice, &Draft::text("Hi Bob, are you coming to the lake on Saturday?"))?;
    story.say(with_bob, bob, &Draft::text("Yes! Shall I bring the tent?").in_reply_to(Seq::FIRST))?;
    story.say(with_bob, alice, &Draft::text("Please do. The weather looks great."))?;

    // The first message of the group is the system's.
    let plan = story.say(hike, alice, &Draft::text("Who is in for a hike this weekend?"))?;
    story.say(hike, bob, &Draft::text("Me"))?;
    let late = story.say(hike, charlie, &Draft::text("Count me in, but I can only leave at ten."))?;
    let map = NewUpload { storage_key: "seed/map.png", mime_type: ImageType::Png, byte_size: 482_113 };
    match uploads::begin(story.conn, Actor::trusted(alice), &map) {
        Ok(_) | Err(Error::Refused(BeginRefused::KeyTaken)) => {}
        Err(error) => return Err(SeedError::of("an upload", error)),
    }
    let map = [Picture::new("map.png", "seed/map.png")];
    story.say(hike, alice, &Draft::image(&map).saying("Here is the map. We meet at the old station."))?;
    story.say(hike, diana, &Draft::text("Wonderful, I will bring cake").in_reply_to(plan.seq))?;

    story.say(with_diana, charlie, &Draft::text("What kind of cake?"))?;
    story.say(with_diana, diana, &Draft::text("Lemon 🍋"))?;
    seeded.messages = story.new;

    for (person, emoji) in [(alice, "👍"), (bob, "👍"), (diana, "🎉")] {
        reactions::add(conn, Actor::trusted(person), hike, late.seq, emoji)
            .map_err(|error| SeedError::of("a reaction", error))?;
    }
    if late.edited_at.is_none() {
        messages::edit(
            conn,
            Actor::trusted(charlie),
            hike,
            late.seq,
            "Count me in, but I can only leave at half past ten.",
        )
        .map_err(|error| SeedError::of("an edit", error))?;
    }
    receipts::mark_read(conn, Actor::trusted(alice), hike, Seq::MAX)
        .map_err(|error| SeedError::of("a receipt", error))?;
    receipts::mark_delivered(conn, Actor::trusted(bob), with_bob, Seq::MAX)
        .map_err(|error| SeedError::of("a receipt", error))?;
    Ok(seeded)
}

fn register(
    conn: &mut PgConnection,
    number: u8,
    &(username, display_name, status): &(&str, &str, UserStatus),
    seeded: &mut Seeded,
) -> Result<UserId, SeedError> {
    let id = UserId::from_uuid(uuid(DateTime::<Utc>::UNIX_EPOCH, [number; 10]));
    if users::table.find(id).count().get_result::<i64>(conn)? > 0 {
        return Ok(id);
    }
    let password_hash = password();
    let new =
        NewUser { id, username, password_hash: &password_hash, display_name: Some(display_name), avatar_url: None };
    accounts::register(conn, &new).map_err(|error| SeedError::of(username, error))?;
    accounts::set_presence(conn, Actor::trusted(id), status).map_err(|error| SeedError::of(username, error))?;
    seeded.users += 1;
    Ok(id)
}

struct Story<'a> {
    conn: &'a mut PgConnection,
    number: u8,
    new: usize,
}

impl Story<'_> {
    /// Sends what was not sent before.
    fn say(&mut self, chat: ChatId, who: UserId, draft: &Draft<'_>) -> Result<Message, SeedError> {
        let id = message_id(DateTime::<Utc>::UNIX_EPOCH, [self.number; 10]);
        self.number += 1;
        let sent = messages::send(self.conn, Actor::trusted(who), chat, &draft.clone().with_id(id))
            .map_err(|error| SeedError::of("a message", error))?;
        self.new += usize::from(!sent.already_sent);
        Ok(sent.message)
    }
}
