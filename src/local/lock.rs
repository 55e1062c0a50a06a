//! Decides who may change a state folder: one process at a time, and the programs it runs for that.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
    process::{self, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{LocalError, state::StateFolder};

/// Longer than the slowest start that is still waited for.
const PATIENCE: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(20);

/// The lock on a state folder. It goes away with its holder, however that ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Makes the state folder if need be and waits for its lock.
    pub(super) fn acquire(folder: &StateFolder) -> Result<Self, LocalError> {
        let began = Instant::now();
        let path = folder.lock();
        loop {
            match folder.make() {
                // The one before us is just removing the folder.
                Err(LocalError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
            match open(&path).map(|file| (file.try_lock(), file)) {
                Ok((Ok(()), file)) if current(&file, &path) => {
                    // For the message of those who wait in vain; nothing is decided by it.
                    let _ = file.set_len(0).and_then(|()| write!(&file, "{}", process::id()));
                    return Ok(Self(file));
                }
                // The one who had it has destroyed the folder: begin again with a new one.
                Ok((Ok(()), _)) => {}
                Ok((Err(TryLockError::WouldBlock), _)) => thread::sleep(PAUSE),
                Ok((Err(TryLockError::Error(cause)), _)) => return Err(LocalError::io("lock", &path)(cause)),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(LocalError::io("open", &path)(cause)),
            }
            if began.elapsed() > PATIENCE {
                let holder = fs::read_to_string(&path).ok().filter(|pid| !pid.is_empty());
                return Err(LocalError::Busy {
                    lock: path.display().to_string(),
                    holder: holder.unwrap_or_else(|| "unknown".to_owned()),
                    seconds: PATIENCE.as_secs(),
                });
            }
        }
    }

    /// The lock as a child's standard input. If we are killed while the child works, the lock lives on in the child,
    /// and nobody comes between its work and the folder.
    pub(super) fn stdin(&self) -> Result<Stdio, LocalError> {
        self.0.try_clone().map(Stdio::from).map_err(LocalError::io("share", "the lock file"))
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Whether the locked file is still the one at the path.
fn current(file: &File, path: &Path) -> bool {
    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(locked), Ok(there)) => identity(locked) == identity(there),
        _ => false,
    }
}
