//! The rows of `declined_requests`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use crate::ids::UserId;
use crate::schema::declined_requests;

/// A request that was declined last.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = declined_requests, primary_key(asker_id, decliner_id), check_for_backend(Pg))]
pub struct DeclinedRequest {
    pub asker_id: UserId,
    pub decliner_id: UserId,
    pub declined_at: DateTime<Utc>,
}
