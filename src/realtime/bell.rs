//! Rings: a thread that collects what changed and notifies the other servers in batches.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use diesel::prelude::*;
use diesel::sql_types::{Array, Text};

use super::ring::{Ring, Subject, payloads};
use super::{CHANNEL, Options};
use crate::version::Version;

/// Rings for this server, from whichever thread.
///
/// Dropped, it sends what was rung and ends; what cannot be sent at that moment is lost.
#[derive(Debug)]
pub struct Bell {
    rings: Option<Sender<Ring>>,
    thread: Option<JoinHandle<()>>,
}

impl Bell {
    /// Starts the thread. It connects when something is to be sent, and keeps the connection.
    pub fn start(connect: impl FnMut() -> ConnectionResult<PgConnection> + Send + 'static, options: Options) -> Self {
        let (rings, rung) = mpsc::channel();
        let thread = thread::spawn(move || Ringer { connect, options, connection: None }.run(&rung));
        Self { rings: Some(rings), thread: Some(thread) }
    }

    /// Tells the other servers that a chat or a user changed. To be called after the commit; it does not wait.
    pub fn ring(&self, ring: Ring) {
        if let Some(rings) = &self.rings {
            // It fails when the thread has panicked: then others find it out by asking.
            let _ = rings.send(ring);
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.rings = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Ringer<C> {
    connect: C,
    options: Options,
    connection: Option<PgConnection>,
}

impl<C: FnMut() -> ConnectionResult<PgConnection>> Ringer<C> {
    fn run(mut self, rung: &mpsc::Receiver<Ring>) {
        // Of each chat and each user, the newest version.
        let mut waiting = BTreeMap::<Subject, Version>::new();
        let mut is_waiting = false;
        let mut pause = self.options.collect;
        loop {
            let mut keep = |ring: Ring| {
                let (subject, version) = ring.parts();
                let newest = waiting.entry(subject).or_insert(version);
                *newest = version.max(*newest);
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
            if self.send(&waiting).is_some() {
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
    fn send(&mut self, waiting: &BTreeMap<Subject, Version>) -> Option<()> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => (self.connect)().ok()?,
        };
        let payloads = payloads(waiting.iter().map(|(&subject, &version)| Ring::of(subject, version)));
        diesel::sql_query("SELECT count(pg_notify($1, payload)) FROM unnest($2) AS payload")
            .bind::<Text, _>(CHANNEL)
            .bind::<Array<Text>, _>(payloads)
            .execute(&mut connection)
            .ok()?;
        self.connection = Some(connection);
        Some(())
    }
}
