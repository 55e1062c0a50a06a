//! The server's process: whether it runs, and how it is stopped.
//!
//! Guards against what a crash or a power cut leaves: a `postmaster.pid` that is empty, torn or full of zeros, one whose
//! number another process has by now, and processes of a killed server that still work on the data. Stops the server by
//! its number alone: its programs may be uninstalled.

use std::{
    fmt, fs, io,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant, SystemTime},
};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use super::{
    Local, LocalError,
    owner::{Owner, said},
};

/// How long a start may take; recovery after a crash is part of it.
pub(super) const START: Duration = Duration::from_mins(2);
/// How long a process may be there without listening. Recovery listens.
const SILENCE: Duration = Duration::from_secs(20);
const STOP: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(20);

/// No process has this number on any system: Linux ends at 4194304, macOS at 99999.
const NOBODY: &str = "2147483647";
const REPLACE: &str = r#"{ echo "$2"; tail -n +2 "$1"; } >"$1.new" && mv "$1.new" "$1""#;

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

impl fmt::Display for StopMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Smart => "smart",
            Self::Fast => "fast",
            Self::Immediate => "immediate",
        })
    }
}

/// What the server wrote about itself into `postmaster.pid`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    pub(super) since: Option<SystemTime>,
    is_ready: bool,
}

impl PidFile {
    /// `None` without the file, and with one that names no process.
    fn read(path: &Path) -> Result<Option<Self>, LocalError> {
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
        let pid = lines.next()?.parse::<i32>().ok()?.unsigned_abs();
        let since = lines.nth(1).and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
        let is_ready = lines.nth(4) == Some("ready");
        Some(Self { pid, since: since.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)), is_ready })
    }
}

/// What is known about the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Life {
    /// There is none.
    Dead,
    /// Its process is there, and nothing listens.
    Silent(PidFile),
    /// It listens. It may still be recovering, or already be stopping.
    Up(PidFile),
}

impl Local {
    /// Looks once. Whether somebody listens on the socket is the proof, because only the server's user could; the number
    /// in postmaster.pid alone proves nothing.
    pub(super) fn observe(&self) -> Result<Life, LocalError> {
        let data = self.folder.data();
        let file = PidFile::read(&data.join("postmaster.pid"))?;
        if self.socket.accepts() {
            // Without postmaster.pid the server notices within a minute and ends by itself. The file beside the socket
            // begins in the same way.
            let file = if file.is_some() { file } else { PidFile::read(&self.socket.file(".lock"))? };
            return Ok(file.map_or(Life::Dead, Life::Up));
        }
        Ok(file.filter(|file| is_server(file.pid, &data)).map_or(Life::Dead, Life::Silent))
    }

    /// Waits while the server is neither ready nor dead.
    pub(super) fn settled(&self) -> Result<Life, LocalError> {
        let began = Instant::now();
        loop {
            let (pid, limit) = match self.observe()? {
                Life::Up(file) if !file.is_ready => (file.pid, START),
                Life::Silent(file) => (file.pid, SILENCE),
                settled => return Ok(settled),
            };
            if began.elapsed() > limit {
                return Err(self.not_ready(pid, limit));
            }
            thread::sleep(PAUSE);
        }
    }

    /// Stops the server and waits until it is gone. Says whether there was one. The caller holds the lock.
    pub(super) fn stop_with(&self, mode: StopMode) -> Result<bool, LocalError> {
        let data = self.folder.data();
        let pid = match self.observe()? {
            Life::Dead => return Ok(false),
            Life::Silent(file) | Life::Up(file) => file.pid,
        };
        let signal = match mode {
            StopMode::Smart => Signal::TERM,
            StopMode::Fast => Signal::INT,
            StopMode::Immediate => Signal::QUIT,
        };
        match i32::try_from(pid).ok().and_then(Pid::from_raw).map(|pid| kill_process(pid, signal)) {
            // It ended by itself just now.
            Some(Err(Errno::SRCH) | Ok(())) | None => {}
            Some(Err(cause)) => return Err(LocalError::io("stop the server of", &data)(cause.into())),
        }
        let began = Instant::now();
        // The socket is not asked: a server in a smart shutdown would count the question as one more client.
        while is_server(pid, &data) && PidFile::read(&data.join("postmaster.pid"))?.is_none_or(|file| file.pid == pid) {
            if began.elapsed() > STOP {
                let what =
                    format!("the local PostgreSQL (process {pid}) did not stop in time after a {mode} shutdown.");
                let help =
                    "Close the programs that are connected to it, or stop it in a stronger mode (fast, immediate).";
                return Err(LocalError::failed(what, help));
            }
            thread::sleep(PAUSE);
        }
        Ok(true)
    }

