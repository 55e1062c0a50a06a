//! Finds the devices that a message wakes, each with its badge.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};

use super::token::{Address, Keys};
use crate::enums::PushService;
use crate::ids::{ChatId, SessionId, UserId, sql_types};
use crate::queries::statement::statement;
use crate::schema::sql_types::PushService as PushServiceSql;
use crate::secrets::{PushAuth, PushToken};
use crate::seq::Seq;

statement! {
    /// The devices to wake.
    Targets {
        chat_id: ChatId as sql_types::ChatId,
        seq: Seq as BigInt,
    } -> (
        sql_types::UserId, sql_types::SessionId, PushServiceSql, Text, Nullable<Binary>, Nullable<Binary>, BigInt, Bool,
    ) = "targets.sql"
}

type Row = (UserId, SessionId, PushService, PushToken, Option<Vec<u8>>, Option<PushAuth>, i64, bool);

/// A device to wake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whose.
    pub user_id: UserId,
    /// Which session it is.
    pub session_id: SessionId,
    /// Where it is reached.
    pub address: Address,
    /// The number on its badge, as [`unread::badge`](crate::queries::unread::badge) counts it.
    pub badge: i64,
    /// Whether the message names the user.
    pub is_mentioned: bool,
}

/// The devices that a message wakes, each with the number for its badge: of the members of the chat who
///
/// * did not send it, and were members when it was sent;
/// * have not read it yet;
/// * have no device connected: who has one hears of it there;
/// * have not muted the chat, or are named in the message.
///
/// None for a message of the system, one that was deleted, and one that does not exist. Ordered by user and session. It
/// is the service that asks, after the send, so nobody is asked whether they may.
///
/// One statement, which locks nothing. Indexes: `messages_pkey`, `chat_participants_pkey`, `unread_messages_pkey`,
/// `chat_settings_pkey`, `message_mentions_pkey`, `push_tokens_user_idx`, `user_sessions_user_idx`, `chat_heads_pkey`,
/// `messages_uncounted_idx`. Its cost follows the number of members and, for the badges, of their chats.
///
/// # Errors
///
/// The database's.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// # use messenger_db::queries::sessions::{self, Device, Socket};
/// # use messenger_db::queries::push::{self, Address};
/// # use messenger_db::secrets::PushToken;
/// # let device = Device::new(messenger_db::enums::DeviceType::Ios);
/// # let session = sessions::open(conn, bob.user_id(), &device, chrono::TimeDelta::days(30))?.session;
/// use messenger_db::queries::messages::{self, Draft};
///
/// push::register(conn, bob, session.id, &Address::apns(PushToken::new("740f4707bebc")))?;
/// let sent = messages::send(conn, anna, chat, &Draft::text("Are you there?"))?.message;
/// let targets = push::targets(conn, chat, sent.seq)?;
/// assert_eq!((targets[0].session_id, targets[0].badge), (session.id, 1));
///
/// sessions::connect(conn, bob, session.id, &Socket::new("gateway-2", "817"))?;
/// assert_eq!(push::targets(conn, chat, sent.seq)?, []);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn targets(conn: &mut PgConnection, chat_id: ChatId, seq: Seq) -> QueryResult<Vec<Target>> {
    let target = |(user_id, session_id, service, token, p256dh, auth, badge, is_mentioned): Row| {
        let keys = p256dh.zip(auth).map(|(p256dh, auth)| Keys { p256dh, auth });
        Target { user_id, session_id, address: Address { service, token, keys }, badge, is_mentioned }
    };
    Ok(Targets { chat_id, seq }.load(conn)?.into_iter().map(target).collect())
}
