//! What a device knows, as an opaque text that it keeps and sends back: of each chat the seq, the version and the own
//! position; and the version of the user's own log.

use std::collections::BTreeMap;

use crate::cursor::{self, Part};
use crate::ids::{ChatId, UserId};
use crate::seq::Seq;
use crate::version::Version;

/// What a device knows. [`begin`](super::begin) gives the first one, each [`Page`](super::Page) the next.
///
/// As text it is lower-case letters and digits, fit for a URL, and readable by later releases of this crate and after
/// later migrations. It has about 40 characters for each chat of the user, and 100 besides. It says where it comes from:
/// the database, and the user. A text that was cut or changed is refused, see
/// [`InvalidCursor`](crate::cursor::InvalidCursor). There is no secret in it, and no right.
pub type State = cursor::Cursor<Known>;

/// What a state holds.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Known {
    /// Of which database it is.
    pub(super) origin: i64,
    /// Of which user.
    pub(super) user_id: UserId,
    /// The version of the user's own log.
    pub(super) version: Version,
    pub(super) chats: BTreeMap<ChatId, KnownChat>,
}

/// What a state holds of a chat: everything up to these.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KnownChat {
    pub(super) seq: Seq,
    pub(super) version: Version,
    /// The user's own position.
    pub(super) read_seq: Seq,
}

impl State {
    /// What the device knows of a chat: the newest message, and the version. `None`: it does not know the chat.
    #[must_use]
    pub fn chat(&self, chat_id: ChatId) -> Option<(Seq, Version)> {
        self.place().chats.get(&chat_id).map(|known| (known.seq, known.version))
    }

    /// The same without a chat: the next page gives it as one to load anew, if the user is a member then. For a device
    /// that could not load a chat, has not loaded it after [`begin`](super::begin), or no longer keeps it.
    #[must_use]
    pub fn without(&self, chat_id: ChatId) -> Self {
        let mut known = self.place().clone();
        known.chats.remove(&chat_id);
        Self::new(known)
    }

    /// How many chats the device knows.
    #[must_use]
    pub fn chats(&self) -> usize {
        self.place().chats.len()
    }
}

impl cursor::Place for Known {
    const KIND: u8 = 6;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.origin.to_be_bytes());
        self.user_id.put(bytes);
        write_number(self.version.get(), bytes);
        for (chat_id, known) in &self.chats {
            chat_id.put(bytes);
            // What is small is written in few bytes: versions begin where seqs do, and people read what there is.
            write_number(known.seq.get(), bytes);
            write_number(known.version.get(), bytes);
            write_number(known.read_seq.get(), bytes);
        }
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let (origin, rest) = bytes.split_first_chunk()?;
        let origin = i64::from_be_bytes(*origin);
        *bytes = rest;
        let user_id = UserId::take(bytes)?;
        let version = Version::new(read_number(bytes)?);
        let mut chats = BTreeMap::new();
        while !bytes.is_empty() {
            let chat_id = ChatId::take(bytes)?;
            let seq = Seq::new(read_number(bytes)?);
            let version = Version::new(read_number(bytes)?);
            let read_seq = Seq::new(read_number(bytes)?);
            chats.insert(chat_id, KnownChat { seq, version, read_seq });
        }
        Some(Self { origin, user_id, version, chats })
    }
}

/// Writes a number that is not negative, seven bits a byte, the lowest first.
fn write_number(number: i64, bytes: &mut Vec<u8>) {
    let mut rest = number.unsigned_abs();
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            bytes.push(low & 0x7F);
            return;
        }
        bytes.push(low | 0x80);
    }
}

/// Reads such a number. `None`: it is none, or larger than any.
fn read_number(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return i64::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{read_number, write_number};

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for number in [0, 1, 127, 128, 300, 16_383, 16_384, 1 << 40, i64::MAX] {
            let mut bytes = Vec::new();
            write_number(number, &mut bytes);
            let mut rest = bytes.as_slice();
            assert_eq!((read_number(&mut rest), rest.len()), (Some(number), 0), "{number}: {bytes:?}");
        }
        assert_eq!(read_number(&mut [0xFF; 12].as_slice()), None);
    }
}