    /// Puts a number that no process has into the `postmaster.pid` of a dead server. PostgreSQL refuses to start with a
    /// file that is empty or torn, and with a number that another process has. The rest of the file stays, because by it
    /// PostgreSQL finds out whether processes of the dead server still hold its shared memory.
    pub(super) fn disown(&self, owner: &Owner) -> Result<(), LocalError> {
        let path = self.folder.data().join("postmaster.pid");
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        // As the server's user, who owns the file: root must not write through a link that this user may have put there.
        let mut command = owner.command("/bin/sh");
        let output = owner.run(command.args(["-c", REPLACE, "sh"]).arg(&path).arg(NOBODY))?;
        if output.status.success() {
            return Ok(());
        }
        Err(LocalError::io("rewrite", path)(io::Error::other(said(&output))))
    }

    /// Whether the start refused to take over from a dead server: then the file that [`Self::disown`] wrote is still there.
    pub(super) fn is_held(&self) -> bool {
        fs::read_to_string(self.folder.data().join("postmaster.pid")).is_ok_and(|text| text.starts_with(NOBODY))
    }

    /// A process of a killed server that still works in the data folder, as far as this process may see.
    pub(super) fn survivor(&self) -> Option<u32> {
        let data = self.folder.data().canonicalize().ok()?;
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let mut pids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
        pids.find(|pid| {
            fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == data) && is_server(*pid, &data)
        })
    }

    /// The error about a process that is there and of no use.
    pub(super) fn not_ready(&self, pid: u32, waited: Duration) -> LocalError {
        let (log, tail, seconds) = (self.folder.log(), self.log_tail(0), waited.as_secs());
        LocalError::failed(
            format!(
                "the local PostgreSQL (process {pid}) is there, but was not ready within {seconds} s. The end of {}:",
                log.display()
            ),
            format!("{tail}\nWait for it and try again, or stop it with: messenger-db local stop"),
        )
    }
}

/// Whether a process is the server of a data folder. In doubt it is: to take a living server for dead could cost the data.
fn is_server(pid: u32, data: &Path) -> bool {
    let Some((name, state)) = describe(pid) else { return false };
    // A process that has ended, which nobody has asked about: containers without an init are full of them.
    if state.starts_with(['Z', 'X']) || !["postgres", "postmaster"].iter().any(|server| name.contains(server)) {
        return false;
    }
    // A server works in its data folder, so another server's process gives itself away, where that may be looked at.
    match (fs::read_link(format!("/proc/{pid}/cwd")), data.canonicalize()) {
        (Ok(works_in), Ok(data)) => works_in == data,
        _ => true,
    }
}

/// The program's name and the process's state, from /proc (a slim container has no `ps`), else from `ps` (macOS has no
/// /proc); `None` if there is no such process.
fn describe(pid: u32) -> Option<(String, String)> {
    if Path::new("/proc/self/stat").exists() {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let stat = String::from_utf8_lossy(&stat);
        // `4711 (postgres) S 1 …`, where the name may have parentheses of its own.
        let (name, state) = stat.split_once('(')?.1.rsplit_once(')')?;
        return Some((name.to_owned(), state.trim_start().to_owned()));
    }
    // Each column by its own option: BSD's ps takes all that follows the first = for that column's heading.
    let Ok(ps) = Command::new("ps").args(["-o", "stat=", "-o", "comm=", "-p", &pid.to_string()]).output() else {
        // Nothing can be found out, so it is taken for the server.
        return Some(("postgres".to_owned(), String::new()));
    };
    let line = String::from_utf8_lossy(&ps.stdout);
    let (state, name) = line.trim().split_once(char::is_whitespace)?;
    Some((name.trim().to_owned(), state.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{PidFile, is_server};

    #[test]
    fn a_server_is_read_from_its_file_whether_it_is_ready_or_not() {
        let ready = |text| PidFile::parse(text).map(|file| (file.pid, file.is_ready));
        assert_eq!(
            ready("4711\n/data\n1700000000\n5432\n/socket\n\n  8388614         0\nready   \n"),
            Some((4711, true))
        );
        assert_eq!(ready("4711\n/data\n1\n5432\n/socket\n\n 1 0\nstopping\n"), Some((4711, false)));
        assert_eq!(ready("4711\n/data\n1700000000\n5432\n/socket\n"), Some((4711, false)));
        assert_eq!(ready("-42\n/data\n"), Some((42, false)));
        assert_eq!((ready(""), ready("\0\0\0"), ready("postgres\n")), (None, None, None));
    }

    #[test]
    fn neither_this_test_nor_a_number_that_nobody_has_is_a_server() {
        let nobody = i32::MAX.unsigned_abs();
        assert!(!is_server(std::process::id(), Path::new("/")) && !is_server(nobody, Path::new("/")));
    }
}
