//! What a listener has heard and nobody has taken yet.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ring::{Ring, Subject, merged};
use crate::version::Version;

/// What a listener yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A chat or a user changed, to at least this version. It may be one that the server knows already.
    /// [`Version::ZERO`]: to one that whoever rang did not know. Ask.
    Ring(Ring),
    /// A note of the service's own, see [`Bell::note`](super::Bell::note).
    Note(String),
    /// The listener listens, for the first time or anew. What was rung before was not heard; what the server
    /// [serves](super::Listener::serve) was asked for, and what of it is newer follows.
    Connected,
}

/// What was heard, in its order. Of each chat and each user there is one ring, however many were heard while nobody took it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    is_filled: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    order: VecDeque<Entry>,
    /// The newest version of each chat and each user that is in the order.
    versions: HashMap<Subject, Version>,
}

#[derive(Debug)]
enum Entry {
    Ring(Subject),
    Other(Heard),
}

impl Queue {
    pub(super) fn put(&self, heard: Heard) {
        let mut waiting = self.lock();
        let entry = match heard {
            Heard::Ring(ring) => {
                let (subject, version) = ring.parts();
                if let Some(newest) = waiting.versions.get_mut(&subject) {
                    *newest = merged(version, *newest);
                    return;
                }
                waiting.versions.insert(subject, version);
                Entry::Ring(subject)
            }
            other => Entry::Other(other),
        };
        waiting.order.push_back(entry);
        drop(waiting);
        self.is_filled.notify_one();
    }

    /// The first, as soon as there is one. `None`: there was none, for so long.
    pub(super) fn take(&self, wait: Duration) -> Option<Heard> {
        let waited = self.is_filled.wait_timeout_while(self.lock(), wait, |waiting| waiting.order.is_empty());
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match waiting.order.pop_front()? {
            Entry::Ring(subject) => {
                let version = waiting.versions.remove(&subject)?;
                Some(Heard::Ring(Ring::of(subject, version)))
            }
            Entry::Other(heard) => Some(heard),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Heard, Queue, Ring, Version};
    use crate::ids::ChatId;

    #[test]
    fn a_chat_that_is_rung_while_nobody_listens_waits_as_one_ring() {
        let (queue, [one, other]) = (Queue::default(), [ChatId::new(), ChatId::new()]);
        let ring = |chat, version| Heard::Ring(Ring::Chat(chat, Version::new(version)));
        let mut heard = vec![ring(one, 1), Heard::Note("typing".to_owned()), ring(other, 7)];
        // The last one is late: a newer version came before it.
        heard.extend([3, 4, 2].map(|version| ring(one, version)));
        for heard in heard {
            queue.put(heard);
        }
        let taken: Vec<_> = std::iter::from_fn(|| queue.take(Duration::ZERO)).collect();
        assert_eq!(taken, [ring(one, 4), Heard::Note("typing".to_owned()), ring(other, 7)]);
        // One that is not known is asked for, whatever else is heard before or after it.
        for versions in [[0, 5], [5, 0]] {
            for version in versions {
                queue.put(ring(one, version));
            }
            assert_eq!([Duration::ZERO; 2].map(|wait| queue.take(wait)), [Some(ring(one, 0)), None]);
        }
        // What was taken is rung anew.
        queue.put(ring(one, 4));
        assert_eq!(queue.take(Duration::ZERO), Some(ring(one, 4)));
    }
}
