//! The state folder: where it is, who may use it, one process at a time, and its removal.
//!
//! Guards against folders that are not ours (a link, another user's, one with other content), against two processes that make,
//! start or remove one server at once, against a full disk, and against paths that PostgreSQL's text files cannot hold.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{self, Path, PathBuf};
use std::process::{self, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use rustix::{fs::statvfs, process::geteuid};

use super::{LocalError, STATE_DIR_VARIABLE, owner};

const MARKER: &str = ".messenger-db";
const LOCK: &str = "lock";
const MARKER_TEXT: &str = "This folder was made by messenger-db for its private PostgreSQL. It keeps the database in \
                           data/; `messenger-db local destroy` removes it.\n";
const ANOTHER: &str = "Set MESSENGER_DB_STATE_DIR to another folder.";

/// Everything that is made in it, the data last: while that is there, it tells who the server's user is.
const MADE: [&str; 7] = ["socket", "server.log", "settings.conf", "pg_hba.conf", "program", "data.partial", "data"];

/// Longer than the slowest start that is still waited for.
const LONGEST_WAIT: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(20);

/// The folder that holds everything of one local server. It belongs to the caller; `data` and `socket` in it belong to
/// the server's user.
#[derive(Debug, Clone)]
pub(super) struct StateFolder {
    pub(super) root: PathBuf,
}

impl StateFolder {
    /// The given path, else the environment's, else the default. It need not exist yet.
    pub(super) fn locate(given: Option<PathBuf>) -> Result<Self, LocalError> {
        let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG Base Directory Specification has relative paths ignored.
        let absolute = |name| variable(name).filter(|path: &PathBuf| path.is_absolute());
        let of_user = || absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
        let path = match given.or_else(|| variable(STATE_DIR_VARIABLE)) {
            Some(path) => path,
            None if geteuid().is_root() => PathBuf::from("/var/lib/messenger-db"),
            None => of_user().ok_or(LocalError::NoHome)?.join("messenger-db"),
        };
        let absolute = path::absolute(&path).map_err(LocalError::io("find the state folder", &path))?;
        // Collecting the components drops a slash at the end, behind which a symbolic link would go unseen.
        let root: PathBuf = absolute.components().collect();
        unfit(&root).map_or(Ok(()), |why| Err(LocalError::folder(&root, why, ANOTHER)))?;
        Ok(Self { root })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    /// What says by which program the server was started. The server holds a lock on it.
    pub(super) fn program(&self) -> PathBuf {
        self.root.join("program")
    }

    /// Whether it is there and ours. Refuses what is not ours to use.
    pub(super) fn is_ours(&self) -> Result<bool, LocalError> {
        let refuse = |why: String, help: &str| Err(LocalError::folder(&self.root, why, help));
        let metadata = match fs::symlink_metadata(&self.root) {
            Ok(metadata) => metadata,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(cause) => return Err(LocalError::io("look at", &self.root)(cause)),
        };
        if !metadata.is_dir() {
            let kind = if metadata.is_symlink() { "a symbolic link" } else { "a file" };
            return refuse(format!("it is {kind}"), "Set MESSENGER_DB_STATE_DIR to the folder itself.");
        }
        let caller = geteuid().as_raw();
        if metadata.uid() != caller {
            let (owner, caller) = (owner::name_of(metadata.uid()), owner::name_of(caller));
            let help = format!("Run the command as {owner}, or set MESSENGER_DB_STATE_DIR to a folder of your own.");
            return refuse(format!("it belongs to {owner}, and you are {caller}"), &help);
        }
        // A lock alone is what another process leaves for a moment when it destroys the folder.
        let has_others = !self.others()?.is_empty();
        // Asked last: another process may be filling the folder just now, and the marker is what it makes first.
        match self.root.join(MARKER).symlink_metadata() {
            Ok(_) => Ok(true),
            Err(_) if has_others => {
                refuse("it is not empty and was not made by messenger-db, so it is left alone".to_owned(), ANOTHER)
            }
            Err(_) => Ok(false),
        }
    }

    /// Makes the folder and marks it as ours, unless it is already.
    fn make(&self) -> Result<(), LocalError> {
        if self.is_ours()? {
            return Ok(());
        }
        // Root's server runs as another user, who must get through to the folders inside.
        let (inner, outer) = if geteuid().is_root() { (0o711, 0o755) } else { (0o700, 0o700) };
        let parents: Vec<&Path> = self.root.ancestors().skip(1).take_while(|parent| !parent.exists()).collect();
        parents.into_iter().rev().try_for_each(|parent| make_folder(parent, outer).map(drop))?;
        make_folder(&self.root, inner)?;
        if self.is_ours()? {
            return Ok(());
        }
        allow(&self.root, inner)?;
        write(&self.root.join(MARKER), MARKER_TEXT)
    }

    /// Makes the folder if need be and waits for its lock.
    pub(super) fn lock(&self) -> Result<Lock, LocalError> {
        let began = Instant::now();
        let path = self.root.join(LOCK);
        while began.elapsed() < LONGEST_WAIT {
            match self.make() {
                // The holder is removing the folder.
                Err(LocalError::Io { cause, .. }) if cause.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
            match open(&path).map(|file| (file.try_lock(), file)) {
                Ok((Ok(()), file)) if is_at(&file, &path) => {
                    // For the message of those who wait in vain; nothing is decided by it.
                    let _ = file.set_len(0).and_then(|()| write!(&file, "{}", process::id()));
                    return Ok(Lock(file));
                }
                // The holder has removed the folder: begin again with a new one.
                Ok((Ok(()), _)) => {}
                Ok((Err(TryLockError::WouldBlock), _)) => thread::sleep(PAUSE),
                Ok((Err(TryLockError::Error(cause)), _)) => return Err(LocalError::io("lock", &path)(cause)),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(LocalError::io("open", &path)(cause)),
            }
        }
        let (holder, seconds) = (fs::read_to_string(&path).unwrap_or_default(), LONGEST_WAIT.as_secs());
        Err(LocalError::failed(
            format!("another messenger-db (process {holder}) has held {} for more than {seconds} s.", path.display()),
            "Wait for it to finish, or end that process; the lock goes away with it.",
        ))
    }

    /// Writes down the program of a server, and gives a lock for all its processes to inherit: see [`Self::is_held`].
    pub(super) fn hold(&self, program: &str) -> Result<Stdio, LocalError> {
        let locked = open(&self.program()).and_then(|mut file| {
            // Whoever asks whether it is held has it for a moment.
            file.lock()?;
            file.set_len(0)?;
            file.write_all(program.as_bytes()).map(|()| file.into())
        });
        locked.map_err(LocalError::io("write", self.program()))
    }

    /// Whether a process of the server is there, or the one that starts it.
    pub(super) fn is_held(&self) -> bool {
        let asked = File::open(self.program()).map(|file| file.try_lock_shared());
        matches!(asked, Ok(Err(TryLockError::WouldBlock)))
    }

    /// The error about what PostgreSQL could not do, with what it said, and whether the disk is full.
    pub(super) fn failed(&self, what: &str, said: &str) -> LocalError {
        // No server starts with less than 32 MiB.
        let is_full = statvfs(&self.root).is_ok_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < 32 << 20);
        let disk = if is_full { format!(" The disk of {} is full.", self.root.display()) } else { String::new() };
        let help = format!("{said}\nCorrect the cause and run the command again. Nothing is lost.{disk}");
        LocalError::failed(what, help)
    }

    /// Removes exactly what was made in the folder, and the folder itself when nothing of others is in it. `None`: nothing was
    /// made; else what is of others.
    pub(super) fn remove(&self) -> Result<Option<Vec<OsString>>, LocalError> {
        let before = MADE.iter().any(|name| self.root.join(name).exists());
        MADE.iter().try_for_each(|name| remove(&self.root.join(name)))?;
        let rest = self.others()?;
        if !rest.is_empty() {
            return Ok(Some(rest));
        }
        remove(&self.root.join(MARKER))?;
        remove(&self.root.join(LOCK))?;
        // It may be a mount point, or another process may begin anew in it at this moment: then the empty folder stays.
        let _ = fs::remove_dir(&self.root);
        Ok(before.then_some(rest))
    }

    /// What it has besides the marker and the lock.
    fn others(&self) -> Result<Vec<OsString>, LocalError> {
        let list = || self.root.read_dir()?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>();
        let mut names = list().map_err(LocalError::io("list", &self.root))?;
        names.retain(|name| name != MARKER && name != LOCK);
        names.sort();
        Ok(names)
    }
}

/// The lock on a state folder. It goes away with its holder, however that ends.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// The lock as a program's standard input. If this process is killed while the program works, the program still holds
    /// the lock, and no other process comes between its work and the folder.
    pub(super) fn stdin(&self) -> Result<Stdio, LocalError> {
        self.0.try_clone().map(Stdio::from).map_err(LocalError::io("share", "the lock file"))
    }
}

/// Writes a file that everybody may read who gets to its folder, whatever the umask is.
pub(super) fn write(path: &Path, text: &str) -> Result<(), LocalError> {
    fs::write(path, text).map_err(LocalError::io("write", path))?;
    allow(path, 0o644)
}

/// Sets the mode of a file or folder.
pub(super) fn allow(path: &Path, mode: u32) -> Result<(), LocalError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(LocalError::io("set the permissions of", path))
}

