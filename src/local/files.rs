//! Decides how files and folders are written and removed, so that modes are exact and a vanished file is no failure.

use std::{
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    thread,
    time::Duration,
};

use super::LocalError;

/// The names in a folder, sorted.
pub(super) fn names(folder: &Path) -> Result<Vec<OsString>, LocalError> {
    let list = || folder.read_dir()?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>();
    let mut names = list().map_err(LocalError::io("list", folder))?;
    names.sort();
    Ok(names)
}

/// Sets the mode of a file or folder.
pub(super) fn allow(path: &Path, mode: u32) -> Result<(), LocalError> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(LocalError::io("set the permissions of", path))
}

/// Writes a file anew with exactly this mode, whatever the umask is.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<(), LocalError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| {
            file.set_permissions(Permissions::from_mode(mode))?;
            file.write_all(text.as_bytes())
        })
        .map_err(LocalError::io("write", path))
}

/// Removes a file, if it is there.
pub(super) fn remove_file(path: &Path) -> Result<(), LocalError> {
    absent_is_fine(fs::remove_file(path)).map_err(LocalError::io("remove", path))
}

/// Removes a folder with all that is in it, if it is there.
pub(super) fn remove_folder(path: &Path) -> Result<(), LocalError> {
    // The last processes of a server that was just killed may still write into it.
    for _ in 0..20 {
        match fs::remove_dir_all(path) {
            Err(cause) if cause.kind() == io::ErrorKind::DirectoryNotEmpty => thread::sleep(Duration::from_millis(50)),
            result => return absent_is_fine(result).map_err(LocalError::io("remove", path)),
        }
    }
    absent_is_fine(fs::remove_dir_all(path)).map_err(LocalError::io("remove", path))
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
