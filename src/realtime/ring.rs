//! A chat or a user that changed, and its text in a notification.

use crate::ids::{ChatId, UserId};
use crate::version::Version;

/// A chat or a user that changed, and to which version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ring {
    /// A chat.
    Chat(ChatId, Version),
    /// A user's own things.
    User(UserId, Version),
}

/// What a ring is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    Chat(ChatId),
    User(UserId),
}

/// The version of two rings for the same, as one: the larger one. [`Version::ZERO`], which stands for one that is not known, is as
/// large as none, for whoever hears it asks, and whoever hears another one may know that already.
pub(super) fn merged(one: Version, other: Version) -> Version {
    if one == Version::ZERO || other == Version::ZERO { Version::ZERO } else { one.max(other) }
}

/// How many bytes the payload of a notification may have.
pub(super) const MAX_PAYLOAD: usize = 7_999;

/// How many bytes a note may have.
pub(super) const MAX_NOTE: usize = MAX_PAYLOAD - 1;

impl Ring {
    pub(super) const fn parts(self) -> (Subject, Version) {
        match self {
            Self::Chat(chat_id, version) => (Subject::Chat(chat_id), version),
            Self::User(user_id, version) => (Subject::User(user_id), version),
        }
    }

    pub(super) const fn of(subject: Subject, version: Version) -> Self {
        match subject {
            Subject::Chat(chat_id) => Self::Chat(chat_id, version),
            Subject::User(user_id) => Self::User(user_id, version),
        }
    }

    /// As it stands in a notification: `c` or `u`, the id without hyphens, and the version.
    fn write(self) -> String {
        match self {
            Self::Chat(chat_id, version) => format!("c{}{version}", chat_id.as_uuid().simple()),
            Self::User(user_id, version) => format!("u{}{version}", user_id.as_uuid().simple()),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked(1)?;
        let (id, version) = rest.split_at_checked(32)?;
        let version = version.parse().ok()?;
        match kind {
            "c" => Some(Self::Chat(id.parse().ok()?, version)),
            "u" => Some(Self::User(id.parse().ok()?, version)),
            _ => None,
        }
    }
}

/// The payloads that have these rings, each as long as it may be.
pub(super) fn payloads(rings: impl Iterator<Item = Ring>) -> Vec<String> {
    let mut payloads: Vec<String> = Vec::new();
    for ring in rings.map(Ring::write) {
        match payloads.last_mut() {
            Some(payload) if payload.len() + 1 + ring.len() <= MAX_PAYLOAD => {
                payload.push(' ');
                payload.push_str(&ring);
            }
            _ => payloads.push(ring),
        }
    }
    payloads
}

/// The rings in a payload. What is none, of a later release or of somebody else's, is left out.
pub(super) fn rings(payload: &str) -> impl Iterator<Item = Ring> {
    payload.split(' ').filter_map(Ring::read)
}

/// The payload of a note.
pub(super) fn note_payload(note: &str) -> Option<String> {
    (note.len() <= MAX_NOTE && !note.contains('\0')).then(|| format!("n{note}"))
}

/// The note in a payload, if it is one.
pub(super) fn note(payload: &str) -> Option<&str> {
    payload.strip_prefix('n')
}

#[cfg(test)]
mod tests {
    use super::{MAX_NOTE, MAX_PAYLOAD, Ring, note, note_payload, payloads, rings};
    use crate::ids::{ChatId, UserId};
    use crate::version::Version;

    #[test]
    fn rings_are_read_as_they_were_written_in_payloads_that_postgresql_takes() {
        let all: Vec<_> = (0..1000)
            .flat_map(|number| {
                let version = Version::new(i64::MAX - number);
                [Ring::Chat(ChatId::new(), version), Ring::User(UserId::new(), Version::new(number))]
            })
            .collect();
        let payloads = payloads(all.iter().copied());
        assert!(payloads.len() > 5 && payloads.iter().all(|payload| payload.len() <= MAX_PAYLOAD));
        let read: Vec<_> = payloads.iter().flat_map(|payload| rings(payload)).collect();
        assert_eq!(read, all);
    }

    #[test]
    fn what_is_no_ring_is_left_out() {
        let chat = ChatId::new();
        let text = format!("c{}7", chat.as_uuid().simple());
        for foreign in ["", "hello", "c", "x00", "ü", &text.replace('c', "d"), &format!("{text}x"), &text[..30]] {
            let mixed = format!("{foreign} {text}");
            assert_eq!(rings(&mixed).collect::<Vec<_>>().last(), Some(&Ring::Chat(chat, Version::new(7))), "{foreign}");
            assert!(rings(foreign).count() <= usize::from(foreign.starts_with('d')), "{foreign}");
        }
    }

    #[test]
    fn a_note_is_read_as_it_was_written_and_is_no_ring() {
        let ring = format!("c{}7", ChatId::new().as_uuid().simple());
        for words in ["", "n", "typing", "ü \n 'quoted'", &ring, &"x".repeat(MAX_NOTE)] {
            assert_eq!(note_payload(words).as_deref().and_then(note), Some(words));
        }
        assert_eq!(note(&ring), None);
        assert_eq!(note_payload("a\0b"), None);
        assert_eq!(note_payload(&"x".repeat(MAX_NOTE + 1)), None);
    }
}
