//! Tokens and hashes that `Debug` does not show, so that they do not get into logs.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Binary, Text};
use sha2::{Digest, Sha256};

use crate::hex;

/// A password's hash as a PHC or bcrypt string, such as `$argon2id$v=19$…`.
///
/// The database refuses one that does not start with `$` (`users_password_hash_check`), so that a password is not
/// stored in its place by mistake. The server then quotes the refused row, in the error's details and in its log.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a hash that a password-hashing crate made.
    pub fn new(hash: impl Into<String>) -> Self {
        Self(hash.into())
    }

    /// The hash itself, to verify a password against.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

impl ToSql<Text, Pg> for PasswordHash {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Text, Pg>::to_sql(self.0.as_str(), out)
    }
}

impl FromSql<Text, Pg> for PasswordHash {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Text, Pg>::from_sql(value).map(Self)
    }
}

/// SHA-256 of a session's random 256-bit token: 32 bytes, never fewer or more.
#[derive(Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Wraps a digest.
    #[must_use]
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The digest itself.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

impl ToSql<Binary, Pg> for TokenHash {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Binary, Pg>::to_sql(self.0.as_slice(), out)
    }
}

impl FromSql<Binary, Pg> for TokenHash {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().try_into()?))
    }
}

/// Where a device is reached by a notification: its token at Apple or Google, or the URL of its endpoint. Whoever has it
/// may be able to notify the device.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct PushToken(String);

impl PushToken {
    /// Wraps what the device got from its service.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The token itself, for the service that carries notifications.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PushToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushToken(..)")
    }
}

impl ToSql<Text, Pg> for PushToken {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Text, Pg>::to_sql(self.0.as_str(), out)
    }
}

impl FromSql<Text, Pg> for PushToken {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        FromSql::<Text, Pg>::from_sql(value).map(Self)
    }
}

/// The secret of a Web Push subscription (`auth`), with which a notification is encrypted: 16 bytes.
#[derive(Clone, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct PushAuth(Vec<u8>);

impl PushAuth {
    /// Wraps the secret that the browser gave.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, to encrypt with.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PushAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushAuth(..)")
    }
}

impl ToSql<Binary, Pg> for PushAuth {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<Binary, Pg>::to_sql(self.0.as_slice(), out)
    }
}

impl FromSql<Binary, Pg> for PushAuth {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(value.as_bytes().to_vec()))
    }
}

/// What a device signs its requests with: 256 random bits, which only the device keeps. The database has their
/// [hash](Self::hash).
///
/// As text it is 64 hexadecimal digits, fit for a cookie, a header or a URL.
///
/// ```
/// use messenger_db::secrets::{InvalidToken, SessionToken};
///
/// let token = SessionToken::generate()?;
/// let cookie = token.expose();
/// assert_eq!(cookie.len(), 64);
/// assert_eq!(cookie.parse::<SessionToken>()?.hash(), token.hash());
/// assert_eq!(format!("{token:?}"), "SessionToken(..)");
/// assert_eq!("tampered".parse::<SessionToken>().unwrap_err(), InvalidToken);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// A new token, from the operating system's random numbers.
    ///
    /// # Errors
    ///
    /// When the operating system has none to give, which on Linux does not happen after boot.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The token as text, to hand to the device. Nothing else should see it.
    #[must_use]
    pub fn expose(&self) -> String {
        hex::encode(&self.0)
    }

    /// What the database finds the session by: SHA-256 of the random bits. A slow hash would add nothing, because
    /// nobody guesses 256 bits; and because the look-up is by hash, its timing tells nothing about a token.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::new(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

/// A text that is no token: not 64 hexadecimal digits. It does not say which text, because that may be a secret too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a session token")]
pub struct InvalidToken;

impl FromStr for SessionToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let bytes = hex::decode(text).ok_or(InvalidToken)?;
        bytes.try_into().map(Self).map_err(|_| InvalidToken)
    }
}
