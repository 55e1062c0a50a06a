//! Decides how much of the server's log is kept, and which part of it an error shows.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
};

use super::{LocalError, child, owner::Owner, state::StateFolder};

/// A log longer than this begins anew at the next start.
const LONGEST: u64 = 16 * 1024 * 1024;
/// More than enough for the lines that an error shows.
const SHOWN: u64 = 64 * 1024;

/// Makes the log if need be, for the server's user to append to, and says how long it is already.
pub(super) fn prepare(folder: &StateFolder, owner: &Owner) -> Result<u64, LocalError> {
    let path = folder.log();
    let open = || -> io::Result<u64> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        let length = file.metadata()?.len();
        if length <= LONGEST {
            return Ok(length);
        }
        file.set_len(0)?;
        Ok(0)
    };
    let length = open().map_err(LocalError::io("open", &path))?;
    owner.give(&path)?;
    Ok(length)
}

/// The last lines behind a position. Empty when the log cannot be read: it only explains another error.
pub(super) fn tail(folder: &StateFolder, position: u64) -> String {
    let read = || -> io::Result<String> {
        let mut file = File::open(folder.log())?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(position.max(length.saturating_sub(SHOWN))))?;
        let mut bytes = Vec::new();
        file.take(SHOWN).read_to_end(&mut bytes)?;
        Ok(child::tail(&String::from_utf8_lossy(&bytes)))
    };
    read().unwrap_or_default()
}
