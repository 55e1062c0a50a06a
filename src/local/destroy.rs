//! Decides what of a state folder is removed: exactly what was made, and nothing that others put there.

use std::{ffi::OsString, fs, path::PathBuf};

use super::{
    Local, LocalError, StopMode, files,
    halt::halt,
    lock::Lock,
    state::{Found, StateFolder},
};

/// What [`Local::destroy`] found to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destroyed {
    /// There was no local server.
    Nothing,
    /// Everything is gone.
    All,
    /// The server and its data are gone. The folder stays, because it has these entries that messenger-db did not make.
    AllBut(Vec<OsString>),
}

impl Local {
    /// Stops the server, without waiting for its clients, and removes it with all its data.
    ///
    /// # Errors
    ///
    /// The refusals of a folder that is not ours, as for [`Local::open`]; [`LocalError::Busy`] when another process
    /// works on it; [`LocalError::StillRunning`] and [`LocalError::Io`] when something resists. What is left then is
    /// removed by the next attempt.
    pub fn destroy(&self) -> Result<Destroyed, LocalError> {
        if self.folder.examine()? != Found::Ours {
            return Ok(Destroyed::Nothing);
        }
        let _lock = Lock::acquire(&self.folder)?;
        let owner = self.owner()?;
        let before = made(&self.folder).iter().any(|path| path.exists());
        // Nothing of it is kept, so a clean shutdown would be wasted.
        halt(&self.folder, &self.socket, &owner, StopMode::Immediate)?;
        self.socket.remove(&owner)?;
        for path in made(&self.folder) {
            if path.is_dir() { files::remove_folder(&path) } else { files::remove_file(&path) }?;
        }
        let (marker, lock) = (self.folder.marker(), self.folder.lock());
        let own = [marker.file_name(), lock.file_name()];
        let mut rest = files::names(&self.folder.root)?;
        rest.retain(|name| !own.contains(&Some(name)));
        if !rest.is_empty() {
            return Ok(Destroyed::AllBut(rest));
        }
        files::remove_file(&marker)?;
        files::remove_file(&lock)?;
        // It may be a mount point, or another process may begin anew in it at this moment: then the empty folder stays.
        let _ = fs::remove_dir(&self.folder.root);
        Ok(if before { Destroyed::All } else { Destroyed::Nothing })
    }
}

/// The data last: while it is there, it says as whom to go on if this is interrupted.
fn made(folder: &StateFolder) -> [PathBuf; 6] {
    [folder.socket(), folder.log(), folder.settings(), folder.hba(), folder.partial(), folder.data()]
}
