//! The rows of `chats`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::ChatKind;
use crate::ids::{ChatId, UserId};
use crate::schema::chats;

/// A chat as stored: what of it changes rarely.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = chats, check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Chat {
    pub id: ChatId,
    pub kind: ChatKind,
    pub name: Option<String>,
    pub slug: Option<String>,
    pub avatar_url: Option<String>,
    pub direct_low: Option<UserId>,
    pub direct_high: Option<UserId>,
    pub member_count: i32,
    pub newcomers_see_all: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A group to open.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = chats, check_for_backend(Pg))]
pub struct NewGroupChat<'a> {
    pub id: ChatId,
    kind: ChatKind,
    pub name: &'a str,
    pub slug: Option<&'a str>,
    pub avatar_url: Option<&'a str>,
    pub newcomers_see_all: bool,
}

impl<'a> NewGroupChat<'a> {
    /// A group of that name, without a slug or an avatar.
    #[must_use]
    pub const fn new(id: ChatId, name: &'a str) -> Self {
        Self { id, kind: ChatKind::Group, name, slug: None, avatar_url: None, newcomers_see_all: true }
    }
}

/// A direct chat to open.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = chats, check_for_backend(Pg))]
pub struct NewDirectChat {
    pub id: ChatId,
    kind: ChatKind,
    direct_low: UserId,
    direct_high: UserId,
}

impl NewDirectChat {
    /// The chat between two users, in whichever order they are named. The database refuses a chat of a user
    /// with themselves (`chats_direct_pair_order_check`).
    #[must_use]
    pub fn between(id: ChatId, one: UserId, other: UserId) -> Self {
        Self { id, kind: ChatKind::Direct, direct_low: one.min(other), direct_high: one.max(other) }
    }
}

/// Changes of a chat. Who makes them sets `updated_at` beside them, as the operations do; a change of `member_count` alone sets
/// none.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = chats, check_for_backend(Pg))]
pub struct ChatChanges<'a> {
    pub name: Option<&'a str>,
    pub slug: Option<Option<&'a str>>,
    pub avatar_url: Option<Option<&'a str>>,
    pub newcomers_see_all: Option<bool>,
    pub member_count: Option<i32>,
    pub deleted_at: Option<Option<DateTime<Utc>>>,
}
