//! Decides what can be asked of a local server before it is opened.

use std::path::PathBuf;

use super::{Local, LocalError};

/// The wishes for a local server; [`Local::builder`] begins with none.
#[derive(Debug, Clone, Default)]
pub struct LocalBuilder {
    pub(super) state_dir: Option<PathBuf>,
    pub(super) port: Option<u16>,
    pub(super) throwaway: bool,
    pub(super) settings: Vec<String>,
    pub(super) rules: Vec<String>,
}

impl LocalBuilder {
    /// Keeps everything in this folder, and not in the one that the environment names.
    #[must_use]
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// Gives up the data's safety for speed: nothing is flushed to the disk, so a crash of the machine loses all of
    /// it. For tests. It also admits 200 clients.
    #[must_use]
    pub fn throwaway(mut self) -> Self {
        self.throwaway = true;
        self
    }

    /// Names the socket after another port than 5432. Matters only together with a setting of `listen_addresses`: a
    /// socket in a folder of its own is in nobody's way.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Adds a line to the end of the server's settings, where it overrides the usual ones. It takes effect when the
    /// server is started the next time. `port` and `unix_socket_directories` must be left alone here.
    #[must_use]
    pub fn setting(mut self, line: impl Into<String>) -> Self {
        self.settings.push(line.into());
        self
    }

    /// Adds a line to `pg_hba.conf`, before the one that admits everybody who reaches the socket. It takes effect when
    /// the server is started the next time.
    #[must_use]
    pub fn rule(mut self, line: impl Into<String>) -> Self {
        self.rules.push(line.into());
        self
    }

    /// Settles on the state folder. Makes nothing yet.
    ///
    /// # Errors
    ///
    /// [`LocalError::NoHome`] and [`LocalError::UnfitPath`] when there is no folder to use; the refusals of a folder
    /// that is not ours: [`LocalError::ForeignFolder`], [`LocalError::NotAFolder`], [`LocalError::NotOurs`].
    pub fn open(self) -> Result<Local, LocalError> {
        Local::with(self)
    }
}
