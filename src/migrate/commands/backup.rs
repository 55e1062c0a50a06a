//! Takes a backup with `pg_dump`, into a file that is complete or not there at all.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::migrate::commands::backup_progress::{self, BackupProgress};
use crate::migrate::error::Error;
use crate::migrate::model::backup::{Backup, BackupError};
use crate::migrate::model::target::{Target, major};
use crate::migrate::observer::{Event, Observer};
use crate::migrate::session::pool::Pool;
use crate::migrate::session::{lock_monitor, manager};
use crate::migrate::sql::libpq::{Connection, Conninfo, ServerError};
use crate::partial_file::{PartialFile, refuse_existing};

/// Where to, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupOptions {
    /// The file, in `pg_dump`'s custom format. It must not exist yet.
    pub file: PathBuf,
    /// The program: `pg_dump`, where it is on the `PATH`, or its whole path. It must be of the server's version or a
    /// newer one.
    pub program: PathBuf,
}

impl BackupOptions {
    /// To that file, by the `pg_dump` on the `PATH`.
    pub fn to(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), program: PathBuf::from("pg_dump") }
    }
}

/// Takes a backup of everything in the database but its subscriptions, as it is at one moment. Others go on reading and writing.
///
/// It is written beside the file, with a name that ends in `.partial`, brought to the disk, and given its name at
/// the end. Its owner alone may read it. It waits for no lock longer than the pool's `lock_timeout`.
///
/// # Errors
///
/// [`Error::Backup`] says why there is none; [`Error::Interrupted`] when the observer stopped it.
pub fn backup(pool: &Pool, options: &BackupOptions, observer: &mut dyn Observer) -> Result<Backup, Error> {
    let target = Target::of(&*pool.get()?);
    take(pool, &target, options, observer)
}

pub(crate) fn take(
    pool: &Pool,
    target: &Target,
    options: &BackupOptions,
    observer: &mut dyn Observer,
) -> Result<Backup, Error> {
    let start = Instant::now();
    let BackupOptions { file, program } = options;
    refuse_existing(file).map_err(BackupError::from)?;
    refuse_too_old(program, target)?;
    let mut command = command(program, pool)?;
    let partial = PartialFile::beside(file).map_err(BackupError::from)?;
    observer.on(&Event::BackingUp { file });
    let child = command.arg("--file").arg(&partial.path).spawn();
    let child = child.map_err(|cause| BackupError::Program { program: program.clone(), cause })?;
    finish(child, pool.conninfo(), observer).map_err(|error| explained(pool, error))?;
    let bytes = partial.publish(file).map_err(BackupError::from)?;
    let backup = Backup { file: file.clone(), bytes, duration: start.elapsed() };
    observer.on(&Event::BackedUp { backup: &backup });
    Ok(backup)
}

fn refuse_too_old(program: &Path, target: &Target) -> Result<(), BackupError> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(|cause| BackupError::Program { program: program.to_owned(), cause })?;
    let said = String::from_utf8_lossy(&output.stdout);
    // pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)
    let version = said.split_once("(PostgreSQL)").map(|(_, rest)| rest.trim()).unwrap_or_default();
    let server = &target.server_version;
    match (major(version), target.major()) {
        (Some(ours), Some(theirs)) if ours < theirs => Err(BackupError::TooOld {
            program: program.to_owned(),
            version: version.to_owned(),
            server: server.clone(),
        }),
        // What cannot be told apart is left to pg_dump, which refuses by itself.
        _ => Ok(()),
    }
}

