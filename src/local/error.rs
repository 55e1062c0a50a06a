//! Decides how every failure of the embedded default is told: what failed, and what to do next.

use std::{io, path::PathBuf};

const INSTALL: &str = "  \
    Debian, Ubuntu:  apt-get install postgresql\n  \
    Fedora:          dnf install postgresql-server\n  \
    Alpine:          apk add postgresql\n  \
    macOS:           brew install postgresql@17";

/// Why the local server could not do what was asked.
///
/// Every message is complete: it ends with what to do next, and it includes its cause, which is therefore not
/// offered again as [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// The environment names no folder to keep the state in.
    #[error(
        "cannot tell where to keep the local server: neither HOME nor XDG_STATE_HOME is set.\n\
         Set MESSENGER_DB_STATE_DIR to a folder of your own."
    )]
    NoHome,

    /// The path of the state folder cannot be written into PostgreSQL's configuration.
    #[error(
        "the state folder {path:?} cannot be used: its path {why}.\n\
         Set MESSENGER_DB_STATE_DIR to another folder."
    )]
    UnfitPath {
        /// The state folder.
        path: PathBuf,
        /// What is wrong with the path.
        why: &'static str,
    },

    /// The state folder belongs to another user.
    #[error(
        "the state folder {path} belongs to {owner}, and you are {caller}.\n\
         Run the command as {owner}, or set MESSENGER_DB_STATE_DIR to a folder of your own.",
        path = .path.display()
    )]
    ForeignFolder {
        /// The state folder.
        path: PathBuf,
        /// Who owns it.
        owner: String,
        /// Who we are.
        caller: String,
    },

    /// The state folder is a symbolic link or no folder at all.
    #[error(
        "the state folder {path} is {kind}, and only a real folder is used.\n\
         Set MESSENGER_DB_STATE_DIR to the folder itself.",
        path = .path.display()
    )]
    NotAFolder {
        /// The state folder.
        path: PathBuf,
        /// What it is instead.
        kind: &'static str,
    },

    /// The state folder has content that messenger-db did not put there.
    #[error(
        "the folder {path} is not empty and was not made by messenger-db, so it is left alone.\n\
         Set MESSENGER_DB_STATE_DIR to an empty or a new folder.",
        path = .path.display()
    )]
    NotOurs {
        /// The state folder.
        path: PathBuf,
    },

    /// The system user who runs the server cannot enter a folder on the way to the state folder.
    #[error(
        "the local server runs as the user {user}, because PostgreSQL refuses root, and {user} cannot enter \
         {parent}, which leads to the state folder {path}.\n\
         Set MESSENGER_DB_STATE_DIR to a folder that {user} can reach, such as /var/lib/messenger-db, or run: \
         chmod o+x {parent}",
        parent = .parent.display(), path = .path.display()
    )]
    Unreachable {
        /// Who runs the server.
        user: String,
        /// The first folder that user cannot enter.
        parent: PathBuf,
        /// The state folder.
        path: PathBuf,
    },

    /// The folder for the socket is not private.
    #[error(
        "the socket of the local server needs the private folder {path}, but {why}.\n\
         Remove it if it is yours, or set MESSENGER_DB_STATE_DIR to a folder with a path so short (and without a \
         comma) that the socket fits into it.",
        path = .path.display()
    )]
    SocketFolder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },

    /// There is no unprivileged user to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and /etc/passwd has no unprivileged user {name} to run it as.\n\
         Set MESSENGER_DB_PG_USER to an unprivileged user of this machine, or run the command as one."
    )]
    NoServerUser {
        /// The user who was asked for, or would have been taken.
        name: String,
    },

    /// `MESSENGER_DB_PG_BIN` names a folder that does not work.
    #[error(
        "MESSENGER_DB_PG_BIN is {path}, and that does not work: {why}.\n\
         Set it to a folder with initdb, pg_ctl and postgres of version 15 or newer, or unset it to have the usual \
         places searched. If there is no such server on this machine, install one:\n{INSTALL}",
        path = .path.display()
    )]
    PgBin {
        /// What the variable says.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },

    /// No usable server binaries are installed in any known place.
    #[error(
        "no PostgreSQL server of version 15 or newer was found on this machine. Looked at:\n  {looked}\n\
         Install one:\n{INSTALL}\n\
         or set MESSENGER_DB_PG_BIN to the folder with its initdb, pg_ctl and postgres, or name a database of your \
         own in DATABASE_URL.",
        looked = .looked.join("\n  ")
    )]
    NoServer {
        /// Each place with what was found there.
        looked: Vec<String>,
    },

    /// The data was made by a PostgreSQL of another major version, and none of that version is installed.
    #[error(
        "the local database in {data} was made by PostgreSQL {made}, and the server found here is PostgreSQL \
         {found}.\n\
         Install PostgreSQL {made} beside it (it is then found by itself; MESSENGER_DB_PG_BIN, if set, must name \
         it), or discard the local data with: messenger-db local destroy",
        data = .data.display()
    )]
    OtherVersion {
        /// The data folder.
        data: PathBuf,
        /// The version that made it.
        made: u32,
        /// The versions that are there, and where.
        found: String,
    },

    /// The data folder is not one that PostgreSQL can have left behind.
    #[error(
        "the local database in {data} is damaged: {why}.\n\
         Discard it with: messenger-db local destroy",
        data = .data.display()
    )]
    Damaged {
        /// The data folder.
        data: PathBuf,
        /// What is wrong with it.
        why: String,
    },

    /// The cluster could not be made.
    #[error(
        "{program} could not make the local database. It said:\n{said}\n\
         Nothing is left half done: correct the cause and run the command again."
    )]
    Initialise {
        /// Which program failed.
        program: &'static str,
        /// The end of its output.
        said: String,
    },

    /// The server did not start.
    #[error(
        "the local PostgreSQL did not start. The end of {log}:\n{tail}\n\
         Correct the cause and run the command again, or discard the local data with: messenger-db local destroy",
        log = .log.display()
    )]
    Start {
        /// The server's log.
        log: PathBuf,
        /// Its last lines since this start.
        tail: String,
    },

    /// A server process is there and does not become ready, or does not go away.
    #[error(
        "the local PostgreSQL (process {pid}) is there, but was not ready within {seconds} s. The end of {log}:\n\
         {tail}\n\
         Wait for it and try again, or stop it with: messenger-db local stop",
        log = .log.display()
    )]
    NotReady {
        /// The process named in postmaster.pid.
        pid: u32,
        /// How long it was waited for.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },

    /// The server was told to stop and still runs.
    #[error(
        "the local PostgreSQL (process {pid}) did not stop within {seconds} s of a {mode} shutdown.\n\
         Close the programs that are connected to it, or stop it with a stronger mode (fast, then immediate)."
    )]
    StillRunning {
        /// The server's process.
        pid: u32,
        /// How it was told to stop.
        mode: &'static str,
        /// How long it was waited for.
        seconds: u64,
    },

    /// Another process works on the same state folder and does not finish.
    #[error(
        "another messenger-db (process {holder}) has held {lock} for more than {seconds} s.\n\
         Wait for it to finish, or end that process; the lock goes away with it."
    )]
    Busy {
        /// The lock file.
        lock: String,
        /// The process that wrote itself into the lock file.
        holder: String,
        /// How long the lock was waited for.
        seconds: u64,
    },

    /// There is no psql.
    #[error(
        "psql was found neither beside the server nor on PATH.\n\
         Install it (Debian, Ubuntu: apt-get install postgresql-client; Fedora: dnf install postgresql; Alpine: \
         apk add postgresql-client; macOS: brew install libpq), or connect another client to: {url}"
    )]
    NoPsql {
        /// Where the local database is.
        url: String,
    },

    /// A program could not be run at all.
    #[error(
        "cannot run {program} as {user}: {cause}.\n\
         If it is there and may be executed, the system forbids becoming {user} here: run the command as that user, \
         or name another in MESSENGER_DB_PG_USER."
    )]
    Run {
        /// The program.
        program: String,
        /// The user it was to run as.
        user: String,
        /// What the system said.
        cause: io::Error,
    },

    /// A file or folder could not be read, written or removed.
    #[error(
        "cannot {doing} {path}: {cause}.\n\
         Check its owner, its permissions and the free space there, or set MESSENGER_DB_STATE_DIR to another folder.",
        path = .path.display()
    )]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
}

impl LocalError {
    /// Says what was tried on which path when the system refused it.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { doing, path: path.into(), cause }
    }
}
