//! Reads what a page of changes holds: one statement for each kind of thing, each thing by its own key.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz};

use super::super::attachments;
use super::super::statement::{Columns, statement};
use super::state::KnownChat;
use super::{Ended, Ending, HiddenChange, MemberChange};
use crate::enums::{ChatChangeKind, MessageKind, ParticipantRole};
use crate::ids::{ChatId, UserId, sql_types as sql};
use crate::models::{Block, Chat, Contact, Message};
use crate::queries::history::{self, Entry, ReplyPreview};
use crate::queries::predicates::ten_at_least;
use crate::queries::profile::{self, Profile, seen_by};
use crate::queries::visibility::HasBlocked;
use crate::schema::sql_types::{ChatChangeKind as ChatChangeKindSql, ParticipantRole as ParticipantRoleSql};
use crate::schema::{blocks as block_rows, chats as chat_rows, contacts as contact_rows, users};
use crate::seq::Seq;
use crate::version::Version;
use crate::views::presence_entries;

/// Where the database and the user's own log stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    pub is_distributed: bool,
    pub origin: i64,
    pub version: Version,
    pub pruned_version: Version,
}

/// A chat that is not as the device knows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which {
    pub chat_id: ChatId,
    pub is_member: bool,
    pub first_seq: Seq,
    pub last_seq: Seq,
    pub version: Version,
    pub pruned_version: Version,
    pub last_read_seq: Seq,
    pub last_delivered_seq: Seq,
    /// The newest message when the user hid the chat, if they did; newer ones have shown it again.
    pub hidden_through_seq: Option<Seq>,
    /// How far the user had read when they marked it as unread, if they did; reading further has taken the mark away.
    pub unread_from_seq: Option<Seq>,
}

impl Which {
    /// Whether a hiding or a mark ends by itself, with a message or with reading, where a device goes on from what it knows.
    pub(super) fn has_settings_that_end(&self, known: &KnownChat, after: &KnownChat) -> bool {
        let ends = |set: Option<Seq>, known: Seq, after: Seq| set.is_some_and(|set| known <= set && set < after);
        ends(self.hidden_through_seq, known.seq, after.seq)
            || ends(self.unread_from_seq, known.read_seq, after.read_seq)
    }

    /// What a device knows that has all of it.
    pub(super) const fn known(&self) -> KnownChat {
        KnownChat { seq: self.last_seq, version: self.version, read_seq: self.last_read_seq }
    }
}

statement! {
    /// Where the database and the user's own log stand, beside each chat that is not as it is known.
    WhichChanged {
        user_id: UserId as sql::UserId,
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
        seqs: Vec<Seq> as Array<BigInt>,
        versions: Vec<Version> as Array<BigInt>,
        read_seqs: Vec<Seq> as Array<BigInt>,
        limit: Option<i64> as Nullable<BigInt>,
        only: Option<Vec<ChatId>> as Nullable<Array<sql::ChatId>>,
    } -> (
        Bool, BigInt, BigInt, BigInt, Nullable<sql::ChatId>, Nullable<Bool>, Nullable<BigInt>, Nullable<BigInt>,
        Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>, Nullable<BigInt>,
    ) = "which.sql"
}

type WhichRow = (
    bool,
    i64,
    Version,
    Version,
    Option<ChatId>,
    Option<bool>,
    Option<Seq>,
    Option<Seq>,
    Option<Version>,
    Option<Version>,
    Option<Seq>,
    Option<Seq>,
    Option<Seq>,
    Option<Seq>,
);

/// The chats that are not as they are known, in the order of their ids: all, or so many; of all chats, or of some.
pub(super) fn which(
    conn: &mut PgConnection,
    user_id: UserId,
    known: &BTreeMap<ChatId, KnownChat>,
    limit: Option<i64>,
    only: Option<BTreeSet<ChatId>>,
) -> QueryResult<(Own, Vec<Which>)> {
    let known: Vec<_> =
        known.iter().filter(|(chat_id, _)| only.as_ref().is_none_or(|only| only.contains(*chat_id))).collect();
    let asking = WhichChanged {
        user_id,
        chat_ids: known.iter().map(|(chat_id, _)| **chat_id).collect(),
        seqs: known.iter().map(|(_, chat)| chat.seq).collect(),
        versions: known.iter().map(|(_, chat)| chat.version).collect(),
        read_seqs: known.iter().map(|(_, chat)| chat.read_seq).collect(),
        limit,
        only: only.map(|only| only.into_iter().collect()),
    };
    let rows = asking.load::<WhichRow>(conn)?;
    let &(is_distributed, origin, version, pruned_version, ..) = rows.first().ok_or(diesel::NotFound)?;
    let chats = rows.into_iter().filter_map(|row| {
        let (_, _, _, _, chat_id, is_member, first, last, version, pruned, read, delivered, hidden, marked) = row;
        Some(Which {
            chat_id: chat_id?,
            is_member: is_member?,
            first_seq: first.unwrap_or(Seq::FIRST),
            last_seq: last.unwrap_or(Seq::ZERO),
            version: version.unwrap_or(Version::ZERO),
            pruned_version: pruned.unwrap_or(Version::ZERO),
            last_read_seq: read.unwrap_or(Seq::ZERO),
            last_delivered_seq: delivered.unwrap_or(Seq::ZERO),
            hidden_through_seq: hidden,
            unread_from_seq: marked,
        })
    });
    Ok((Own { is_distributed, origin, version, pruned_version }, chats.collect()))
}

