//! Rings: a thread that collects what changed and notifies the other servers in batches.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::ring::{MAX_NOTE, Ring, Subject, merged, note_payload, payloads};
use super::{CHANNEL, Options};
use crate::end_of_connection;
use crate::version::Version;

/// How many notes wait at most.
const MOST_NOTES: usize = 4_096;

/// Rings for this server, from whichever thread.
///
/// Dropped, it sends what was rung and ends; what cannot be sent at that moment is lost. That takes a second at most: a thread
/// that still waits for the server then ends by itself.
#[derive(Debug)]
pub struct Bell {
    rung: Arc<Rung>,
    thread: Option<JoinHandle<()>>,
}

/// A note was not taken: it has more than 7,998 bytes, or a NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a note has at most {MAX_NOTE} bytes, and no NUL")]
pub struct NoteInvalid;

/// What was rung and is not sent yet.
#[derive(Debug, Default)]
struct Rung {
    waiting: Mutex<Waiting>,
    is_filled: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Of each chat and each user, the newest version.
    rings: BTreeMap<Subject, Version>,
    /// The payloads of notes.
    notes: VecDeque<String>,
    /// Whether nobody holds the bell any more.
    is_over: bool,
}

impl Rung {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.rings.is_empty() && self.notes.is_empty()
    }

    fn ring(&mut self, subject: Subject, version: Version) {
        let newest = self.rings.entry(subject).or_insert(version);
        *newest = merged(version, *newest);
    }

    fn note(&mut self, payload: String) {
        if self.notes.len() >= MOST_NOTES {
            self.notes.pop_front();
        }
        self.notes.push_back(payload);
    }
}

impl Bell {
    /// Starts the thread. It connects when something is to be sent, and keeps the connection.
    ///
    /// While it cannot connect, it keeps one ring for each chat and each user that was rung, and the last 4,096 notes.
    pub fn start(connect: impl FnMut() -> ConnectionResult<PgConnection> + Send + 'static, options: Options) -> Self {
        let rung = Arc::new(Rung::default());
        let heard = Arc::clone(&rung);
        let thread = thread::spawn(move || Ringer { connect, options, connection: None }.run(&heard));
        Self { rung, thread: Some(thread) }
    }

    /// Tells the other servers that a chat or a user changed. To be called after the commit; it does not wait.
    ///
    /// [`Version::ZERO`] stands for a version that the caller does not know, as of a user after a new contact: whoever
    /// hears it asks. It is heard also where a version is rung at the same time.
    pub fn ring(&self, ring: Ring) {
        let (subject, version) = ring.parts();
        self.rung.lock().ring(subject, version);
        self.rung.is_filled.notify_one();
    }

    /// Tells the other servers something of the service's own that is kept nowhere, such as that somebody is writing. It
    /// does not wait.
    ///
    /// A note is heard once or not at all: it is lost when the database cannot be reached at that moment, and by a
    /// listener that is not connected. Notes that are equal and are sent together are heard as one. This server hears its
    /// own notes, too.
    ///
    /// # Errors
    ///
    /// When it has more than 7,998 bytes, or a NUL. Nothing is sent then.
    pub fn note(&self, note: &str) -> Result<(), NoteInvalid> {
        let payload = note_payload(note).ok_or(NoteInvalid)?;
        self.rung.lock().note(payload);
        self.rung.is_filled.notify_one();
        Ok(())
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.rung.lock().is_over = true;
        self.rung.is_filled.notify_one();
        if let Some(thread) = self.thread.take() {
            super::end(thread);
        }
    }
}

struct Ringer<C> {
    connect: C,
    options: Options,
    connection: Option<PgConnection>,
}

impl<C: FnMut() -> ConnectionResult<PgConnection>> Ringer<C> {
    fn run(mut self, rung: &Rung) {
        let mut pause = self.options.collect;
        loop {
            let nothing = |waiting: &mut Waiting| waiting.is_empty() && !waiting.is_over;
            let waiting = rung.is_filled.wait_while(rung.lock(), nothing).unwrap_or_else(PoisonError::into_inner);
            if waiting.is_empty() {
                return;
            }
            // The first one begins the wait; the others do not prolong it.
            let collected = rung.is_filled.wait_timeout_while(waiting, pause, |waiting| !waiting.is_over);
            let (mut waiting, _) = collected.unwrap_or_else(PoisonError::into_inner);
            let (rings, is_over) = (mem::take(&mut waiting.rings), waiting.is_over);
            // A note that was not sent in time is of no use.
            let notes = mem::take(&mut waiting.notes);
            drop(waiting);
            if self.send(&rings, notes).is_some() {
                pause = self.options.collect;
            } else {
                let (first, longest) = self.options.reconnect;
                pause = pause.saturating_mul(2).clamp(first, longest);
                let mut waiting = rung.lock();
                for (subject, version) in rings {
                    waiting.ring(subject, version);
                }
            }
            if is_over {
                return;
            }
        }
    }

    /// Notifies; `None`: it failed, and the next attempt has a new connection.
    fn send(&mut self, waiting: &BTreeMap<Subject, Version>, notes: VecDeque<String>) -> Option<()> {
        // One that the server has ended since is not used: what is sent on it would be lost.
        let kept =
            self.connection.take().and_then(|mut kept| end_of_connection::noticed(&mut kept).ok().map(|()| kept));
        let mut connection = match kept {
            Some(connection) => connection,
            None => (self.connect)().ok()?,
        };
        let mut payloads = payloads(waiting.iter().map(|(&subject, &version)| Ring::of(subject, version)));
        payloads.extend(notes);
        diesel::sql_query("SELECT count(pg_notify($1, payload)) FROM unnest($2) AS payload")
            .bind::<Text, _>(CHANNEL)
            .bind::<Array<Text>, _>(payloads)
            .execute(&mut connection)
            .ok()?;
        self.connection = Some(connection);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_NOTES, Waiting};

    #[test]
    fn the_last_notes_wait_and_no_more() {
        let mut waiting = Waiting::default();
        for note in 0..=MOST_NOTES {
            waiting.note(note.to_string());
        }
        assert_eq!(waiting.notes.len(), MOST_NOTES);
        assert_eq!(waiting.notes.front().zip(waiting.notes.back()), Some((&"1".to_owned(), &MOST_NOTES.to_string())));
    }
}
