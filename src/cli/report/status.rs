//! The object of `status`.

use std::time::Duration;

use serde::Serialize;

use super::{Counts, Difference};
use crate::migrate::{Health, Migration, Receiver, Target, Verification};

/// Where a database stands.
#[derive(Debug, Serialize)]
pub struct Status<'a> {
    server: Server<'a>,
    database: &'a str,
    user: &'a str,
    standby: bool,
    writable: bool,
    folds_letters: bool,
    encoding: &'a str,
    replay_lag: Option<ReplayLag>,
    standbys: Vec<Standby<'a>>,
    oldest_transaction_seconds: Option<f64>,
    lock_waits: Option<LockWaits>,
    connections: Option<Connections>,
    not_seen: Option<&'a str>,
    version: Option<&'a str>,
    applied: usize,
    pending: Vec<&'a str>,
    ahead: Vec<&'a str>,
    own: usize,
    foreign: usize,
    edited: Vec<&'a str>,
    layout: &'a [String],
    drift: Option<Vec<Difference<'a>>>,
    drift_counts: Option<Counts>,
}

/// The server.
#[derive(Debug, Serialize)]
pub struct Server<'a> {
    version: &'a str,
    host: &'a str,
    port: &'a str,
    started_at: &'a str,
}

/// How far a standby is behind.
#[derive(Debug, Serialize)]
struct ReplayLag {
    connected: bool,
    bytes: Option<u64>,
    seconds: Option<f64>,
}

/// A receiver of what the server writes.
#[derive(Debug, Serialize)]
struct Standby<'a> {
    name: &'a str,
    state: Option<&'a str>,
    sync_state: Option<&'a str>,
    bytes: Option<u64>,
    seconds: Option<f64>,
}

#[derive(Debug, Serialize)]
struct LockWaits {
    count: u64,
    longest_seconds: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Connections {
    used: u64,
    max: u64,
}

impl<'a> Server<'a> {
    fn of(target: &'a Target, health: &'a Health) -> Self {
        Self { version: &target.server_version, host: &target.host, port: &target.port, started_at: &health.started_at }
    }
}

impl<'a> From<&'a Receiver> for Standby<'a> {
    fn from(receiver: &'a Receiver) -> Self {
        Self {
            name: &receiver.name,
            state: receiver.state.as_deref(),
            sync_state: receiver.sync_state.as_deref(),
            bytes: receiver.bytes,
            seconds: seconds(receiver.lag),
        }
    }
}

fn seconds(duration: Option<Duration>) -> Option<f64> {
    duration.map(|duration| duration.as_secs_f64())
}

impl<'a> Status<'a> {
    /// Where a database stands, and how its server is.
    pub fn of(found: &'a Verification, health: &'a Health) -> Self {
        let status = &found.status;
        let drift = super::listed(&found.catalog);
        let names = |migrations: &'a [Migration]| migrations.iter().map(|migration| migration.name).collect();
        Self {
            server: Server::of(&status.target, health),
            database: &status.target.database,
            user: &status.target.user,
            standby: health.is_standby,
            writable: health.is_writable,
            folds_letters: health.folds_letters,
            encoding: &health.encoding,
            replay_lag: health.replay.map(|replay| ReplayLag {
                connected: replay.is_connected,
                bytes: replay.bytes,
                seconds: seconds(replay.age),
            }),
            standbys: health.receivers.iter().map(Standby::from).collect(),
            oldest_transaction_seconds: seconds(health.oldest_transaction),
            lock_waits: health
                .lock_waits
                .map(|waits| LockWaits { count: waits.count, longest_seconds: seconds(waits.longest) }),
            connections: health
                .connections
                .map(|connections| Connections { used: connections.used, max: connections.max }),
            not_seen: health.unseen.as_deref(),
            version: status.version(),
            applied: status.applied.len(),
            pending: names(&status.pending),
            ahead: status.ahead.iter().map(|row| row.version.as_str()).collect(),
            own: status.own.len(),
            foreign: status.foreign.len(),
            edited: names(&status.edited),
            layout: &found.layout,
            drift_counts: drift.is_some().then(|| super::Counts::of(&found.catalog)),
            drift,
        }
    }
}