/// What is in the log of a chat.
#[derive(Debug, Clone, Copy, Queryable)]
pub(super) struct Logged {
    pub chat_id: ChatId,
    pub version: Version,
    pub kind: ChatChangeKind,
    pub message_seq: Option<Seq>,
    pub user_id: Option<UserId>,
}

statement! {
    LoggedAfter {
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
        versions: Vec<Version> as Array<BigInt>,
        limit: i64 as BigInt,
    } -> (sql::ChatId, BigInt, ChatChangeKindSql, Nullable<BigInt>, Nullable<sql::UserId>) = "logged.sql"
}

/// What is logged of some chats after a version of each, at most so much in all.
pub(super) fn logged(
    conn: &mut PgConnection,
    after: impl Iterator<Item = (ChatId, Version)>,
    limit: i64,
) -> QueryResult<Vec<Logged>> {
    let (chat_ids, versions): (Vec<_>, Vec<_>) = after.unzip();
    if chat_ids.is_empty() {
        return Ok(Vec::new());
    }
    LoggedAfter { chat_ids, versions, limit }.load(conn)
}

statement! {
    /// Those that the reader sees.
    OfSeqs {
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
        seqs: Vec<Seq> as Array<BigInt>,
        reader: UserId as sql::UserId,
    } -> (Columns<Message>,) = "messages.sql"
}

fn of_seqs(
    conn: &mut PgConnection,
    reader: UserId,
    keys: impl Iterator<Item = (ChatId, Seq)>,
) -> QueryResult<Vec<Message>> {
    let (chat_ids, seqs): (Vec<_>, Vec<_>) = keys.unzip();
    if chat_ids.is_empty() {
        return Ok(Vec::new());
    }
    let messages = OfSeqs { chat_ids, seqs, reader }.load::<(Message,)>(conn)?;
    Ok(messages.into_iter().map(|(message,)| message).collect())
}

/// These messages with everything that is shown with them, by chat and by seq; and who sent them. Only messages of the
/// chats in `reacted` may have reactions.
pub(super) fn entries(
    conn: &mut PgConnection,
    reader: UserId,
    keys: Vec<(ChatId, Seq)>,
    reacted: &BTreeSet<ChatId>,
    people: &mut BTreeSet<UserId>,
) -> QueryResult<HashMap<ChatId, Vec<Entry>>> {
    let mut found = of_seqs(conn, reader, keys.into_iter())?;
    found.sort_unstable_by_key(|message| (message.chat_id, message.seq));
    let answered: BTreeSet<_> =
        found.iter().filter_map(|message| Some((message.chat_id, message.reply_to_seq?))).collect();
    let answered = of_seqs(conn, reader, answered.into_iter())?;
    let answered: HashMap<_, _> =
        answered.iter().map(|message| ((message.chat_id, message.seq), ReplyPreview::from(message))).collect();
    let with_pictures = found.iter().filter(|message| message.kind == MessageKind::Image);
    let with_pictures: Vec<_> = with_pictures.map(|message| (message.chat_id, message.seq)).collect();
    let mut pictures = attachments::of_messages(conn, &with_pictures)?;
    let reacted = found.iter().filter(|message| reacted.contains(&message.chat_id));
    let mut reactions = history::count_reactions(conn, reader, reacted.map(|message| (message.chat_id, message.seq)))?;
    let mut entries = HashMap::<_, Vec<_>>::new();
    for message in found {
        let key = (message.chat_id, message.seq);
        let reply_to = message.reply_to_seq.and_then(|seq| answered.get(&(message.chat_id, seq)).cloned());
        people.extend(message.sender_id);
        people.extend(reply_to.as_ref().and_then(|reply| reply.sender_id));
        entries.entry(message.chat_id).or_default().push(Entry {
            attachments: pictures.remove(&key).unwrap_or_default(),
            reactions: reactions.remove(&key).unwrap_or_default(),
            reply_to,
            message,
        });
    }
    Ok(entries)
}

statement! {
    MembersNow {
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
        user_ids: Vec<UserId> as Array<sql::UserId>,
    } -> (sql::ChatId, sql::UserId, ParticipantRoleSql, Timestamptz, Bool) = "members.sql"
}

