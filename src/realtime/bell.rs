//! Rings: a thread that collects what changed and notifies the other servers in batches.

use std::collections::BTreeMap;
use std::mem;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::ring::{MAX_NOTE, Ring, Subject, note_payload, payloads};
use super::{CHANNEL, Options};
use crate::end_of_connection;
use crate::version::Version;

/// Rings for this server, from whichever thread.
///
/// Dropped, it sends what was rung and ends; what cannot be sent at that moment is lost. That takes a second at most: a thread
/// that still waits for the server then ends by itself.
#[derive(Debug)]
pub struct Bell {
    rings: Option<Sender<Rung>>,
    thread: Option<JoinHandle<()>>,
}

/// A note was not taken: it has more than 7,998 bytes, or a NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a note has at most {MAX_NOTE} bytes, and no NUL")]
pub struct NoteInvalid;

#[derive(Debug)]
enum Rung {
    Ring(Ring),
    /// The payload of a note.
    Note(String),
}

impl Bell {
    /// Starts the thread. It connects when something is to be sent, and keeps the connection.
    pub fn start(connect: impl FnMut() -> ConnectionResult<PgConnection> + Send + 'static, options: Options) -> Self {
        let (rings, rung) = mpsc::channel();
        let thread = thread::spawn(move || Ringer { connect, options, connection: None }.run(&rung));
        Self { rings: Some(rings), thread: Some(thread) }
    }

    /// Tells the other servers that a chat or a user changed. To be called after the commit; it does not wait.
    ///
    /// [`Version::ZERO`] stands for a version that the caller does not know, as of a user after a new contact: whoever
    /// hears it asks.
    pub fn ring(&self, ring: Ring) {
        self.give(Rung::Ring(ring));
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
        self.give(Rung::Note(note_payload(note).ok_or(NoteInvalid)?));
        Ok(())
    }

    fn give(&self, rung: Rung) {
        if let Some(rings) = &self.rings {
            // It fails when the thread has panicked: then others find it out by asking.
            let _ = rings.send(rung);
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.rings = None;
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
    fn run(mut self, rung: &mpsc::Receiver<Rung>) {
        // Of each chat and each user, the newest version.
        let mut waiting = BTreeMap::<Subject, Version>::new();
        let mut notes = Vec::new();
        let mut is_waiting = false;
        let mut pause = self.options.collect;
        loop {
            let mut keep = |rung: Rung| match rung {
                Rung::Ring(ring) => {
                    let (subject, version) = ring.parts();
                    let newest = waiting.entry(subject).or_insert(version);
                    *newest = version.max(*newest);
                }
                Rung::Note(payload) => notes.push(payload),
            };
            // The first one begins the wait; the others do not prolong it.
            let mut is_over = false;
            if is_waiting {
                let until = Instant::now() + pause;
                loop {
                    match rung.recv_timeout(until.saturating_duration_since(Instant::now())) {
                        Ok(ring) => keep(ring),
                        Err(RecvTimeoutError::Timeout) => break,
                        Err(RecvTimeoutError::Disconnected) => {
                            is_over = true;
                            break;
                        }
                    }
                }
            } else {
                let Ok(ring) = rung.recv() else { return };
                keep(ring);
                is_waiting = true;
                continue;
            }
            // A note that was not sent in time is of no use.
            if self.send(&waiting, mem::take(&mut notes)).is_some() {
                waiting.clear();
                is_waiting = false;
                pause = self.options.collect;
            } else {
                let (first, longest) = self.options.reconnect;
                pause = pause.saturating_mul(2).clamp(first, longest);
            }
            if is_over {
                return;
            }
        }
    }

    /// Notifies; `None`: it failed, and the next attempt has a new connection.
    fn send(&mut self, waiting: &BTreeMap<Subject, Version>, notes: Vec<String>) -> Option<()> {
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
