//! A server that is stopped at once, as by a power cut, and started again. What it had promised to keep, it keeps.

use messenger_db::local::{DATABASE, Local, StopMode};

use super::StateFolder;

/// A server of a test's own.
pub struct CrashingServer {
    local: Local,
    // Held, not read: the server is destroyed with it.
    _folder: StateFolder,
}

impl CrashingServer {
    /// Starts it. Unlike the other servers of the tests, it waits for the disk.
    pub fn start() -> Self {
        let folder = StateFolder::new();
        let local = Local::open(Some(folder.path())).unwrap();
        local.start().unwrap_or_else(|error| panic!("{error}"));
        Self { local, _folder: folder }
    }

    /// The URL of its database.
    pub fn url(&self) -> String {
        self.local.url(DATABASE)
    }

    /// Something that stops it without a farewell.
    pub fn crash(&self) -> impl Fn() + Send + Sync + 'static {
        let local = self.local.clone();
        move || {
            local.stop(StopMode::Immediate).unwrap();
        }
    }

    /// Starts it again; it recovers.
    pub fn restart(&self) {
        self.local.start().unwrap_or_else(|error| panic!("{error}"));
    }
}