/// What some users are in some chats now, by chat and by user.
pub(super) fn members(
    conn: &mut PgConnection,
    keys: Vec<(ChatId, UserId)>,
) -> QueryResult<HashMap<ChatId, Vec<MemberChange>>> {
    let mut members = HashMap::<_, Vec<_>>::new();
    if keys.is_empty() {
        return Ok(members);
    }
    let (chat_ids, user_ids) = keys.into_iter().unzip();
    let mut rows =
        MembersNow { chat_ids, user_ids }.load::<(ChatId, UserId, ParticipantRole, DateTime<Utc>, bool)>(conn)?;
    rows.sort_unstable_by_key(|row| (row.0, row.1));
    for (chat_id, user_id, role, joined_at, is_member) in rows {
        let change = MemberChange { user_id, role: is_member.then_some(role), joined_at };
        members.entry(chat_id).or_default().push(change);
    }
    Ok(members)
}

statement! {
    HowEnded {
        user_id: UserId as sql::UserId,
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
    } -> (sql::ChatId, Nullable<Timestamptz>, Nullable<Text>) = "ended.sql"
}

/// How the user's memberships in these chats ended, by chat.
pub(super) fn ended(conn: &mut PgConnection, user_id: UserId, chats: &[ChatId]) -> QueryResult<Vec<Ended>> {
    if chats.is_empty() {
        return Ok(Vec::new());
    }
    let rows =
        HowEnded { user_id, chat_ids: chats.to_vec() }.load::<(ChatId, Option<DateTime<Utc>>, Option<String>)>(conn)?;
    let ended = rows.into_iter().map(|(chat_id, at, event)| {
        let how = match event.as_deref() {
            Some("member_removed") => Ending::Removed,
            Some("group_deleted") => Ending::Deleted,
            _ if at.is_none() => Ending::Deleted,
            _ => Ending::Left,
        };
        Ended { chat_id, how, at }
    });
    let mut ended: Vec<_> = ended.collect();
    ended.sort_unstable_by_key(|ended| ended.chat_id);
    Ok(ended)
}

pub(super) fn chats(conn: &mut PgConnection, ids: Vec<ChatId>) -> QueryResult<HashMap<ChatId, Chat>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let chats = chat_rows::table.filter(chat_rows::id.eq_any(ids)).select(Chat::as_select()).load(conn)?;
    Ok(chats.into_iter().map(|chat| (chat.id, chat)).collect())
}

statement! {
    HiddenNow {
        user_id: UserId as sql::UserId,
        chat_ids: Vec<ChatId> as Array<sql::ChatId>,
    } -> (sql::ChatId, BigInt, Array<BigInt>) = "hidden.sql"
}

/// What the user does not see of these chats, in the order of their ids.
pub(super) fn hidden(
    conn: &mut PgConnection,
    user_id: UserId,
    chats: BTreeSet<ChatId>,
) -> QueryResult<Vec<HiddenChange>> {
    if chats.is_empty() {
        return Ok(Vec::new());
    }
    HiddenNow { user_id, chat_ids: chats.into_iter().collect() }.load(conn)
}

/// These users without those who have blocked the reader.
pub(super) fn unveiled(
    conn: &mut PgConnection,
    reader: UserId,
    ids: BTreeSet<UserId>,
) -> QueryResult<BTreeSet<UserId>> {
    if ids.is_empty() {
        return Ok(ids);
    }
    let shown: Vec<UserId> = users::table
        .filter(users::id.eq_any(ids))
        .filter(diesel::dsl::not(HasBlocked(reader)))
        .select(users::id)
        .load(conn)?;
    Ok(shown.into_iter().collect())
}

pub(super) fn profiles(
    conn: &mut PgConnection,
    reader: UserId,
    ids: BTreeSet<UserId>,
) -> QueryResult<HashMap<UserId, Profile>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut profiles: Vec<Profile> = users::table
        .left_join(presence_entries::table)
        .filter(users::id.eq_any(ten_at_least(ids)))
        .select(seen_by(reader))
        .load(conn)?;
    profile::complete(conn, &mut profiles)?;
    Ok(profiles.into_iter().map(|profile| (profile.id, profile)).collect())
}

/// The user's contacts with these, by the other.
pub(super) fn contacts(
    conn: &mut PgConnection,
    user_id: UserId,
    others: &BTreeSet<UserId>,
) -> QueryResult<HashMap<UserId, Contact>> {
    if others.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = contact_rows::table
        .filter(contact_rows::user_id.eq(user_id).and(contact_rows::contact_id.eq_any(others)))
        .select(Contact::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|contact| (contact.contact_id, contact)).collect())
}

/// The user's blocks of these, by the other.
pub(super) fn blocks(
    conn: &mut PgConnection,
    user_id: UserId,
    others: &BTreeSet<UserId>,
) -> QueryResult<HashMap<UserId, Block>> {
    if others.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = block_rows::table
        .filter(block_rows::blocker_id.eq(user_id).and(block_rows::blocked_id.eq_any(others)))
        .select(Block::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|block| (block.blocked_id, block)).collect())
}
