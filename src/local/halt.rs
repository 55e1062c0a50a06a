//! Decides how the server is stopped, with nothing but its process number: the binaries may be uninstalled by then.

use std::{
    fmt, thread,
    time::{Duration, Instant},
};

use super::{
    LocalError, child,
    life::{Life, PAUSE},
    owner::Owner,
    pidfile::PidFile,
    process::{self, Process},
    socket::Socket,
    state::StateFolder,
};

const PATIENCE: Duration = Duration::from_mins(1);

/// How a server is stopped, in PostgreSQL's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StopMode {
    /// Waits for every client to leave.
    Smart,
    /// Disconnects the clients, and shuts down cleanly.
    #[default]
    Fast,
    /// Ends at once; the next start recovers.
    Immediate,
}

impl StopMode {
    fn signal(self) -> &'static str {
        match self {
            Self::Smart => "TERM",
            Self::Fast => "INT",
            Self::Immediate => "QUIT",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Smart => "smart",
            Self::Fast => "fast",
            Self::Immediate => "immediate",
        }
    }
}

impl fmt::Display for StopMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Stops the server and waits until it is gone. Says whether there was one. The caller holds the lock.
pub(super) fn halt(folder: &StateFolder, socket: &Socket, owner: &Owner, mode: StopMode) -> Result<bool, LocalError> {
    let pid = match Life::observe(folder, socket)? {
        Life::Dead | Life::Haunted => return Ok(false),
        Life::Silent(file) | Life::Up(file) => file.pid,
    };
    let mut command = child::command("/bin/sh", owner);
    // The shell's own kill: a minimal container has no other. It fails when the server ends by itself just now.
    command.args(["-c", r#"kill -s "$1" "$2""#, "sh", mode.signal(), &pid.to_string()]);
    child::run(&mut command, owner)?;
    let began = Instant::now();
    while lives(folder, pid)? {
        if began.elapsed() > PATIENCE {
            return Err(LocalError::StillRunning { pid, mode: mode.name(), seconds: PATIENCE.as_secs() });
        }
        thread::sleep(PAUSE);
    }
    Ok(true)
}

/// The socket is not asked here: a server in a smart shutdown would count the question as one more client.
fn lives(folder: &StateFolder, pid: u32) -> Result<bool, LocalError> {
    let data = folder.data();
    let replaced = PidFile::of_data(&data)?.is_some_and(|file| file.pid != pid);
    Ok(!replaced && process::identify(pid, &data) == Process::Server)
}
