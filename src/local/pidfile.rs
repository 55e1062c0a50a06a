//! Decides what postmaster.pid says about the server of a data folder.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{LocalError, child, owner::Owner, socket::Socket};

/// No process has this number on any system: Linux ends at 4194304, macOS at 99999.
const NOBODY: &str = "2147483647";
const REPLACE: &str = r#"{ echo "$2"; tail -n +2 "$1"; } >"$1.new" && mv "$1.new" "$1""#;

/// What the server wrote about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) pid: u32,
    pub(super) since: Option<SystemTime>,
    pub(super) ready: bool,
}

impl PidFile {
    /// Reads the file of a data folder. `None` without one, and with one that is not written to its end yet.
    pub(super) fn of_data(data: &Path) -> Result<Option<Self>, LocalError> {
        Self::read(&path(data))
    }

    /// Reads the file beside a socket, which begins in the same way and does not say whether the server is ready.
    pub(super) fn of_socket(socket: &Socket) -> Result<Option<Self>, LocalError> {
        Self::read(&socket.lock_file())
    }

    fn read(path: &Path) -> Result<Option<Self>, LocalError> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self::parse(&String::from_utf8_lossy(&bytes))),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(LocalError::io("read", path)(cause)),
        }
    }

    /// The lines are: process, data folder, start time, port, socket folder, address, shared memory, state.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        // A single-user server writes its number as a negative one.
        let pid = lines.next()?.trim().parse::<i32>().ok()?.unsigned_abs();
        let since = lines.nth(1).and_then(|line| line.trim().parse().ok());
        let state = lines.nth(4).unwrap_or_default().trim();
        Some(Self {
            pid,
            since: since.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))),
            ready: state == "ready",
        })
    }
}

/// Puts a number that no process has in the place of a dead server's, which an unrelated process now has: PostgreSQL
/// would take that one for a living server and refuse to start. The rest stays, because by it PostgreSQL still finds
/// out whether the dead server's children hold its shared memory; without the file two servers could meet in the data.
pub(super) fn disown(data: &Path, owner: &Owner) -> Result<(), LocalError> {
    let path = path(data);
    // As the server's user, who owns the file: root must not read or write through a link that user may have put there.
    let mut command = child::command("/bin/sh", owner);
    let output = child::run(command.args(["-c", REPLACE, "sh"]).arg(&path).arg(NOBODY), owner)?;
    if output.status.success() {
        return Ok(());
    }
    Err(LocalError::io("rewrite", path)(io::Error::other(child::said(&output))))
}

fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::PidFile;

    #[test]
    fn a_ready_server_is_read_from_the_file() {
        let text = "4711\n/data\n1700000000\n5432\n/socket\n\n  8388614         0\nready   \n";
        let since = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(1_700_000_000));
        assert_eq!(PidFile::parse(text), Some(PidFile { pid: 4711, since, ready: true }));
    }

    #[test]
    fn a_file_without_its_last_line_is_a_server_that_is_not_ready() {
        let ready = |text| PidFile::parse(text).map(|file| (file.pid, file.ready));
        assert_eq!(ready("4711\n/data\n1700000000\n5432\n/socket\n"), Some((4711, false)));
        assert_eq!(ready("4711\n/data\n1\n5432\n/socket\n\n 1 0\nstopping\n"), Some((4711, false)));
        assert_eq!(ready("-42\n/data\n"), Some((42, false)));
        assert_eq!(ready(""), None);
    }
}
