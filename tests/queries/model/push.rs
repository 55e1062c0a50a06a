//! The model's addresses of devices, and the devices that a message wakes.

use chrono::TimeDelta;
use diesel::prelude::*;
use messenger_db::enums::DeviceType;
use messenger_db::ids::{ChatId, SessionId, UserId};
use messenger_db::queries::push::{self, Address};
use messenger_db::queries::sessions::{self, Device};
use messenger_db::schema::push_tokens;
use messenger_db::secrets::PushToken;
use messenger_db::seq::Seq;

use super::act::Who;
use super::compare::{Agreement, agree};
use super::messenger::{Done, Messenger, Outcome};
use super::rules::refuse;
use crate::queries::cast::by;

/// A token by its number.
pub fn token(number: usize) -> PushToken {
    PushToken::new(format!("token {number}"))
}

/// A device of the user that is reached by the token of that number.
pub fn device(conn: &mut PgConnection, user: UserId, number: usize) -> SessionId {
    let device = Device::new(DeviceType::Android);
    let session = sessions::open(conn, user, &device, TimeDelta::days(1)).unwrap().session.id;
    push::register(conn, by(user), session, &Address::fcm(token(number))).unwrap();
    session
}

impl Messenger {
    /// The user's device is reached by this token from now on, and nobody else's is.
    pub fn register(&mut self, who: Who, number: usize) -> Outcome {
        let user = self.user(who);
        refuse!(self.is_closed(user) => "NotActive");
        self.tokens.retain(|_, held| *held != number);
        self.tokens.insert(user, number);
        Ok(Done::Nothing)
    }

    /// Whatever its user, the token is no longer good.
    pub fn expel(&mut self, number: usize) -> Done {
        let before = self.tokens.len();
        self.tokens.retain(|_, held| *held != number);
        Done::Flag(self.tokens.len() < before)
    }
}

/// That each device is reached where it registered last.
pub fn rows(conn: &mut PgConnection, messenger: &Messenger) -> Agreement {
    let actual: Vec<(UserId, SessionId, String)> = push_tokens::table
        .order(push_tokens::user_id)
        .select((push_tokens::user_id, push_tokens::session_id, push_tokens::token))
        .load(conn)
        .unwrap();
    let session = |user: &UserId| {
        let place = messenger.users.iter().position(|profile| profile.id == *user).unwrap();
        messenger.sessions[place]
    };
    let expected =
        messenger.tokens.iter().map(|(user, number)| (*user, session(user), token(*number).expose().to_owned()));
    agree("the addresses", actual, expected.collect())
}

/// That the newest message of a chat wakes the right devices, each with its badge.
pub fn targets(conn: &mut PgConnection, messenger: &Messenger, id: ChatId) -> Agreement {
    let Some(chat) = messenger.chats.get(&id) else { return Ok(()) };
    let actual = push::targets(conn, id, Seq::new(chat.head())).unwrap();
    let actual: Vec<_> = actual
        .into_iter()
        .map(|target| (target.user_id, target.address.token.expose().to_owned(), target.badge, target.is_mentioned))
        .collect();
    let Some(post) = chat.live(chat.head()).filter(|post| post.message.sender_id.is_some()) else {
        return agree("whom nothing wakes", actual, vec![]);
    };
    let is_woken = |user: &UserId| {
        let is_unread = post.receipts.get(user).is_some_and(|receipt| receipt.read_at.is_none());
        let is_muted = messenger.settings_of(*user, id).muted_until.is_some();
        post.message.sender_id != Some(*user) && is_unread && (!is_muted || post.mentions.contains(user))
    };
    let woken = chat.members().into_iter().filter(is_woken);
    let expected = woken.filter_map(|user| {
        let address = token(*messenger.tokens.get(&user)?).expose().to_owned();
        Some((user, address, messenger.badge(user), post.mentions.contains(&user)))
    });
    agree("whom it wakes", actual, expected.collect())
}
