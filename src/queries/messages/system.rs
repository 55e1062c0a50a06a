//! Writes the system messages, in which a chat records what happened in it.

use diesel::dsl::now;
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::enums::MessageKind;
use crate::ids::{ChatId, MessageId, UserId};
use crate::models::NewMessage;
use crate::schema::{chat_heads, messages};
use crate::seq::Seq;

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
            Self::GroupDeleted { actor } => json!({ "event": "group_deleted", "actor": id(actor) }),
            Self::MemberAdded { actor, target } => of("member_added", actor, target),
            Self::MemberRemoved { actor, target } => of("member_removed", actor, target),
            Self::MemberLeft { actor } => json!({ "event": "member_left", "actor": id(actor) }),
            Self::MemberPromoted { actor, target } => of("member_promoted", actor, target),
            Self::MemberDemoted { actor, target } => of("member_demoted", actor, target),
            Self::OwnerChanged { actor, target } => of("owner_changed", actor, target),
        }
    }
}

fn of(event: &str, actor: UserId, target: UserId) -> Value {
    json!({ "event": event, "actor": actor.to_string(), "target": target.to_string() })
}

/// Writes the system message of an event and gives its seq.
///
/// In the transaction of the event, after the locks of the chat and its participants: it locks the head. Nobody's
/// position moves: the message is unread for everyone, whoever did the thing.
pub(crate) fn record(conn: &mut PgConnection, chat_id: ChatId, event: Event<'_>) -> QueryResult<Seq> {
    let seq = diesel::update(chat_heads::table.find(chat_id))
        .set((
            chat_heads::last_seq.eq(chat_heads::last_seq + 1),
            chat_heads::last_message_at.eq(now),
            chat_heads::last_sender_id.eq(None::<UserId>),
            chat_heads::last_kind.eq(Some(MessageKind::System)),
            chat_heads::last_preview.eq(None::<&str>),
        ))
        .returning(chat_heads::last_seq)
        .get_result(conn)?;
    insert(conn, chat_id, seq, event)?;
    Ok(seq)
}

/// Writes the system message under a number that the caller has taken from the head.
pub(crate) fn insert(conn: &mut PgConnection, chat_id: ChatId, seq: Seq, event: Event<'_>) -> QueryResult<()> {
    diesel::insert_into(messages::table)
        .values(NewMessage {
            chat_id,
            seq,
            id: MessageId::new(),
            sender_id: None,
            kind: MessageKind::System,
            content: None,
            metadata: Some(&event.metadata()),
            reply_to_seq: None,
        })
        .execute(conn)?;
    Ok(())
}