/// Removes a file, or a folder with all that is in it, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), LocalError> {
    let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    match if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) } {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(LocalError::io("remove", path)(cause)),
        _ => Ok(()),
    }
}

/// Makes a folder with exactly this mode, whatever the umask is. Leaves one alone that is there: then it says `false`.
pub(super) fn make_folder(path: &Path, mode: u32) -> Result<bool, LocalError> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => allow(path, mode).map(|()| true),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(cause) => Err(LocalError::io("make the folder", path)(cause)),
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Whether an open file is still the one at the path.
fn is_at(file: &File, path: &Path) -> bool {
    let (open, there) = (file.metadata(), fs::symlink_metadata(path));
    open.is_ok_and(|open| there.is_ok_and(|there| (open.dev(), open.ino()) == (there.dev(), there.ino())))
}

/// Why a path is unfit: PostgreSQL keeps paths in text files, one a line.
fn unfit(root: &Path) -> Option<&'static str> {
    match root.to_str() {
        None => Some("its path is not UTF-8"),
        Some(text) if text.chars().any(char::is_control) => Some("its path contains a control character"),
        Some(_) if root.parent().is_none() => Some("it is the root of the file system"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

    use super::unfit;

    #[test]
    fn a_path_with_spaces_and_quotes_is_fit_and_one_with_a_line_break_is_not() {
        assert_eq!(unfit(Path::new("/tmp/it's \"here\" $HOME \\ ü, 100%")), None);
        for path in [OsStr::new("/tmp/a\nb"), OsStr::new("/"), OsStr::from_bytes(b"/tmp/\xff")] {
            assert!(unfit(Path::new(path)).is_some(), "{}", path.display());
        }
    }
}
