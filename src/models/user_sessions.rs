//! The rows of `user_sessions`.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use ipnet::IpNet;

use crate::enums::DeviceType;
use crate::ids::{SessionId, UserId};
use crate::schema::user_sessions;
use crate::secrets::TokenHash;

/// A signed-in device as stored.
#[derive(Debug, Clone, PartialEq, Eq, Identifiable, Queryable, Selectable)]
#[diesel(table_name = user_sessions, check_for_backend(Pg))]
pub struct UserSession {
    pub id: SessionId,
    pub user_id: UserId,
    pub token_hash: TokenHash,
    pub device_id: Option<String>,
    pub device_type: DeviceType,
    pub device_name: Option<String>,
    pub ip_address: Option<IpNet>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_active_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub idle_timeout: Option<TimeDelta>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub server_id: Option<String>,
    pub connection_id: Option<String>,
    pub connected_at: Option<DateTime<Utc>>,
}

/// A device to sign in.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = user_sessions, check_for_backend(Pg))]
pub struct NewUserSession<'a> {
    pub id: SessionId,
    pub user_id: UserId,
    pub token_hash: TokenHash,
    pub device_id: Option<&'a str>,
    pub device_type: Option<DeviceType>,
    pub device_name: Option<&'a str>,
    pub ip_address: Option<IpNet>,
    pub user_agent: Option<&'a str>,
    pub expires_at: DateTime<Utc>,
    pub idle_timeout: Option<TimeDelta>,
}

/// Changes of a session: activity, socket, end.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = user_sessions, check_for_backend(Pg))]
pub struct UserSessionChanges<'a> {
    pub last_active_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<Option<DateTime<Utc>>>,
    pub server_id: Option<Option<&'a str>>,
    pub connection_id: Option<Option<&'a str>>,
    pub connected_at: Option<Option<DateTime<Utc>>>,
}
