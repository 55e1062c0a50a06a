//! The rows of `contacts`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::enums::ContactStatus;
use crate::ids::UserId;
use crate::schema::contacts;

/// One side of a contact; the other is the row with `user_id` and `contact_id` swapped.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = contacts, primary_key(user_id, contact_id), check_for_backend(Pg))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Contact {
    pub user_id: UserId,
    pub contact_id: UserId,
    pub status: ContactStatus,
    pub requested_by: UserId,
    pub created_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
}

/// One side of a contact to ask for; insert it together with its mirror.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = contacts, check_for_backend(Pg))]
pub struct NewContact {
    pub user_id: UserId,
    pub contact_id: UserId,
    pub status: Option<ContactStatus>,
    pub requested_by: UserId,
    pub accepted_at: Option<DateTime<Utc>>,
}

/// Changes of a contact; both sides change alike.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = contacts, check_for_backend(Pg))]
pub struct ContactChanges {
    pub status: Option<ContactStatus>,
    pub accepted_at: Option<Option<DateTime<Utc>>>,
}
