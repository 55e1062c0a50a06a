//! Writes the system messages, in which a chat records what happened in it.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Timestamptz};
use serde_json::{Value, json};

use super::super::statement::statement;
use crate::enums::{ChatChangeKind, MessageKind};
use crate::ids::{ChatId, MessageId, UserId, sql_types as sql};
use crate::models::{Chat, Message};
use crate::schema::messages;
use crate::schema::sql_types::ChatChangeKind as ChatChangeKindSql;
use crate::seq::Seq;
use crate::version::Version;

/// What happened in a group. Its system message says it in the metadata: `event` is the name, `actor` who did it,
/// `target` to whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Event<'a> {
    /// `group_created`: the group was opened, by `actor`, with these `members` beside them.
    GroupCreated { actor: UserId, members: &'a [UserId] },
    /// `group_renamed`: it has a new `name`.
    GroupRenamed { actor: UserId, name: &'a str },
    /// `avatar_changed`: it has another picture, or none.
    AvatarChanged { actor: UserId },
    /// `slug_changed`: it has another `slug`, or none.
    SlugChanged { actor: UserId, slug: Option<&'a str> },
    /// `history_changed`: who joins from now on sees all of its history, or not: `newcomers_see_all`.
    HistoryChanged { actor: UserId, newcomers_see_all: bool },
    /// `group_deleted`: nobody is a member any more.
    GroupDeleted { actor: UserId },
    /// `member_added`: `target` is a member, for the first time or again.
    MemberAdded { actor: UserId, target: UserId },
    /// `member_removed`: `target` is no longer.
    MemberRemoved { actor: UserId, target: UserId },
    /// `member_left`: `actor` is no longer, by their own decision.
    MemberLeft { actor: UserId },
    /// `member_promoted`: `target` is an admin.
    MemberPromoted { actor: UserId, target: UserId },
    /// `member_demoted`: `target` is a plain member again.
    MemberDemoted { actor: UserId, target: UserId },
    /// `owner_changed`: `actor` was the owner, and `target` is.
    OwnerChanged { actor: UserId, target: UserId },
}

impl Event<'_> {
    fn metadata(self) -> Value {
        let id = |id: UserId| id.to_string();
        match self {
            Self::GroupCreated { actor, members } => json!({
                "event": "group_created",
                "actor": id(actor),
                "members": members.iter().copied().map(id).collect::<Vec<_>>(),
            }),
            Self::GroupRenamed { actor, name } => json!({ "event": "group_renamed", "actor": id(actor), "name": name }),
            Self::AvatarChanged { actor } => json!({ "event": "avatar_changed", "actor": id(actor) }),
            Self::SlugChanged { actor, slug } => json!({ "event": "slug_changed", "actor": id(actor), "slug": slug }),
            Self::HistoryChanged { actor, newcomers_see_all } => json!({
                "event": "history_changed",
                "actor": id(actor),
                "newcomers_see_all": newcomers_see_all,
            }),
            Self::GroupDeleted { actor } => json!({ "event": "group_deleted", "actor": id(actor) }),
            Self::MemberAdded { actor, target } => of("member_added", actor, target),
            Self::MemberRemoved { actor, target } => of("member_removed", actor, target),
            Self::MemberLeft { actor } => json!({ "event": "member_left", "actor": id(actor) }),
            Self::MemberPromoted { actor, target } => of("member_promoted", actor, target),
            Self::MemberDemoted { actor, target } => of("member_demoted", actor, target),
            Self::OwnerChanged { actor, target } => of("owner_changed", actor, target),
        }
    }

    /// What changed in the chat, and whose membership did.
    const fn change(self) -> (ChatChangeKind, Option<UserId>) {
        match self {
            Self::GroupCreated { .. }
            | Self::GroupRenamed { .. }
            | Self::AvatarChanged { .. }
            | Self::SlugChanged { .. }
            | Self::HistoryChanged { .. } => (ChatChangeKind::ChatChanged, None),
            Self::GroupDeleted { .. } => (ChatChangeKind::ChatDeleted, None),
            Self::MemberAdded { target, .. } => (ChatChangeKind::MemberJoined, Some(target)),
            Self::MemberRemoved { target, .. } => (ChatChangeKind::MemberLeft, Some(target)),
            Self::MemberLeft { actor } => (ChatChangeKind::MemberLeft, Some(actor)),
            Self::MemberPromoted { target, .. }
            | Self::MemberDemoted { target, .. }
            | Self::OwnerChanged { target, .. } => (ChatChangeKind::RoleChanged, Some(target)),
        }
    }
}

fn of(event: &str, actor: UserId, target: UserId) -> Value {
    json!({ "event": event, "actor": actor.to_string(), "target": target.to_string() })
}

statement! {
    /// The seq, the version and the time of an event.
    RecordEvent {
        chat_id: ChatId as sql::ChatId,
        id: MessageId as sql::MessageId,
        metadata: Value as Jsonb,
        kind: ChatChangeKind as ChatChangeKindSql,
        user_id: Option<UserId> as Nullable<sql::UserId>,
    } -> (BigInt, BigInt, Timestamptz) = "record_event.sql"
}

/// Writes the system message of an event, logs the event under the same version, and gives the message.
///
/// In the transaction of the event, after the locks of the chat and its participants: it locks the head, and the message
/// has the time at which it got that lock. Nobody's position moves: the message is unread for everyone, whoever did the
/// thing.
pub(crate) fn record(conn: &mut PgConnection, chat_id: ChatId, event: Event<'_>) -> QueryResult<Message> {
    let (id, metadata, (kind, user_id)) = (MessageId::new(), event.metadata(), event.change());
    let recording = RecordEvent { chat_id, id, metadata: metadata.clone(), kind, user_id };
    let (seq, version, created_at) = recording.get_result(conn)?;
    Ok(Message {
        chat_id,
        seq,
        id,
        sender_id: None,
        kind: MessageKind::System,
        content: None,
        metadata,
        reply_to_seq: None,
        created_at,
        edited_at: None,
        deleted_at: None,
        version,
    })
}

/// Writes the first message of a chat that is being opened, at the time of its opening.
pub(crate) fn insert_first(conn: &mut PgConnection, chat: &Chat, event: Event<'_>) -> QueryResult<()> {
    diesel::insert_into(messages::table)
        .values((
            messages::chat_id.eq(chat.id),
            messages::seq.eq(Seq::FIRST),
            messages::id.eq(MessageId::new()),
            messages::kind.eq(MessageKind::System),
            messages::metadata.eq(event.metadata()),
            messages::created_at.eq(chat.created_at),
            messages::version.eq(Version::new(1)),
        ))
        .execute(conn)?;
    Ok(())
}
