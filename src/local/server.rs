//! Starts, stops, describes and removes the private PostgreSQL.
//!
//! Guards against programs that were replaced while the server runs, against a log without end, and against hiding what a
//! server that does not start said.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::owner::{self, Owner};
use super::process::{Life, PidFile, START};
use super::programs::{self, Programs};
use super::socket::Socket;
use super::state::{self, StateFolder};
use super::{DATABASE, LocalError, StopMode, cluster};
use crate::migrate::Connection;

const PORT: u16 = 5432;

/// A log longer than this begins anew at the next start.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;

/// The sessions of others.
const OTHERS: &str = "SELECT FROM pg_stat_activity \
                      WHERE backend_type IN ('client backend', 'walsender') AND pid <> pg_backend_pid()";

/// Runs a program that keeps its standard input, the lock, under a number that `pg_ctl` and the server leave alone.
const HOLD: &str = r#"exec 3<&0 </dev/null; exec "$@""#;

/// A private PostgreSQL in a state folder. Opening it makes nothing; [`start`](Self::start) does.
///
/// Any number of processes may use one state folder at once; a lock has one after the other change it.
#[derive(Debug, Clone)]
pub struct Local {
    pub(super) folder: StateFolder,
    pub(super) socket: Socket,
    pub(super) is_throwaway: bool,
    pub(super) settings: String,
    pub(super) rules: String,
}

/// A server that is ready, as [`Local::start`] leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The server's process.
    pub pid: u32,
    /// Its major version.
    pub version: u32,
    /// What was done.
    pub how: How,
}

/// What [`Local::start`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Nothing: it was running.
    WasRunning,
    /// Nothing, although its programs were replaced while it ran: others are connected to it. It may fail to load
    /// libraries until it is restarted.
    Outdated,
    /// Nothing, although its programs are not there any more, and no others of its major version are installed. Once
    /// stopped, it cannot be started again.
    Uninstalled,
    /// Restarted it, because its programs were replaced while it ran.
    Restarted,
    /// Started it with the data that was there.
    Started,
    /// Made a new, empty cluster and started it.
    Initialised,
}

