//! Errors of the private PostgreSQL: what failed, and what to do next.

use std::{io, path::PathBuf};

const INSTALL: &str = "  \
    Debian, Ubuntu:  apt-get install postgresql\n  \
    Fedora:          dnf install postgresql-server\n  \
    Alpine:          apk add postgresql\n  \
    macOS:           brew install postgresql@17";

/// Why the local server could not do what was asked.
///
/// The first line says what failed, with its cause, which is therefore no [`source`](std::error::Error::source). The
/// lines after it say what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are parts of the message")]
pub enum LocalError {
    /// The environment names no folder to keep the state in.
    #[error(
        "cannot tell where to keep the local server: neither HOME nor XDG_STATE_HOME is set.\n\
         Set MESSENGER_DB_STATE_DIR to a folder of your own."
    )]
    NoHome,

    /// A folder must not be used: it belongs to others, holds other content, is no folder, has a path that PostgreSQL
    /// cannot store, or cannot be entered by the user who runs the server.
    #[error("the folder {path} cannot be used: {why}.\n{help}", path = .path.display())]
    Folder { path: PathBuf, why: String, help: String },

    /// The caller is root, and there is no unprivileged user of this name to run the server.
    #[error(
        "PostgreSQL refuses to run as root, and /etc/passwd has no unprivileged user {0} to run it as.\n\
         Set MESSENGER_DB_PG_USER to an unprivileged user of this machine, or run the command as one."
    )]
    NoServerUser(String),

    /// `MESSENGER_DB_PG_BIN` names a folder that does not work.
    #[error(
        "MESSENGER_DB_PG_BIN is {path}, and that does not work: {why}.\n\
         Set it to a folder with initdb, pg_ctl and postgres of version 15 or newer, or unset it to have the usual \
         places searched. If there is no such server on this machine, install one:\n{INSTALL}",
        path = .path.display()
    )]
    PgBin { path: PathBuf, why: String },

    /// No usable server programs are installed in any known place. Holds what was found where.
    #[error(
        "no PostgreSQL server of version 15 or newer was found on this machine. Looked at:\n  {looked}\n\
         Install one:\n{INSTALL}\n\
         or set MESSENGER_DB_PG_BIN to the folder with its initdb, pg_ctl and postgres, or name a database of your \
         own in DATABASE_URL.",
        looked = .0.join("\n  ")
    )]
    NoServer(Vec<String>),

    /// The data was made by a PostgreSQL of another major version, and none of that version is installed.
    #[error(
        "the local database in {data} was made by PostgreSQL {made}, and the server found here is PostgreSQL \
         {found}.\n\
         Nothing was changed. Install PostgreSQL {made} beside it: it is then found by itself (MESSENGER_DB_PG_BIN, \
         if set, must name it). To move the data to the other version, take a backup with PostgreSQL {made} running \
         (`messenger-db backup FILE`) and restore it into a new private server (another MESSENGER_DB_STATE_DIR) with \
         pg_restore, or use pg_upgrade. If the data is not needed: messenger-db local destroy",
        data = .data.display()
    )]
    OtherVersion { data: PathBuf, made: u32, found: String },

    /// PostgreSQL failed, or did not finish in time: the making, the start or the stop of the server, or another process
    /// that works on the state folder.
    #[error("{what}\n{help}")]
    Failed { what: String, help: String },

    /// There is no psql. Holds the URL for another client.
    #[error(
        "psql was found neither beside the server nor on PATH.\n\
         Install it (Debian, Ubuntu: apt-get install postgresql-client; Fedora: dnf install postgresql; Alpine: \
         apk add postgresql-client; macOS: brew install libpq), or connect another client to: {0}"
    )]
    NoPsql(String),

    /// A program could not be run at all.
    #[error(
        "cannot run {program} as {user}: {cause}.\n\
         If it is there and may be executed, the system forbids becoming {user} here: run the command as that user, \
         or name another in MESSENGER_DB_PG_USER."
    )]
    Run { program: String, user: String, cause: io::Error },

    /// A file, a folder or a process could not be read, written, removed or told something.
    #[error(
        "cannot {doing} {path}: {cause}.\n\
         Check its owner, its permissions and the free space there, or set MESSENGER_DB_STATE_DIR to another folder.",
        path = .path.display()
    )]
    Io { doing: &'static str, path: PathBuf, cause: io::Error },
}

impl LocalError {
    /// Says what was tried on which path when the system refused it.
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { doing, path: path.into(), cause }
    }

    /// Says why a folder must not be used.
    pub(super) fn folder(path: impl Into<PathBuf>, why: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Folder { path: path.into(), why: why.into(), help: help.into() }
    }

    /// Says what failed, and what to do.
    pub(super) fn failed(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Failed { what: what.into(), help: help.into() }
    }
}