/// `pg_dump` as it is to be called. A password is handed over in the environment, which others cannot read; what is
/// no secret on the command line, where it wins over the environment and a service file, as it does here.
fn command(program: &Path, pool: &Pool) -> Result<Command, BackupError> {
    let mut command = Command::new(program);
    // A copy of a subscriber is none, and would take the slot of the subscriber on the publisher.
    let options = ["--format=custom", "--encoding=UTF8", "--no-password", "--no-subscriptions"];
    command.args(options).stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(Stdio::piped()).env("PGAPPNAME", backup_progress::APPLICATION);
    if !pool.lock_timeout().is_zero() {
        command.arg(format!("--lock-wait-timeout={}", pool.lock_timeout().as_millis()));
    }
    for (name, secret) in pool.conninfo().secrets() {
        if name != "password" {
            return Err(BackupError::Secret(name.to_owned()));
        }
        command.env("PGPASSWORD", secret);
    }
    command.arg(format!("--dbname={}", pool.conninfo().without_secrets()));
    Ok(command)
}

/// Waits for the end, and ends it when the observer wants to stop.
fn finish(mut child: Child, conninfo: &Conninfo, observer: &mut dyn Observer) -> Result<(), Error> {
    let mut stderr = child.stderr.take();
    let reader = thread::spawn(move || {
        let mut said = Vec::new();
        // What was read until an error is what there is to show.
        let _ = stderr.as_mut().map(|stderr| stderr.read_to_end(&mut said));
        String::from_utf8_lossy(&said).into_owned()
    });
    let mut progress = observer.wants_progress().then(|| BackupProgress::of(conninfo)).flatten();
    let failed = |said: String| Error::from(BackupError::Failed { said });
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if observer.wants_to_stop() => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(Error::Interrupted { done: 0, left: 0 });
            }
            Ok(None) => {
                if let Some(progress) = &mut progress {
                    progress.tell(observer);
                }
                thread::sleep(Duration::from_millis(20));
            }
            Err(cause) => return Err(failed(cause.to_string())),
        }
    };
    let said = reader.join().unwrap_or_default();
    if status.success() {
        Ok(())
    } else if observer.wants_to_stop() {
        // A terminal interrupts both.
        Err(Error::Interrupted { done: 0, left: 0 })
    } else {
        Err(failed(conninfo.redact(said.trim())))
    }
}

/// The failure of the program, with what this role may not read, or who has a table for himself, if there is something: what
/// it prints is in the language of the server.
///
/// It is asked in a session of its own: `run` holds all of the pool's, and one of them in the role of the owner, while `pg_dump`
/// reads as the role that has logged in.
fn explained(pool: &Pool, error: Error) -> Error {
    let Error::Backup(BackupError::Failed { said }) = error else { return error };
    let Ok(mut connection) = manager::open(pool.conninfo(), pool.options(), &|| false) else {
        return BackupError::Failed { said }.into();
    };
    match unreadable(&mut connection) {
        Ok((role, objects)) if !objects.is_empty() => return BackupError::Unreadable { said, role, objects }.into(),
        _ => {}
    }
    match lock_monitor::exclusive_holder(&mut connection, None) {
        Ok(Some(blocker)) => BackupError::Locked { said, blocker: Box::new(blocker) }.into(),
        _ => BackupError::Failed { said }.into(),
    }
}

/// Who works here, and the first of the tables and sequences that it may not read.
fn unreadable(connection: &mut Connection) -> Result<(String, Vec<String>), ServerError> {
    let rows = connection.execute(
        "SELECT current_user, format('%I.%I', nspname, relname)
         FROM pg_class AS class
         INNER JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
         WHERE relkind IN ('r', 'p', 'm', 'S') AND relpersistence <> 't'
             AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
             AND (
                 NOT has_schema_privilege(namespace.oid, 'USAGE')
                 OR NOT has_table_privilege(class.oid, 'SELECT')
                 OR row_security_active(class.oid)
             )
         ORDER BY nspname, relname
         LIMIT 5",
    )?;
    let role = rows.first().and_then(|row| row.first()).cloned().flatten().unwrap_or_default();
    Ok((role, rows.into_iter().filter_map(|row| row.into_iter().nth(1).flatten()).collect()))
}
