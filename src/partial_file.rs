//! Files that are there whole or not at all: written beside their place, and named at the end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Why a file was not written.
#[derive(Debug)]
pub enum FileError {
    /// Something has its name, and may be the only copy.
    Exists(PathBuf),
    /// It cannot be written.
    Unwritten {
        /// Which.
        file: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

/// The file while it is written; gone when dropped.
#[derive(Debug)]
pub struct PartialFile {
    /// Where it is until it has its name.
    pub path: PathBuf,
}

impl PartialFile {
    /// An empty one beside a file, which must not exist. Only its owner may read it.
    pub fn beside(file: &Path) -> Result<Self, FileError> {
        refuse_existing(file)?;
        let path = name_beside(file);
        // Made here, for nobody else to be able to read it from the first byte on: it holds what people wrote.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.map_err(|cause| FileError::Unwritten { file: path.clone(), cause })?;
        Ok(Self { path })
    }

    /// Gives it its name, unless something has that by now; how long it is.
    pub fn publish(self, file: &Path) -> Result<u64, FileError> {
        let failed = |cause| FileError::Unwritten { file: file.to_owned(), cause };
        let partial = File::open(&self.path).map_err(failed)?;
        partial.sync_all().map_err(failed)?;
        // Unlike a rename, a second name never takes the place of another file.
        match fs::hard_link(&self.path, file) {
            Ok(()) => {}
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => return Err(FileError::Exists(file.to_owned())),
            // Some file systems have no second names.
            Err(_) => {
                refuse_existing(file)?;
                fs::rename(&self.path, file).map_err(failed)?;
            }
        }
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(partial.metadata().map_err(failed)?.len())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        // After a rename it is gone already.
        let _ = fs::remove_file(&self.path);
    }
}

fn name_beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    file.with_file_name(name)
}

/// Writes a file anew. The former one stays as it is until the new one is whole.
#[cfg(feature = "cli")]
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let former = fs::metadata(file).ok();
    let is_something = fs::symlink_metadata(file).is_ok();
    // A pipe or a device, or a link that leads nowhere yet.
    if is_something && !former.as_ref().is_some_and(fs::Metadata::is_file) {
        return fs::write(file, bytes);
    }
    // The file that a link leads to, and not the link.
    let place = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let path = name_beside(&place);
    let mut new = match OpenOptions::new().write(true).create_new(true).open(&path) {
        // A folder that takes no new file may have one that can be written.
        Err(cause) if cause.kind() == ErrorKind::PermissionDenied && is_something => return fs::write(file, bytes),
        new => new?,
    };
    let partial = PartialFile { path };
    io::Write::write_all(&mut new, bytes)?;
    if let Some(former) = former {
        new.set_permissions(former.permissions())?;
    }
    new.sync_all()?;
    fs::rename(&partial.path, &place)
}

/// Refuses a name that something has.
pub fn refuse_existing(file: &Path) -> Result<(), FileError> {
    // Not followed: a link that leads nowhere is somebody's too.
    match fs::symlink_metadata(file) {
        Ok(_) => Err(FileError::Exists(file.to_owned())),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(FileError::Unwritten { file: file.to_owned(), cause }),
    }
}