/// What is known about the local server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// There is no data: there was never a server, or it was destroyed.
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
    /// Chooses the state folder: the given one, else `MESSENGER_DB_STATE_DIR`, else `/var/lib/messenger-db` for root, else
    /// `$XDG_STATE_HOME/messenger-db`, else `~/.local/state/messenger-db`. Makes nothing yet.
    ///
    /// # Errors
    ///
    /// [`LocalError::NoHome`] when the environment names no folder; [`LocalError::Folder`] when it must not be used.
    pub fn open(state_dir: Option<PathBuf>) -> Result<Self, LocalError> {
        let folder = StateFolder::locate(state_dir)?;
        folder.is_ours()?;
        let socket = Socket::place(&folder.root, PORT);
        Ok(Self { folder, socket, is_throwaway: false, settings: String::new(), rules: String::new() })
    }

    /// Trades the data's safety for speed: nothing is flushed to the disk, so a crash of the machine loses all of it.
    /// Also admits 200 clients. For tests. This and the options below take effect at the next start of the server.
    #[must_use]
    pub fn throwaway(self) -> Self {
        Self { is_throwaway: true, ..self }
    }

    /// Names the socket after another port than 5432. Needed only with a setting of `listen_addresses`.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { socket: Socket::place(&self.folder.root, port), ..self }
    }

    /// Adds a line to the end of the server's settings, where it overrides the defaults. Must not set `port` or
    /// `unix_socket_directories`.
    #[must_use]
    pub fn setting(self, line: &str) -> Self {
        Self { settings: self.settings + line + "\n", ..self }
    }

    /// Adds a line to `pg_hba.conf`, before the one that admits everybody who reaches the socket.
    #[must_use]
    pub fn rule(self, line: &str) -> Self {
        Self { rules: self.rules + line + "\n", ..self }
    }

    /// Makes sure that the server runs, and waits until it is ready, up to two minutes. Makes the cluster first if there
    /// is none, and recovers from what a crash, a power cut or an interrupted start left. A server whose programs were
    /// replaced meanwhile is restarted, unless others are connected. The server outlives the caller.
    ///
    /// # Errors
    ///
    /// - [`LocalError::NoServer`] when PostgreSQL is not installed, [`LocalError::PgBin`] when the one asked for does not
    ///   work, [`LocalError::OtherVersion`] when only another major version than the data's is there;
    /// - [`LocalError::NoServerUser`] when root finds nobody to run it; [`LocalError::Folder`] when a folder must not be
    ///   used;
    /// - [`LocalError::Failed`] with what PostgreSQL said, or when another process holds the state folder for three
    ///   minutes.
    pub fn start(&self) -> Result<Started, LocalError> {
        let lock = self.folder.lock()?;
        let (data, owner) = (self.folder.data(), self.owner()?);
        let made = cluster::major(&self.folder)?;
        let mut how = if made.is_some() { How::Started } else { How::Initialised };
        if let (Some(version), Some(file)) = (made, self.ready()?) {
            how = match programs::were_replaced(&self.folder.program()) {
                false => How::WasRunning,
                true if Programs::find(&owner, &data, made).is_err() => How::Uninstalled,
                true if self.is_used() => How::Outdated,
                true => How::Restarted,
            };
            if how != How::Restarted {
                return Ok(Started { pid: file.pid(), version, how });
            }
            self.stop_with(StopMode::Fast)?;
        }
        let programs = Programs::find(&owner, &data, made)?;
        if made.is_none() {
            cluster::initialise(self, &programs, &owner, &lock)?;
        }
        let pid = self.launch(&programs, &owner)?.pid();
        Ok(Started { pid, version: programs.major, how })
    }

    /// Disconnects the clients, stops the server and waits until it is gone. Says whether there was one.
    ///
    /// # Errors
    ///
    /// [`LocalError::Failed`] when it takes longer than a minute, or when another process holds the state folder;
    /// [`LocalError::Folder`].
    pub fn stop(&self, mode: StopMode) -> Result<bool, LocalError> {
        if !self.folder.is_ours()? {
            return Ok(false);
        }
        let _lock = self.folder.lock()?;
        self.stop_with(mode)
    }

    /// Stops the server and removes it with all its data. `None`: there was nothing. Else it gives the entries that
    /// messenger-db did not make; if there are any, the state folder stays.
    ///
    /// # Errors
    ///
    /// [`LocalError::Folder`]; [`LocalError::Failed`] and [`LocalError::Io`] when something resists. What is left then is
    /// removed by the next attempt.
    pub fn destroy(&self) -> Result<Option<Vec<OsString>>, LocalError> {
        if !self.folder.is_ours()? {
            return Ok(None);
        }
        let _lock = self.folder.lock()?;
        // Nothing of it is kept, so a clean shutdown would be wasted.
        self.stop_with(StopMode::Immediate)?;
        self.socket.remove(&self.owner()?)?;
        self.folder.remove()
    }

    /// Looks at the server without changing or waiting for anything. Needs no programs.
    ///
    /// # Errors
    ///
    /// [`LocalError::Failed`] when the data is none; [`LocalError::Io`] when it cannot be read; [`LocalError::Folder`].
    pub fn status(&self) -> Result<Status, LocalError> {
        let made = if self.folder.is_ours()? { cluster::major(&self.folder)? } else { None };
        let Some(version) = made else { return Ok(Status::NotInitialised) };
        Ok(match self.observe()? {
            Life::Dead | Life::Silent(None) => Status::Stopped { version },
            Life::Silent(Some(file)) | Life::Up(file) => {
                Status::Running { pid: file.pid(), version, since: file.since }
            }
        })
    }

    /// The URL of a database on the server, running or not, for libpq: Diesel, psql, `pg_dump`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.socket.url(database)
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

    /// The psql beside the server's programs, else the one that [`client_program`](super::client_program) finds. `PGSERVICE`
    /// leads it to another server in spite of the URL, so run it without.
    ///
    /// # Errors
    ///
    /// [`LocalError::NoPsql`] if there is none; [`LocalError::Failed`] when the data is none.
    pub fn psql(&self) -> Result<PathBuf, LocalError> {
        // The program may have been found by a link.
        let beside = || Some(programs::recorded(&self.folder.program())?.1.canonicalize().ok()?.with_file_name("psql"));
        let psql = match beside().filter(|psql| psql.is_file()) {
            Some(psql) => psql,
            None => programs::client_program("psql", cluster::major(&self.folder)?.unwrap_or_default()),
        };
        if psql.is_absolute() { Ok(psql) } else { Err(LocalError::NoPsql(self.url(DATABASE))) }
    }

    fn owner(&self) -> Result<Owner, LocalError> {
        Owner::of(&self.folder.data())
    }

    /// Whether others are connected, as far as is known. A session that just ended takes a moment to go.
    fn is_used(&self) -> bool {
        let Some(mut connection) = self.url("postgres").parse().ok().and_then(|url| Connection::open(&url).ok()) else {
            return true;
        };
        let mut is_used = || connection.execute(OTHERS).ok().is_none_or(|rows| !rows.is_empty());
        (0..10).all(|_| {
            is_used() && {
                thread::sleep(Duration::from_millis(50));
                true
            }
        })
    }

    /// Starts the server and waits until it is ready. No process of it is there when this is called.
    fn launch(&self, programs: &Programs, owner: &Owner) -> Result<PidFile, LocalError> {
        cluster::configure(self)?;
        self.socket.prepare(owner)?;
        let position = self.prepare_log(owner)?;
        // PostgreSQL refuses to start with a file that is empty or torn, and with a number that another process has. It
        // finds out by its shared memory, too, whether somebody works on the data: then the file may be of a server that
        // was started by hand with another socket, and is put back.
        let (file, aside) = (self.pid_file(), self.folder.data().join("postmaster.pid.aside"));
        let is_aside = fs::rename(&file, &aside).is_ok();
        let output = {
            let mut command = owner.detached("/bin/sh");
            command
                .args(["-c", HOLD, "sh"])
                .arg(programs.path("pg_ctl"))
                .stdin(self.folder.hold(&programs.identity())?);
            command.args(["start", "--wait", "--silent", "--timeout", &START.as_secs().to_string()]);
            // pg_ctl pastes paths into a shell command between plain double quotes. So the log is named relative to the
            // folder, and the data in the environment, and any path will do.
            command.args(["--log", "server.log"]).env("PGDATA", self.folder.data()).current_dir(&self.folder.root);
            owner.run(&mut command)?
        };
        match self.observe()? {
            Life::Up(started) if output.status.success() => {
                state::remove(&aside)?;
                Ok(started)
            }
            Life::Up(_) | Life::Silent(_) => Err(self.not_ready()),
            Life::Dead => {
                if is_aside && !file.exists() {
                    // Without it a server that was started by hand ends within a minute, and loses nothing.
                    let _ = fs::rename(&aside, &file);
                }
                let tail = self.log_tail(position);
                let said = if tail.is_empty() { owner::said(&output) } else { tail };
                let what = format!("the local PostgreSQL did not start. The end of {}:", self.folder.log().display());
                Err(self.folder.failed(&what, &said))
            }
        }
    }

    /// Makes the log if need be, for the server's user to append to, and says how long it is already.
    fn prepare_log(&self, owner: &Owner) -> Result<usize, LocalError> {
        let path = self.folder.log();
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
        let length = file.and_then(|file| {
            let length = file.metadata()?.len();
            if length > LONGEST_LOG { file.set_len(0).map(|()| 0) } else { Ok(length) }
        });
        let length = length.map_err(LocalError::io("open", &path))?;
        owner.give(&path)?;
        Ok(usize::try_from(length).unwrap_or_default())
    }

    /// The last lines of the log behind a position. Empty when it cannot be read: it only explains another error.
    pub(super) fn log_tail(&self, position: usize) -> String {
        let log = fs::read(self.folder.log()).unwrap_or_default();
        owner::tail(&String::from_utf8_lossy(log.get(position..).unwrap_or_default()))
    }
}
