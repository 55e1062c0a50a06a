//! The changes of a group itself: what is changed, by which operation, and what the model makes of it. A new column of groups
//! needs nothing else of the model.

use diesel::prelude::*;
use messenger_db::actor::Actor;
use messenger_db::enums::ParticipantRole;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::models;
use messenger_db::queries::groups;
use serde_json::json;

use super::act::Where;
use super::messenger::{Done, Messenger, Outcome, Time};
use super::perform::{Actual, actual};
use super::rules::refuse;

/// What a group has of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    pub name: Option<String>,
    pub slug: Option<String>,
    pub avatar_url: Option<String>,
    pub newcomers_see_all: bool,
}

impl Fields {
    /// Those of a new chat.
    pub fn new(name: Option<&str>) -> Self {
        Self { name: name.map(str::to_owned), slug: None, avatar_url: None, newcomers_see_all: true }
    }

    /// Those of a row.
    pub fn of(row: &models::Chat) -> Self {
        Self {
            name: row.name.clone(),
            slug: row.slug.clone(),
            avatar_url: row.avatar_url.clone(),
            newcomers_see_all: row.newcomers_see_all,
        }
    }
}

/// A change.
#[derive(Debug, Clone, Copy)]
pub enum Change {
    Name(&'static str),
    Slug(Option<&'static str>),
    Avatar(Option<&'static str>),
    NewcomersSeeAll(bool),
}

/// What is changed; some is refused.
pub const CHANGES: [Change; 11] = [
    Change::Name("Hikers"),
    Change::Name("Readers"),
    Change::Name(""),
    Change::Slug(Some("hikers")),
    Change::Slug(Some("readers")),
    Change::Slug(None),
    Change::Slug(Some("no link")),
    Change::Avatar(Some("picture")),
    Change::Avatar(None),
    Change::NewcomersSeeAll(true),
    Change::NewcomersSeeAll(false),
];

/// By its operation.
pub fn perform(conn: &mut PgConnection, actor: Actor, chat: ChatId, change: Change) -> Actual {
    let changed = match change {
        Change::Name(name) => groups::rename(conn, actor, chat, name),
        Change::Slug(slug) => groups::change_slug(conn, actor, chat, slug),
        Change::Avatar(avatar) => groups::change_avatar(conn, actor, chat, avatar),
        Change::NewcomersSeeAll(sees_all) => groups::change_history(conn, actor, chat, sees_all),
    };
    actual(changed, |_| Done::Nothing)
}

impl Messenger {
    /// In the model.
    pub fn change_group(&mut self, actor: UserId, chat: Where, change: Change, now: Time) -> Outcome {
        let (id, role) = (self.chat_id(chat), self.group_role(chat, actor));
        let has_slug =
            |slug| self.chats.iter().any(|(other, chat)| *other != id && chat.fields.slug.as_deref() == slug);
        refuse!(
            role.is_none() => "NotAMember",
            role == Some(ParticipantRole::Member) => "NotAllowed",
            matches!(change, Change::Name("")) => "NameRefused",
            matches!(change, Change::Slug(slug @ Some(_)) if has_slug(slug)) => "SlugTaken",
            matches!(change, Change::Slug(Some("no link"))) => "SlugRefused",
        );
        let by = actor.to_string();
        let event = match change {
            Change::Name(name) => json!({ "event": "group_renamed", "actor": by, "name": name }),
            Change::Slug(slug) => json!({ "event": "slug_changed", "actor": by, "slug": slug }),
            Change::Avatar(_) => json!({ "event": "avatar_changed", "actor": by }),
            Change::NewcomersSeeAll(sees_all) => {
                json!({ "event": "history_changed", "actor": by, "newcomers_see_all": sees_all })
            }
        };
        let (id, group) = self.chat_mut(chat);
        match change {
            Change::Name(name) => group.fields.name = Some(name.to_owned()),
            Change::Slug(slug) => group.fields.slug = slug.map(str::to_owned),
            Change::Avatar(avatar) => group.fields.avatar_url = avatar.map(str::to_owned),
            Change::NewcomersSeeAll(sees_all) => group.fields.newcomers_see_all = sees_all,
        }
        group.record(id, now, event, group.members());
        Ok(Done::Nothing)
    }
}
