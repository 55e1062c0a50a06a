//! The version of a chat, or of a user's own things: a type of its own, so that it is not mixed with a position.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;

/// How many changes there were. Each change of a chat that a member can see takes the chat's next version: messages,
/// edits, deletions, reactions, members, roles, profile. Each change of a user's own things takes the user's next one.
///
/// Of two events about one thing, the one with the larger version is the later, in whatever order they arrive. Versions
/// are committed in their order: whoever sees one sees all before it. [`changes`](crate::queries::changes) tells what
/// happened since a version.
///
/// ```
/// use messenger_db::version::Version;
///
/// let version: Version = "42".parse()?;
/// assert!(Version::ZERO < version);
/// assert_eq!(version, Version::new(42));
/// assert_eq!(version.to_string(), "42");
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = BigInt)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Version(i64);

impl Version {
    /// Before the first change.
    pub const ZERO: Self = Self(0);

    /// The version of that number.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number of the version.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Version {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl ToSql<BigInt, Pg> for Version {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<BigInt, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<BigInt, Pg> for Version {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<BigInt, Pg>::from_sql(value).map(Self)
    }
}
