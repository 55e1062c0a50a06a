//! Reads what is shown with the messages of a page, in one statement, each thing by its own index.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Record, Text, Timestamptz};

use super::super::statement::{Columns, statement};
use super::counted::{self, Given};
use super::page::{Reaction, ReplyPreview};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::models::{Attachment, Message};
use crate::queries::profile::{self, Profile, ProfileSql};
use crate::schema::sql_types::MessageKind as MessageKindSql;
use crate::seq::Seq;

type AttachmentSql = Columns<Attachment>;
type ReactionSql = (BigInt, Text, Timestamptz, BigInt, Bool);
type ReplySql = (BigInt, sql::MessageId, Nullable<sql::UserId>, MessageKindSql, Nullable<Text>, Bool);

// SQL text, because Diesel's DSL has no rows as values. It is one round trip instead of four: on a socket, where a
// round trip costs least, a page of fifty costs a quarter less.
statement! {
    ReadExtras {
        chat_id: ChatId as sql::ChatId,
        reader: UserId as sql::UserId,
        first: Seq as BigInt,
        last: Seq as BigInt,
        answered: Vec<Seq> as Array<BigInt>,
        most: i64 as BigInt,
    } -> (Array<Record<AttachmentSql>>, Array<Record<ReactionSql>>, Array<Record<ReplySql>>) = "extras.sql"
}

// A statement of its own: PostgreSQL prepares each part of a plan, at each call, for parts that have nothing to do, too. Those of
// the profiles are a seventh of it.
statement! {
    ReadExtrasAndProfiles {
        chat_id: ChatId as sql::ChatId,
        reader: UserId as sql::UserId,
        first: Seq as BigInt,
        last: Seq as BigInt,
        answered: Vec<Seq> as Array<BigInt>,
        most: i64 as BigInt,
        senders: Vec<UserId> as Array<sql::UserId>,
    } -> (
        Array<Record<AttachmentSql>>,
        Array<Record<ReactionSql>>,
        Array<Record<ReplySql>>,
        Array<Record<ProfileSql>>,
    ) = "extras.sql" "profiles.sql"
}

/// More reactions than these are counted by the database, with a statement of its own. It would sort the few to count them, in
/// memory that it takes from the system and gives back at each call, which was a fifth of what a page costs.
const FEW: i64 = 200;

type Row<T, Sql> = <T as Queryable<Sql, Pg>>::Row;

type Attachments = Vec<Row<Attachment, AttachmentSql>>;
type Reactions = Vec<(Seq, String, DateTime<Utc>, i64, bool)>;
type Replies = Vec<Row<ReplyPreview, ReplySql>>;
type Profiles = Vec<Row<Profile, ProfileSql>>;

/// What is shown with the messages of a page; and who sent them, and those that they answer.
#[derive(Default)]
pub(super) struct Extras {
    pub attachments: Vec<Attachment>,
    /// Of each message, the one that was first given first.
    pub reactions: HashMap<Seq, Vec<Reaction>>,
    /// The messages that are answered and not on the page.
    pub answered: HashMap<Seq, ReplyPreview>,
    pub profiles: HashMap<UserId, Profile>,
}

impl Extras {
    /// Of these messages, which are in order, for a reader whose history begins with a seq; without the profiles of those whom
    /// the device knows.
    pub(super) fn read(
        conn: &mut PgConnection,
        reader: UserId,
        begins: Seq,
        known: &[UserId],
        messages: &[Message],
    ) -> QueryResult<Self> {
        let (Some(oldest), Some(newest)) = (messages.first(), messages.last()) else { return Ok(Self::default()) };
        let (chat_id, first, last) = (oldest.chat_id, oldest.seq, newest.seq);
        let answered: BTreeSet<_> = messages.iter().filter_map(|message| message.reply_to_seq).collect();
        let answered = answered.into_iter().filter(|seq| (begins..first).contains(seq)).collect();
        let senders: BTreeSet<_> = messages.iter().filter_map(|message| message.sender_id).collect();
        let mut shown: BTreeSet<_> = senders.into_iter().filter(|sender| !known.contains(sender)).collect();
        let most = FEW + 1;
        let (attachments, given, replies, profiles): (Attachments, Reactions, Replies, Profiles);
        if shown.is_empty() {
            let read = ReadExtras { chat_id, reader, first, last, answered, most };
            (attachments, given, replies) = read.get_result(conn)?;
            profiles = Vec::new();
        } else {
            let senders = shown.iter().copied().collect();
            let read = ReadExtrasAndProfiles { chat_id, reader, first, last, answered, most, senders };
            (attachments, given, replies, profiles) = read.get_result(conn)?;
        }
        let reactions = if i64::try_from(given.len()).is_ok_and(|given| given <= FEW) {
            let given = given.into_iter().map(|(seq, emoji, at, _, mine)| Given { seq, emoji, at, mine });
            counted::of_each(given.collect())
        } else {
            let counted =
                counted::count_reactions(conn, reader, messages.iter().map(|message| (chat_id, message.seq)))?;
            counted.into_iter().map(|((_, seq), reactions)| (seq, reactions)).collect()
        };
        let answered = build::<ReplyPreview, ReplySql>(replies)?;
        shown.extend(answered.iter().filter_map(|reply| reply.sender_id).filter(|sender| !known.contains(sender)));
        let mut profiles = build::<Profile, ProfileSql>(profiles)?;
        if profiles.is_empty() && !shown.is_empty() {
            // The device knows all who wrote the page, and not all whom they answer.
            profiles = profile::read(conn, reader, shown)?;
        } else {
            profile::complete(conn, &mut profiles)?;
            // Without whom the device knows of those whose messages are answered.
            profiles.retain(|profile| shown.contains(&profile.id));
        }
        Ok(Self {
            attachments: build::<Attachment, AttachmentSql>(attachments)?,
            reactions,
            answered: answered.into_iter().map(|reply| (reply.seq, reply)).collect(),
            profiles: profiles.into_iter().map(|profile| (profile.id, profile)).collect(),
        })
    }
}

fn build<T: Queryable<Sql, Pg>, Sql>(rows: Vec<T::Row>) -> QueryResult<Vec<T>> {
    rows.into_iter().map(T::build).collect::<Result<_, _>>().map_err(DieselError::DeserializationError)
}
