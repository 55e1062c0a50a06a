//! Options of a local server.

use std::path::PathBuf;

use super::{Local, LocalError};

/// The options of a local server; [`Local::builder`] begins with the defaults.
#[derive(Debug, Clone, Default)]
pub struct LocalBuilder {
    pub(super) state_dir: Option<PathBuf>,
    pub(super) port: Option<u16>,
    pub(super) throwaway: bool,
    pub(super) settings: Vec<String>,
    pub(super) rules: Vec<String>,
}

impl LocalBuilder {
    /// Keeps everything in this folder instead of the one that the environment names.
    #[must_use]
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// Trades the data's safety for speed: nothing is flushed to the disk, so a crash of the machine loses all of it.
    /// Also admits 200 clients. For tests.
    #[must_use]
    pub fn throwaway(mut self) -> Self {
        self.throwaway = true;
        self
    }

    /// Names the socket after another port than 5432. Needed only with a setting of `listen_addresses`.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Adds a line to the end of the server's settings, where it overrides the defaults. Takes effect at the next start
    /// of the server. Must not set `port` or `unix_socket_directories`.
    #[must_use]
    pub fn setting(mut self, line: impl Into<String>) -> Self {
        self.settings.push(line.into());
        self
    }

    /// Adds a line to `pg_hba.conf`, before the one that admits everybody who reaches the socket. Takes effect at the
    /// next start of the server.
    #[must_use]
    pub fn rule(mut self, line: impl Into<String>) -> Self {
        self.rules.push(line.into());
        self
    }

    /// Chooses the state folder. Makes nothing yet.
    ///
    /// # Errors
    ///
    /// [`LocalError::NoHome`] when the environment names no folder; [`LocalError::Folder`] when it must not be used.
    pub fn open(self) -> Result<Local, LocalError> {
        Local::with(self)
    }
}
