//! Decides what can be done with the local server, and in which order the parts do it.

use std::{path::Path, path::PathBuf, time::SystemTime};

use super::{
    LocalBuilder, LocalError, StopMode, cluster, find,
    halt::halt,
    launch,
    life::Life,
    lock::Lock,
    owner::Owner,
    pidfile, reach,
    socket::Socket,
    state::{Found, StateFolder},
    url,
};

const PORT: u16 = 5432;

/// A private PostgreSQL in a state folder. Opening it makes nothing; [`start`](Self::start) does.
///
/// Any number of processes may use one state folder at once: they take turns.
#[derive(Debug, Clone)]
pub struct Local {
    pub(super) folder: StateFolder,
    pub(super) socket: Socket,
    wanted: LocalBuilder,
}

/// A server that is ready, as [`Local::start`] leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The server's process.
    pub pid: u32,
    /// Its major version.
    pub version: u32,
    /// What it took.
    pub how: How,
}

/// What [`Local::start`] had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Nothing: it was running.
    WasRunning,
    /// Start it with the data that was there.
    Started,
    /// Make a new, empty cluster first.
    Initialised,
}

/// What is known about the local server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// There is no data, so there was never a server, or it was destroyed.
    NotInitialised,
    /// There is data, and no server.
    Stopped {
        /// The major version that made the data.
        version: u32,
    },
    /// A server is there. In its first moments, and while it recovers from a crash, it may refuse clients yet.
    Running {
        /// Its process.
        pid: u32,
        /// Its major version.
        version: u32,
        /// When it was started.
        since: Option<SystemTime>,
    },
}

impl Local {
    /// Settles on a state folder: the given one, else `MESSENGER_DB_STATE_DIR`, else `/var/lib/messenger-db` for root,
    /// else `$XDG_STATE_HOME/messenger-db`, else `~/.local/state/messenger-db`. Makes nothing yet.
    ///
    /// # Errors
    ///
    /// As [`LocalBuilder::open`].
    pub fn open(state_dir: Option<PathBuf>) -> Result<Self, LocalError> {
        Self::with(LocalBuilder { state_dir, ..LocalBuilder::default() })
    }

    /// Begins the description of a server with other settings than the usual ones.
    #[must_use]
    pub fn builder() -> LocalBuilder {
        LocalBuilder::default()
    }

    pub(super) fn with(wanted: LocalBuilder) -> Result<Self, LocalError> {
        let folder = StateFolder::locate(wanted.state_dir.clone())?;
        folder.examine()?;
        let socket = Socket::place(&folder, wanted.port.unwrap_or(PORT));
        Ok(Self { folder, socket, wanted })
    }

    /// Makes sure that the server runs, and waits until it is ready: makes the cluster first if there is none, and
    /// recovers from whatever a crash, a reboot or an interrupted start left behind. The server outlives the caller.
    ///
    /// # Errors
    ///
    /// [`LocalError::NoServer`] when PostgreSQL is not installed, [`LocalError::PgBin`] when the one asked for does
    /// not work, [`LocalError::OtherVersion`] when only another major version than the data's is there;
    /// [`LocalError::Unreachable`] and [`LocalError::NoServerUser`] when root finds nobody to run it;
    /// [`LocalError::Initialise`], [`LocalError::Start`] and [`LocalError::NotReady`] with what PostgreSQL said; the
    /// refusals of a folder that is not ours, as for [`Local::open`].
    pub fn start(&self) -> Result<Started, LocalError> {
        reach::check(&self.folder, &self.owner()?)?;
        let lock = Lock::acquire(&self.folder)?;
        // Asked again under the lock: the one who had it may just have made the data, as another user.
        let owner = self.owner()?;
        let data = self.folder.data();
        let made = cluster::major(&self.folder)?;
        let life = Life::settled(&self.folder, &self.socket)?;
        if let (Life::Up(file), Some(version)) = (&life, made) {
            return Ok(Started { pid: file.pid, version, how: How::WasRunning });
        }
        let binaries = find::find(&owner, made.map(|major| (data.as_path(), major)))?;
        let version = binaries.version.major;
        let how = if made.is_none() {
            cluster::initialise(&self.folder, &binaries, &owner, self.wanted.throwaway, &lock)?;
            How::Initialised
        } else {
            How::Started
        };
        if life == Life::Haunted {
            pidfile::disown(&data, &owner)?;
        }
        let file = launch::launch(&self.folder, &self.socket, &self.wanted, &binaries, &owner, &lock)?;
        Ok(Started { pid: file.pid, version, how })
    }

    /// Stops the server and waits until it is gone. Says whether there was one.
    ///
    /// # Errors
    ///
    /// [`LocalError::StillRunning`] when it takes longer than a minute, which in [`StopMode::Smart`] is up to its
    /// clients; [`LocalError::Busy`]; the refusals of a folder that is not ours, as for [`Local::open`].
    pub fn stop(&self, mode: StopMode) -> Result<bool, LocalError> {
        if self.folder.examine()? != Found::Ours {
            return Ok(false);
        }
        let _lock = Lock::acquire(&self.folder)?;
        halt(&self.folder, &self.socket, &self.owner()?, mode)
    }

    /// Looks at the server without changing or waiting for anything. Needs no binaries.
    ///
    /// # Errors
    ///
    /// [`LocalError::Damaged`] when the data is none; [`LocalError::Io`] when it cannot be read; the refusals of a
    /// folder that is not ours, as for [`Local::open`].
    pub fn status(&self) -> Result<Status, LocalError> {
        if self.folder.examine()? != Found::Ours {
            return Ok(Status::NotInitialised);
        }
        let Some(version) = cluster::major(&self.folder)? else { return Ok(Status::NotInitialised) };
        Ok(match Life::observe(&self.folder, &self.socket)? {
            Life::Dead | Life::Haunted => Status::Stopped { version },
            Life::Silent(file) | Life::Up(file) => Status::Running { pid: file.pid, version, since: file.since },
        })
    }

    /// The URL of a database on the server, running or not, for psql, libpq and Diesel.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url::of(database, &self.socket.folder, self.socket.port)
    }

    /// The folder that holds everything of the server.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.folder.root
    }

    /// Where the server writes its log.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.folder.log()
    }

    pub(super) fn owner(&self) -> Result<Owner, LocalError> {
        Owner::choose(self.folder.caller, &self.folder.data())
    }
}
