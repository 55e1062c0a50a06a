//! Decides where the state folder is, what lies in it, and which folder is refused.

use std::{
    env,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{self, Path, PathBuf},
};

use super::{LocalError, STATE_DIR_VARIABLE, files, owner};

const MARKER: &str = ".messenger-db";
const LOCK: &str = "lock";
const MARKER_TEXT: &str = "This folder was made by messenger-db for its private PostgreSQL. It keeps the database in \
                           data/; `messenger-db local destroy` removes it.\n";

/// The folder that holds everything of one local server. It belongs to the caller; what the server writes belongs to
/// the server's user, one level down.
#[derive(Debug, Clone)]
pub(super) struct StateFolder {
    pub(super) root: PathBuf,
    pub(super) caller: u32,
}

/// What is at the path of the state folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Empty,
    Ours,
}

impl StateFolder {
    /// Settles on a path, which need not exist yet: the given one, else the environment's, else the default.
    pub(super) fn locate(given: Option<PathBuf>) -> Result<Self, LocalError> {
        let caller = owner::caller()?;
        let path = match given.or_else(|| variable(STATE_DIR_VARIABLE)) {
            Some(path) => path,
            None if caller == 0 => PathBuf::from("/var/lib/messenger-db"),
            None => home()?.join("messenger-db"),
        };
        let absolute = path::absolute(&path).map_err(LocalError::io("find the state folder", &path))?;
        // Going through the components drops a slash at the end, behind which a symbolic link would go unseen.
        let root: PathBuf = absolute.components().collect();
        fit(&root).map_err(|why| LocalError::UnfitPath { path: root.clone(), why })?;
        Ok(Self { root, caller })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Where a cluster is made before it is renamed to `data`, so that `data` is never half made.
    pub(super) fn partial(&self) -> PathBuf {
        self.root.join("data.partial")
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.root.join("socket")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    pub(super) fn settings(&self) -> PathBuf {
        self.root.join("settings.conf")
    }

    pub(super) fn hba(&self) -> PathBuf {
        self.root.join("pg_hba.conf")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    pub(super) fn marker(&self) -> PathBuf {
        self.root.join(MARKER)
    }

    /// Looks at what is there, and refuses what is not ours to use.
    pub(super) fn examine(&self) -> Result<Found, LocalError> {
        let path = || self.root.clone();
        let metadata = match fs::symlink_metadata(&self.root) {
            Ok(metadata) => metadata,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(cause) => return Err(LocalError::io("look at", &self.root)(cause)),
        };
        if metadata.is_symlink() {
            return Err(LocalError::NotAFolder { path: path(), kind: "a symbolic link" });
        }
        if !metadata.is_dir() {
            return Err(LocalError::NotAFolder { path: path(), kind: "a file" });
        }
        if metadata.uid() != self.caller {
            let (owner, caller) = (owner::name_of(metadata.uid()), owner::name_of(self.caller));
            return Err(LocalError::ForeignFolder { path: path(), owner, caller });
        }
        // A lock alone is what another process leaves for a moment when it destroys the folder.
        let strangers = files::names(&self.root)?.into_iter().any(|name| name != LOCK && name != MARKER);
        // Asked last: another process may be filling the folder just now, and the marker is what it makes first.
        match self.marker().symlink_metadata() {
            Ok(_) => Ok(Found::Ours),
            Err(_) if strangers => Err(LocalError::NotOurs { path: path() }),
            Err(_) => Ok(Found::Empty),
        }
    }

    /// Makes the folder and marks it as ours, unless it is already.
    pub(super) fn make(&self) -> Result<(), LocalError> {
        if self.examine()? == Found::Ours {
            return Ok(());
        }
        // Root's server runs as another user, who must get through to the folders inside.
        let (inner, outer) = if self.caller == 0 { (0o711, 0o755) } else { (0o700, 0o700) };
        let mut missing: Vec<&Path> = self.root.ancestors().skip(1).take_while(|parent| !parent.exists()).collect();
        while let Some(parent) = missing.pop() {
            make_folder(parent, outer)?;
        }
        make_folder(&self.root, inner)?;
        if self.examine()? == Found::Ours {
            return Ok(());
        }
        files::allow(&self.root, inner)?;
        files::write(&self.marker(), MARKER_TEXT, 0o644)
    }
}

/// Makes a folder with exactly this mode, whatever the umask is; leaves one alone that is there.
fn make_folder(path: &Path, mode: u32) -> Result<(), LocalError> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => files::allow(path, mode),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(LocalError::io("make the folder", path)(cause)),
    }
}

/// The folder for the state of programs, by the XDG Base Directory Specification.
fn home() -> Result<PathBuf, LocalError> {
    // The specification has relative paths ignored.
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")))
        .ok_or(LocalError::NoHome)
}

fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// PostgreSQL keeps paths in text files, one to a line.
fn fit(root: &Path) -> Result<(), &'static str> {
    match root.to_str() {
        None => Err("is not UTF-8"),
        Some(text) if text.chars().any(char::is_control) => Err("contains a line break or another control character"),
        Some(_) if root.parent().is_none() => Err("is the root of the file system"),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

    use super::fit;

    #[test]
    fn a_path_with_spaces_and_quotes_is_fit_and_one_with_a_line_break_is_not() {
        assert_eq!(fit(Path::new("/tmp/it's \"here\" $HOME \\ ü, 100%")), Ok(()));
        for path in [OsStr::new("/tmp/a\nb"), OsStr::new("/"), OsStr::from_bytes(b"/tmp/\xff")] {
            assert!(fit(Path::new(path)).is_err(), "{}", path.display());
        }
    }
}
