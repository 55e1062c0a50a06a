//! The keys: one Rust type for each kind of row, so that the wrong one does not compile.
//!
//! On the server each is a domain over `uuid` (`CREATE DOMAIN user_id AS uuid`), which `diesel print-schema`
//! turns into a SQL type of its own. So not only does a function that takes a [`UserId`] refuse a [`ChatId`]:
//! `users::id.eq(chat_id)` and a join of `users::id` to `chats::id` do not compile either.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use uuid::Uuid;

/// The SQL types of the keys, which `schema.rs` names. On the wire each is a plain `uuid`.
pub mod sql_types {
    use diesel::query_builder::QueryId;
    use diesel::sql_types::SqlType;

    macro_rules! uuid_domain {
        ($($name:ident is $domain:literal),+ $(,)?) => {$(
            #[doc = concat!("The domain `", $domain, "` over `uuid`.")]
            // The OIDs of uuid and uuid[], fixed in pg_type.dat: PostgreSQL describes a domain's column by its base.
            #[derive(Debug, Clone, Copy, Default, QueryId, SqlType)]
            #[diesel(postgres_type(oid = 2950, array_oid = 2951))]
            pub struct $name;
        )+};
    }

    uuid_domain!(UserId is "user_id", SessionId is "session_id", ChatId is "chat_id", MessageId is "message_id");
}

macro_rules! id {
    ($($(#[$doc:meta])+ $name:ident),+ $(,)?) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
        #[diesel(sql_type = sql_types::$name)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(Uuid);

        impl $name {
            /// A new key: a `UUIDv7` ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7)), which
            /// begins with the time, so that rows made together lie together in the index.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "a key out of thin air should be asked for by name")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The key that this UUID is, of whatever version: what the database holds need not be version 7.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The UUID that this key is.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl ToSql<sql_types::$name, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                ToSql::<diesel::sql_types::Uuid, Pg>::to_sql(&self.0, out)
            }
        }

        impl FromSql<sql_types::$name, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                FromSql::<diesel::sql_types::Uuid, Pg>::from_sql(value).map(Self)
            }
        }
    )+};
}

id! {
    /// The key of a user. Their order is PostgreSQL's order of `uuid`, so that
    /// `(low, high) = if a < b { (a, b) } else { (b, a) }` is the pair of a direct chat.
    UserId,
    /// The key of a session: safe to show, unlike its token.
    SessionId,
    /// The key of a chat.
    ChatId,
    /// What a client calls a message, so that sending it twice finds the first. The key is `(chat_id, seq)`.
    MessageId,
}
