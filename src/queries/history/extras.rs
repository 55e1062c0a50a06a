//! Reads what is shown with the messages of a page, in one statement, each thing by its own index.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Record, Text, Timestamptz};

use super::super::statement::{Columns, statement};
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
        senders: Vec<UserId> as Array<sql::UserId>,
        known: Vec<UserId> as Array<sql::UserId>,
    } -> (
        Array<Record<AttachmentSql>>,
        Array<Record<ReactionSql>>,
        Array<Record<ReplySql>>,
        Array<Record<ProfileSql>>,
    ) = "extras.sql"
}

type Row<T, Sql> = <T as Queryable<Sql, Pg>>::Row;

/// What is shown with the messages of a page; and who sent them, and those that they answer.
pub(super) struct Extras {
    pub attachments: Vec<Attachment>,
    /// With the seq of their message; of one message, the one that was first given first.
    pub reactions: Vec<(Seq, Reaction)>,
    /// The messages that are answered and not on the page.
    pub answered: HashMap<Seq, ReplyPreview>,
    pub profiles: HashMap<UserId, Profile>,
}

impl Extras {
    /// Of these messages, which are in order; without the profiles of those whom the device knows.
    pub(super) fn read(
        conn: &mut PgConnection,
        chat_id: ChatId,
        reader: UserId,
        known: &[UserId],
        (first, last): (Seq, Seq),
        messages: &[Message],
    ) -> QueryResult<Self> {
        let answered: BTreeSet<_> = messages.iter().filter_map(|message| message.reply_to_seq).collect();
        let answered = answered.into_iter().filter(|seq| *seq < first).collect();
        let senders: BTreeSet<_> = messages.iter().filter_map(|message| message.sender_id).collect();
        let senders = senders.into_iter().filter(|sender| !known.contains(sender)).collect();
        let known = known.to_vec();
        let (attachments, mut reactions, answered, profiles) =
            ReadExtras { chat_id, reader, first, last, answered, senders, known }.get_result::<(
                Vec<Row<Attachment, AttachmentSql>>,
                Vec<(Seq, String, DateTime<Utc>, i64, bool)>,
                Vec<Row<ReplyPreview, ReplySql>>,
                Vec<Row<Profile, ProfileSql>>,
            )>(conn)?;
        reactions.sort_unstable_by(|one, other| (one.0, one.2, &one.1).cmp(&(other.0, other.2, &other.1)));
        let reactions =
            reactions.into_iter().map(|(seq, emoji, _, count, mine)| (seq, Reaction { emoji, count, mine }));
        let answered = build::<ReplyPreview, ReplySql>(answered)?;
        let mut profiles = build::<Profile, ProfileSql>(profiles)?;
        profile::complete(conn, &mut profiles)?;
        Ok(Self {
            attachments: build::<Attachment, AttachmentSql>(attachments)?,
            reactions: reactions.collect(),
            answered: answered.into_iter().map(|reply| (reply.seq, reply)).collect(),
            profiles: profiles.into_iter().map(|profile| (profile.id, profile)).collect(),
        })
    }
}

fn build<T: Queryable<Sql, Pg>, Sql>(rows: Vec<T::Row>) -> QueryResult<Vec<T>> {
    rows.into_iter().map(T::build).collect::<Result<_, _>>().map_err(DieselError::DeserializationError)
}
