//! Where a page ended, as an opaque text that a client keeps and sends back for the next page.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::error::refusals;
use crate::hex;
use crate::ids::{ChatId, SessionId, UserId};
use crate::queries::time::storable;
use crate::seq::Seq;

/// Where a page ended, and the next begins.
///
/// Each family that has pages has a kind of its own, such as [`inbox::Cursor`](crate::queries::inbox::Cursor), which
/// no other takes. As text it is lower-case letters and digits, 32 to 150 of them, fit for a URL, and readable by later
/// releases of this crate. What is in it is nobody's business but the crate's.
///
/// A text that was cut or changed, that is a cursor of another family, or that a later release wrote is refused, see
/// [`InvalidCursor`]. There is no secret in it: who writes a program to forge one gets a page that begins elsewhere,
/// with nothing on it that they may not read.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// use messenger_db::cursor::InvalidCursor;
/// use messenger_db::page::Limit;
/// use messenger_db::queries::{inbox, pending};
///
/// let entries = inbox::list(conn, anna, None, Limit::default())?;
/// let text = entries[0].cursor().to_string();
/// let cursor: inbox::Cursor = text.parse()?;
/// assert_eq!(cursor, entries[0].cursor());
/// assert_eq!(inbox::list(conn, anna, Some(cursor), Limit::default())?, []);
///
/// let foreign = text.parse::<pending::Cursor>().unwrap_err();
/// assert_eq!(foreign.to_string(), "this is a cursor of an inbox, and a cursor of pending messages is needed");
/// assert_eq!(text.replace('0', "1").parse::<inbox::Cursor>(), Err(InvalidCursor::Damaged));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor<P>(P);

impl<P> Cursor<P> {
    pub(crate) const fn new(place: P) -> Self {
        Self(place)
    }

    pub(crate) const fn place(&self) -> &P {
        &self.0
    }
}

/// Why a text is no cursor that the operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCursor {
    /// It is no cursor, or was cut or changed since it was one.
    #[error("this is not a cursor, or it is damaged; begin at the first page")]
    Damaged,
    /// It is a cursor of another family.
    #[error("this is a cursor of {found}, and a cursor of {expected} is needed")]
    Foreign {
        /// What it is a cursor of.
        found: &'static str,
        /// Of what it should be one.
        expected: &'static str,
    },
    /// A release that writes cursors in another way made it.
    #[error("this cursor is of version {0}, which this release does not read; begin at the first page")]
    Version(u8),
}

refusals! { InvalidCursor {
    Damaged: Invalid = "cursor_damaged",
    Foreign: Invalid = "cursor_foreign",
    Version: Invalid = "cursor_version",
} }

/// How the bytes of a cursor are laid out: this, the kind, the place, and a checksum of them all.
const VERSION: u8 = 1;

/// How many bytes of the checksum there are.
const CHECKSUM: usize = 4;

/// What a cursor of each kind is of, by the kind's number. A number is never used again.
const KINDS: [(u8, &str); 7] = [
    (1, "an inbox"),
    (2, "pending messages"),
    (3, "search results"),
    (4, "reactions"),
    (5, "the pictures of a chat"),
    (6, "changes"),
    (7, "devices"),
];

fn kind(number: u8) -> Option<&'static str> {
    KINDS.iter().find(|(kind, _)| *kind == number).map(|(_, name)| *name)
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(bytes).into();
    [a, b, c, d]
}

/// The place in a list that a cursor of one kind holds.
#[doc(hidden)]
pub trait Place: Sized {
    /// The number of the kind.
    const KIND: u8;

    /// Writes the place behind these bytes.
    fn write(&self, bytes: &mut Vec<u8>);

    /// Reads the place from the front of these bytes.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

impl<P: Place> fmt::Display for Cursor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION, P::KIND];
        self.0.write(&mut bytes);
        bytes.extend(checksum(&bytes));
        f.pad(&hex::encode(&bytes))
    }
}

impl<P: Place> FromStr for Cursor<P> {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = hex::decode(text).ok_or(InvalidCursor::Damaged)?;
        let (content, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(InvalidCursor::Damaged)?;
        if checksum(content) != *sum {
            return Err(InvalidCursor::Damaged);
        }
        let [version, number, place @ ..] = content else { return Err(InvalidCursor::Damaged) };
        if *version != VERSION {
            return Err(InvalidCursor::Version(*version));
        }
        if *number != P::KIND {
            let names = kind(*number).zip(kind(P::KIND)).ok_or(InvalidCursor::Damaged)?;
            return Err(InvalidCursor::Foreign { found: names.0, expected: names.1 });
        }
        let mut rest = place;
        P::read(&mut rest).filter(|_| rest.is_empty()).map(Self).ok_or(InvalidCursor::Damaged)
    }
}

#[cfg(feature = "serde")]
impl<P: Place> serde::Serialize for Cursor<P> {
    /// As its text.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de, P: Place> serde::Deserialize<'de> for Cursor<P> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A part of a place.
pub(crate) trait Part: Sized {
    /// Writes it behind these bytes.
    fn put(&self, bytes: &mut Vec<u8>);

    /// Reads it from the front of these bytes.
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (part, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*part)
}

impl Part for i16 {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_be_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes).map(Self::from_be_bytes)
    }
}

impl Part for Seq {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.get().to_be_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes).map(i64::from_be_bytes).map(Self::new)
    }
}

/// In microseconds, which is what PostgreSQL keeps.
impl Part for DateTime<Utc> {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.timestamp_micros().to_be_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        // Whoever made it up may name a time that PostgreSQL does not know.
        Self::from_timestamp_micros(i64::from_be_bytes(take(bytes)?)).map(storable)
    }
}

impl Part for ChatId {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.as_uuid().as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes).map(Uuid::from_bytes).map(Self::from_uuid)
    }
}

impl Part for UserId {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.as_uuid().as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes).map(Uuid::from_bytes).map(Self::from_uuid)
    }
}

impl Part for SessionId {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.as_uuid().as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        take(bytes).map(Uuid::from_bytes).map(Self::from_uuid)
    }
}

/// All that follows: a text is the last part.
impl Part for String {
    fn put(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.as_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.to_owned();
        *bytes = &[];
        Some(text)
    }
}

/// Declares the place that the cursors of a family hold: the number of its kind, and its parts.
macro_rules! place {
    ($(#[$attribute:meta])* $name:ident = $kind:literal { $($field:ident: $type:ty),+ $(,)? }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name {
            $(pub(crate) $field: $type,)+
        }

        impl $crate::cursor::Place for $name {
            const KIND: u8 = $kind;

            fn write(&self, bytes: &mut Vec<u8>) {
                $($crate::cursor::Part::put(&self.$field, bytes);)+
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: $crate::cursor::Part::take(bytes)?),+ })
            }
        }
    };
}

pub(crate) use place;
