//! The rows of `users`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::Visibility;
use crate::ids::UserId;
use crate::schema::users;
use crate::secrets::PasswordHash;

/// A user as stored; whether the user is there is in `user_presence`. `username` and `password_hash` are `None` once the account is
/// closed.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Pg))]
pub struct User {
    pub id: UserId,
    pub username: Option<String>,
    pub password_hash: Option<PasswordHash>,
    pub display_name: Option<String>,
    pub avatar_url: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub presence_to: Visibility,
    pub receipts_to: Visibility,
    pub addable_by: Visibility,
    pub findable_by: Visibility,
}

/// A user to register.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = users, check_for_backend(Pg))]
pub struct NewUser<'a> {
    pub id: UserId,
    pub username: &'a str,
    pub password_hash: &'a PasswordHash,
    pub display_name: Option<&'a str>,
    pub avatar_url: Option<&'a str>,
}

/// Changes of an account: its profile, or its password. Who makes them sets `updated_at` beside them, as the operations do.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = users, check_for_backend(Pg))]
pub struct UserChanges<'a> {
    pub username: Option<&'a str>,
    pub password_hash: Option<&'a PasswordHash>,
    pub display_name: Option<Option<&'a str>>,
    pub avatar_url: Option<Option<&'a str>>,
}

/// What closing an account leaves of its row: nothing that names the person.
#[derive(Debug, AsChangeset)]
#[diesel(table_name = users, check_for_backend(Pg), treat_none_as_null = true)]
pub(crate) struct ClosedUser {
    username: Option<String>,
    password_hash: Option<PasswordHash>,
    display_name: Option<String>,
    avatar_url: Option<String>,
}

impl ClosedUser {
    pub(crate) const ROW: Self = Self { username: None, password_hash: None, display_name: None, avatar_url: None };
}
