//! Decides whether the server of a state folder lives, whatever a crash has left behind.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    LocalError, log,
    pidfile::PidFile,
    process::{self, Process},
    socket::Socket,
    state::StateFolder,
};

/// How long a start may take: recovery after a crash is part of it.
pub(super) const START: Duration = Duration::from_mins(2);
/// How long a process may be there without listening. Recovery listens.
const SILENCE: Duration = Duration::from_secs(20);
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// What is known about the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Life {
    /// There is none.
    Dead,
    /// There is none, but its number was inherited by another process.
    Haunted,
    /// A process that looks like it is there, and nothing listens.
    Silent(PidFile),
    /// It listens. It may still be recovering, or already be stopping.
    Up(PidFile),
}

impl Life {
    /// Looks once. Whether somebody listens on the socket is the proof, because only the server's user could; the
    /// number in postmaster.pid alone proves nothing.
    pub(super) fn observe(folder: &StateFolder, socket: &Socket) -> Result<Self, LocalError> {
        let data = folder.data();
        let file = PidFile::of_data(&data)?;
        if socket.accepts() {
            // Without postmaster.pid the server will notice within a minute and end by itself.
            let file = if file.is_some() { file } else { PidFile::of_socket(socket)? };
            return Ok(file.map_or(Self::Dead, Self::Up));
        }
        let Some(file) = file else { return Ok(Self::Dead) };
        Ok(match process::identify(file.pid, &data) {
            Process::Gone => Self::Dead,
            Process::Stranger => Self::Haunted,
            Process::Server => Self::Silent(file),
        })
    }

    /// Waits while the server is neither ready nor dead.
    pub(super) fn settled(folder: &StateFolder, socket: &Socket) -> Result<Self, LocalError> {
        let began = Instant::now();
        loop {
            let (pid, patience) = match Self::observe(folder, socket)? {
                Self::Up(file) if !file.ready => (file.pid, START),
                Self::Silent(file) => (file.pid, SILENCE),
                settled => return Ok(settled),
            };
            if began.elapsed() > patience {
                return Err(not_ready(folder, pid, patience));
            }
            thread::sleep(PAUSE);
        }
    }
}

/// The error about a process that is there and of no use.
pub(super) fn not_ready(folder: &StateFolder, pid: u32, waited: Duration) -> LocalError {
    LocalError::NotReady { pid, seconds: waited.as_secs(), log: folder.log(), tail: log::tail(folder, 0) }
}
