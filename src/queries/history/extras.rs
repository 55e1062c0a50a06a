//! Decides how what is shown with the messages of a page is read: all of it at once, each thing by its own index.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::dsl::SqlTypeOf;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Record, Text, Timestamptz};

use super::super::accounts::Profile;
use super::super::statement::statement;
use super::page::{Reaction, ReplyPreview};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::models::{Attachment, Message};
use crate::schema::sql_types::MessageKind as MessageKindSql;

/// The SQL types of what a struct selects, in the order of its fields.
type Columns<T> = SqlTypeOf<<T as Selectable<Pg>>::SelectExpression>;

type AttachmentSql = Columns<Attachment>;
type ReactionSql = (BigInt, Text, Timestamptz, BigInt, Bool);
type ReplySql = (BigInt, sql::MessageId, Nullable<sql::UserId>, MessageKindSql, Nullable<Text>, Bool);
type ProfileSql = Columns<Profile>;

// SQL text, because Diesel's DSL has no rows as values. It is one round trip instead of four: a page of fifty costs two
// thirds of what it did.
statement! {
    ReadExtras {
        chat_id: ChatId as sql::ChatId,
        reader: UserId as sql::UserId,
        first: i64 as BigInt,
        last: i64 as BigInt,
        answered: Vec<i64> as Array<BigInt>,
        senders: Vec<UserId> as Array<sql::UserId>,
    } -> (
        Array<Record<AttachmentSql>>,
        Array<Record<ReactionSql>>,
        Array<Record<ReplySql>>,
        Array<Record<ProfileSql>>,
    ) = "extras.sql"
}

type Row<T, Sql> = <T as Queryable<Sql, Pg>>::Row;

/// What is shown with the messages of a page, by their seq; and who is who.
pub(super) struct Extras {
    pub attachments: HashMap<i64, Vec<Attachment>>,
    pub reactions: HashMap<i64, Vec<Reaction>>,
    pub replies: HashMap<i64, ReplyPreview>,
    pub profiles: HashMap<UserId, Profile>,
}

impl Extras {
    /// Of the messages from the first seq to the last.
    pub(super) fn read(
        conn: &mut PgConnection,
        chat_id: ChatId,
        reader: UserId,
        (first, last): (i64, i64),
        messages: &[Message],
    ) -> QueryResult<Self> {
        let (on_page, answered): (Vec<_>, Vec<_>) = {
            let answered: BTreeSet<_> = messages.iter().filter_map(|message| message.reply_to_seq).collect();
            answered.into_iter().partition(|seq| (first..=last).contains(seq))
        };
        let senders: BTreeSet<_> = messages.iter().filter_map(|message| message.sender_id).collect();
        let senders = senders.into_iter().collect();
        let (attachments, reactions, elsewhere, profiles) =
            ReadExtras { chat_id, reader, first, last, answered, senders }.get_result::<(
                Vec<Row<Attachment, AttachmentSql>>,
                Vec<(i64, String, DateTime<Utc>, i64, bool)>,
                Vec<Row<ReplyPreview, ReplySql>>,
                Vec<Row<Profile, ProfileSql>>,
            )>(conn)?;
        let on_page = messages.iter().filter(|message| on_page.binary_search(&message.seq).is_ok());
        let replies = on_page.map(ReplyPreview::from).chain(build::<ReplyPreview, ReplySql>(elsewhere)?);
        let mut by_seq = HashMap::<_, Vec<_>>::new();
        for attachment in build::<Attachment, AttachmentSql>(attachments)? {
            by_seq.entry(attachment.message_seq).or_default().push(attachment);
        }
        let profiles = build::<Profile, ProfileSql>(profiles)?;
        Ok(Self {
            attachments: by_seq,
            reactions: in_order(reactions),
            replies: replies.map(|reply| (reply.seq, reply)).collect(),
            profiles: profiles.into_iter().map(|profile| (profile.id, profile)).collect(),
        })
    }
}

/// The reactions of each message, the one that was first given first.
fn in_order(mut rows: Vec<(i64, String, DateTime<Utc>, i64, bool)>) -> HashMap<i64, Vec<Reaction>> {
    rows.sort_unstable_by(|one, other| (one.0, one.2, &one.1).cmp(&(other.0, other.2, &other.1)));
    let mut by_seq = HashMap::<_, Vec<_>>::new();
    for (seq, emoji, _, count, mine) in rows {
        by_seq.entry(seq).or_default().push(Reaction { emoji, count, mine });
    }
    by_seq
}

fn build<T: Queryable<Sql, Pg>, Sql>(rows: Vec<T::Row>) -> QueryResult<Vec<T>> {
    rows.into_iter().map(T::build).collect::<Result<_, _>>().map_err(DieselError::DeserializationError)
}
