//! Whether the server runs, and how it is stopped.
//!
//! Guards against what a crash or a power cut leaves: a `postmaster.pid` that is empty, torn or full of zeros, one whose
//! number another process has by now, and processes of a killed server that still work on the data. All processes of the
//! server inherit one lock ([`StateFolder::hold`](super::state::StateFolder::hold)): while it is held, the server is
//! there. A server that somebody started by hand holds none, so whoever listens on the socket is taken for the server,
//! too. The number in `postmaster.pid` proves nothing. Stopping needs no program: they may be uninstalled.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io, thread};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{Local, LocalError};

/// How long a start may take; recovery after a crash is part of it.
pub(super) const START: Duration = Duration::from_mins(2);
const STOP: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);

/// How a server is stopped, in PostgreSQL's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StopMode {
    /// Disconnects the clients, and shuts down cleanly.
    #[default]
    Fast,
    /// Ends at once; the next start recovers.
    Immediate,
}

/// What the server wrote about itself into `postmaster.pid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    process: Pid,
    /// What its socket is named after, which may be another port than that of this caller.
    port: Option<u16>,
    pub(super) since: Option<SystemTime>,
    is_ready: bool,
}

impl PidFile {
    /// `None` without the file, and with one that names no process.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, LocalError> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self::parse(&String::from_utf8_lossy(&bytes))),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(LocalError::io("read", path)(cause)),
        }
    }

    /// The lines are: process, data folder, start time, port, socket folder, address, shared memory, state.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim);
        // A single-user server writes its number as a negative one.
        let process = Pid::from_raw(lines.next()?.parse::<i32>().ok()?.checked_abs()?)?;
        let since = lines.nth(1).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        let port = lines.next().and_then(|port| port.parse().ok());
        let is_ready = matches!(lines.nth(3), Some("ready" | "standby"));
        Some(Self { process, port, since: since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)), is_ready })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.as_raw_pid().unsigned_abs()
    }
}

/// What is known about the server.
#[derive(Debug)]
pub(super) enum Life {
    /// No process of it is there.
    Dead,
    /// Processes of it are there, and nothing listens: it is being started or stopped, or was killed.
    Silent(Option<PidFile>),
    /// It listens. It may still be recovering, or already be stopping.
    Up(PidFile),
}

impl Local {
    pub(super) fn pid_file(&self) -> PathBuf {
        self.folder.data().join("postmaster.pid")
    }

    /// Looks once.
    pub(super) fn observe(&self) -> Result<Life, LocalError> {
        let file = PidFile::read(&self.pid_file())?;
        let port = file.as_ref().and_then(|file| file.port);
        let listens = self.socket.accepts() || port.is_some_and(|port| self.socket.named_after(port).accepts());
        if !listens && !self.folder.is_held() {
            return Ok(Life::Dead);
        }
        Ok(match file {
            Some(file) if listens => Life::Up(file),
            // Without its file, a server ends by itself within a minute.
            file => Life::Silent(file),
        })
    }

    /// Waits until the server is gone (`None`), or listens and is as it is wanted.
    pub(super) fn settled(&self, is_wanted: fn(&PidFile) -> bool) -> Result<Option<PidFile>, LocalError> {
        let began = Instant::now();
        loop {
            match self.observe()? {
                Life::Dead => return Ok(None),
                Life::Up(file) if is_wanted(&file) => return Ok(Some(file)),
                _ if began.elapsed() > START => return Err(self.not_ready()),
                Life::Silent(_) | Life::Up(_) => thread::sleep(PAUSE),
            }
        }
    }

    /// The same, until it is ready for clients.
    pub(super) fn ready(&self) -> Result<Option<PidFile>, LocalError> {
        self.settled(|file| file.is_ready)
    }

    /// Stops the server and waits until all its processes are gone. Says whether there was one. The caller holds the lock.
    pub(super) fn stop_with(&self, mode: StopMode) -> Result<bool, LocalError> {
        let Some(PidFile { process, .. }) = self.settled(|_| true)? else { return Ok(false) };
        let signal = match mode {
            StopMode::Fast => Signal::INT,
            StopMode::Immediate => Signal::QUIT,
        };
        match kill_process(process, signal) {
            // It ended by itself just now.
            Err(Errno::SRCH) | Ok(()) => {}
            Err(cause) => return Err(LocalError::io("stop the server of", self.folder.data())(cause.into())),
        }
        let began = Instant::now();
        // The socket is not asked: it would be one more client, which a server that stops has to refuse.
        let names_it = |file: PidFile| file.process == process && test_kill_process(process).is_ok();
        while self.folder.is_held() || PidFile::read(&self.pid_file())?.is_some_and(names_it) {
            if began.elapsed() > STOP {
                let pid = process.as_raw_pid();
                let what = format!("the local PostgreSQL (process {pid}) did not stop within {} s.", STOP.as_secs());
                return Err(LocalError::failed(what, "Look into its log, and try again."));
            }
            thread::sleep(PAUSE);
        }
        Ok(true)
    }

    /// The error about a server that is there and does not become ready.
    pub(super) fn not_ready(&self) -> LocalError {
        let (log, tail, seconds) = (self.folder.log(), self.log_tail(0), START.as_secs());
        let file = PidFile::read(&self.pid_file()).ok().flatten();
        let process = file.map_or_else(String::new, |file| format!(" (process {})", file.pid()));
        LocalError::failed(
            format!(
                "the local PostgreSQL{process} is there, but was not ready within {seconds} s. The end of {}:",
                log.display()
            ),
            format!("{tail}\nWait for it and try again, or stop it with: messenger-db local stop"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::PidFile;

    #[test]
    fn a_server_is_read_from_its_file_whether_it_is_ready_or_not() {
        let ready = |text: &str| PidFile::parse(text).map(|file| (file.pid(), file.is_ready));
        for (state, is_ready) in [("ready   ", true), ("standby ", true), ("stopping", false), ("starting", false)] {
            let text = format!("4711\n/data\n1700000000\n5432\n/socket\n\n  8388614         0\n{state}\n");
            assert_eq!(ready(&text), Some((4711, is_ready)), "{state}");
        }
        assert_eq!(ready("4711\n/data\n1700000000\n5432\n/socket\n"), Some((4711, false)));
        assert_eq!(ready("-42\n/data\n"), Some((42, false)));
        for text in ["", "\0\0\0", "postgres\n", "0\n", "-2147483648\n"] {
            assert_eq!(ready(text), None, "{text:?}");
        }
    }
}
