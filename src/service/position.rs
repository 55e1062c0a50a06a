//! How far the log of the primary was when somebody wrote, so that what they read afterwards is not older.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A position in the write-ahead log of a primary: larger is later. [`Display`](fmt::Display) and [`FromStr`] write it as
/// PostgreSQL does, such as `16/B374D848`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// Before everything.
    pub const ZERO: Self = Self(0);
    /// After everything: what follows a write of which it is not known where it stands.
    pub const UNKNOWN: Self = Self(u64::MAX);

    pub(super) const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    pub(super) const fn bytes(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & u64::from(u32::MAX))
    }
}

/// A text is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a position in a log, such as 16/B374D848")]
pub struct PositionInvalid;

impl FromStr for Position {
    type Err = PositionInvalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (high, low) = text.split_once('/').ok_or(PositionInvalid)?;
        let half = |digits: &str| {
            let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            u32::from_str_radix(digits, 16).ok().filter(|_| is_hex).map(u64::from).ok_or(PositionInvalid)
        };
        Ok(Self(half(high)? << 32 | half(low)?))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Position {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Position {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What one user, or one connection of a user, has written: [`Pool::read_in`](super::Pool::read_in) gives nothing older. Its
/// clones are the same session.
///
/// Where the next request may meet another server of the service, give the client [`position`](Self::position), as a text, and
/// make the session of it again.
#[derive(Debug, Clone, Default)]
pub struct Session(Arc<AtomicU64>);

impl Session {
    /// One that has written nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where its last write stands.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.0.load(Ordering::Acquire))
    }

    /// Notes a write. One that is not known where it stands is known again after the next.
    pub(super) fn note(&self, position: Position) {
        let noted = |before: u64| {
            let is_known = before != Position::UNKNOWN.0;
            Some(if is_known { before.max(position.0) } else { position.0 })
        };
        let _ = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, noted);
    }
}

impl From<Position> for Session {
    fn from(position: Position) -> Self {
        Self(Arc::new(AtomicU64::new(position.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Position, Session};

    #[test]
    fn a_position_is_written_as_postgresql_writes_it_and_nothing_else_is_read() {
        for text in ["0/0", "16/B374D848", "FFFFFFFF/FFFFFFFF"] {
            assert_eq!(text.parse().map(|position: Position| position.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "0", "/", "0/", "/0", "+1/0", "0/100000000", "g/0", "0/0/0", " 0/0"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
        assert!("1/0".parse::<Position>().is_ok_and(|larger| larger > Position(u64::from(u32::MAX))));
    }

    #[test]
    fn a_session_never_goes_back_but_from_what_is_not_known() {
        let session = Session::from(Position(5));
        session.note(Position(3));
        assert_eq!(session.position(), Position(5));
        session.note(Position::UNKNOWN);
        assert_eq!(session.position(), Position::UNKNOWN);
        session.note(Position(7));
        assert_eq!(session.position(), Position(7));
    }
}
