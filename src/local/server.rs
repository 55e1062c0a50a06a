//! Starts, stops, describes and removes the private PostgreSQL.
//!
//! Guards against programs that were replaced while the server runs, and against a disk that is full.

use std::{
    env,
    fs::{self, OpenOptions},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::{
    DATABASE, Destroyed, LocalBuilder, LocalError, StopMode, cluster,
    owner::{self, Owner},
    process::{Life, PidFile, START},
    programs::{self, Programs},
    socket::Socket,
    state::{self, Lock, StateFolder},
};
use crate::migrate::Connection;

const PORT: u16 = 5432;

/// How long the processes of a killed server may take to notice and let go of the data.
const LETTING_GO: Duration = Duration::from_secs(10);

/// A log longer than this begins anew at the next start.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;

/// The sessions of others.
const OTHERS: &str = "SELECT FROM pg_stat_activity \
                      WHERE backend_type IN ('client backend', 'walsender') AND pid <> pg_backend_pid()";

/// A private PostgreSQL in a state folder. Opening it makes nothing; [`start`](Self::start) does.
///
/// Any number of processes may use one state folder at once; a lock has one after the other change it.
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
    /// Chooses the state folder: the given one, else `MESSENGER_DB_STATE_DIR`, else `/var/lib/messenger-db` for root,
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
        folder.is_ours()?;
        let socket = Socket::place(&folder.root, wanted.port.unwrap_or(PORT));
        Ok(Self { folder, socket, wanted })
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
        let data = self.folder.data();
        if !data.exists() {
            self.refuse_closed(&self.owner()?)?;
        }
        let lock = self.folder.lock()?;
        // Asked under the lock: its last holder may just have made the data.
        let owner = self.owner()?;
        let made = cluster::major(&self.folder)?;
        let mut how = if made.is_some() { How::Started } else { How::Initialised };
        if let (Life::Up(file), Some(version)) = (self.settled()?, made) {
            let running = |how| Ok(Started { pid: file.pid, version, how });
            if !self.is_outdated() {
                return running(How::WasRunning);
            }
            if Programs::find(&owner, &data, made).is_err() {
                return running(How::Uninstalled);
            }
            if self.is_used() {
                return running(How::Outdated);
            }
            self.stop_with(StopMode::Fast)?;
            how = How::Restarted;
        }
        let programs = Programs::find(&owner, &data, made)?;
        if made.is_none() {
            cluster::initialise(&self.folder, &programs, &owner, self.wanted.throwaway, &lock)?;
        }
        let file = self.launch(&programs, &owner, &lock)?;
        Ok(Started { pid: file.pid, version: programs.major, how })
    }

    /// Stops the server and waits until it is gone. Says whether there was one.
    ///
    /// # Errors
    ///
    /// [`LocalError::Failed`] when it takes longer than a minute, which in [`StopMode::Smart`] is up to its clients, or when
    /// another process holds the state folder; [`LocalError::Folder`].
    pub fn stop(&self, mode: StopMode) -> Result<bool, LocalError> {
        if !self.folder.is_ours()? {
            return Ok(false);
        }
        let _lock = self.folder.lock()?;
        self.stop_with(mode)
    }

    /// Stops the server, without waiting for its clients, and removes it with all its data.
    ///
    /// # Errors
    ///
    /// [`LocalError::Folder`]; [`LocalError::Failed`] and [`LocalError::Io`] when something resists. What is left then is
    /// removed by the next attempt.
    pub fn destroy(&self) -> Result<Destroyed, LocalError> {
        if !self.folder.is_ours()? {
            return Ok(Destroyed::Nothing);
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
        if !self.folder.is_ours()? {
            return Ok(Status::NotInitialised);
        }
        let Some(version) = cluster::major(&self.folder)? else { return Ok(Status::NotInitialised) };
        Ok(match self.observe()? {
            Life::Dead => Status::Stopped { version },
            Life::Silent(file) | Life::Up(file) => Status::Running { pid: file.pid, version, since: file.since },
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

    /// A command that opens psql on the local database: the psql beside the server's programs, else the one that
    /// [`client_program`](super::client_program) finds.
    /// It runs as the caller, in the caller's folder and terminal; arguments can be added.
    ///
    /// # Errors
    ///
    /// [`LocalError::NoPsql`] if there is none; [`LocalError::Failed`] when the data is none.
    pub fn psql_command(&self) -> Result<Command, LocalError> {
        let made = cluster::major(&self.folder)?;
        let beside = || {
            // Any failure here is about the server; psql may be elsewhere all the same.
            let programs = Programs::find(&self.owner().ok()?, &self.folder.data(), made).ok()?;
            Some(programs.path("psql")).filter(|psql| psql.is_file())
        };
        let program = beside().unwrap_or_else(|| programs::client_program("psql", made.unwrap_or_default()));
        let url = self.url(DATABASE);
        if program.is_relative() {
            return Err(LocalError::NoPsql(url));
        }
        let mut command = Command::new(program);
        // Each of these could lead psql to another server or stop it: PGSERVICE, PGREQUIREAUTH, …
        for (variable, _) in env::vars_os() {
            let name = variable.as_encoded_bytes();
            if name.starts_with(b"PG") && !name.starts_with(b"PG_COLOR") {
                command.env_remove(variable);
            }
        }
        // No such file, so libpq warns about none that others may read.
        command.env("PGPASSFILE", "/dev/null/none").arg(url);
        Ok(command)
    }

    fn owner(&self) -> Result<Owner, LocalError> {
        Owner::of(&self.folder.data())
    }

    /// Whether the programs were replaced since the server was started.
    fn is_outdated(&self) -> bool {
        fs::read_to_string(self.folder.root.join("program")).is_ok_and(|recorded| programs::were_replaced(&recorded))
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

    /// Starts the server and waits until it is ready. No server runs when this is called.
    fn launch(&self, programs: &Programs, owner: &Owner, lock: &Lock) -> Result<PidFile, LocalError> {
        let began = Instant::now();
        while let Some(pid) = self.survivor() {
            if began.elapsed() > LETTING_GO {
                return Err(self.not_ready(pid, LETTING_GO));
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.disown(owner)?;
        cluster::configure(&self.folder, &self.socket, &self.wanted)?;
        self.socket.prepare(owner)?;
        state::write(&self.folder.root.join("program"), &programs.identity())?;
        loop {
            let position = self.prepare_log(owner)?;
            let mut command = owner.detached(programs.path("pg_ctl"));
            command.args(["start", "--wait", "--silent", "--timeout", &START.as_secs().to_string()]);
            // pg_ctl pastes paths into a shell command between plain double quotes. So the log is named relative to the
            // folder, and the data in the environment, and any path will do.
            command.args(["--log", "server.log"]).env("PGDATA", self.folder.data()).current_dir(&self.folder.root);
            let output = owner.run(command.stdin(lock.stdin()?))?;
            match self.observe()? {
                Life::Up(file) if output.status.success() => return Ok(file),
                Life::Up(file) | Life::Silent(file) => return Err(self.not_ready(file.pid, START)),
                // Survivors that this process may not see hold the shared memory.
                Life::Dead if self.is_held() && began.elapsed() < LETTING_GO => {
                    thread::sleep(Duration::from_millis(100));
                }
                Life::Dead => {
                    let tail = self.log_tail(position);
                    let said = if tail.is_empty() { owner::said(&output) } else { tail };
                    let log = self.log_file();
                    let what = format!("the local PostgreSQL did not start. The end of {}:", log.display());
                    return Err(self.folder.failed(&what, &said));
                }
            }
        }
    }

    /// Makes the log if need be, for the server's user to append to, and says how long it is already.
    fn prepare_log(&self, owner: &Owner) -> Result<usize, LocalError> {
        let path = self.log_file();
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
        let log = fs::read(self.log_file()).unwrap_or_default();
        owner::tail(&String::from_utf8_lossy(log.get(position..).unwrap_or_default()))
    }

    /// Refuses a state folder behind a folder that the server's user cannot enter. Asking the system as that user is exact
    /// where reading modes is not: access lists, mounts, namespaces.
    fn refuse_closed(&self, owner: &Owner) -> Result<(), LocalError> {
        // What does not exist yet will be made so that it can be entered.
        let mut parents = self.folder.root.ancestors().skip(1).filter(|parent| parent.exists());
        let Some(parent) = parents.next().filter(|_| owner.is_another()) else { return Ok(()) };
        let mut command = owner.command("/bin/sh");
        if owner.run(command.args(["-c", r#"cd "$1""#, "sh"]).arg(parent))?.status.success() {
            return Ok(());
        }
        let user = &owner.name;
        let why =
            format!("PostgreSQL refuses root, so the server runs as {user}, who cannot enter {}", parent.display());
        let help = format!(
            "Set MESSENGER_DB_STATE_DIR to a folder that {user} can reach, such as /var/lib/messenger-db, or let {user} \
             through: chmod o+x on each folder of that path."
        );
        Err(LocalError::folder(&self.folder.root, why, help))
    }
}
