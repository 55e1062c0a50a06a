//! Advice for each way in which the runner fails.

mod backup;
mod connection;
mod drift;
mod next_step;
mod rights;
mod statement;

use super::problem::Problem;
use super::{Exit, differences};
use crate::local::LocalError;
use crate::migrate::{Error, Rights, Target};
use backup::no_backup;
use connection::no_connection;
use drift::drifted;
pub use drift::unknown_catalog;
use next_step::next_step;
use rights::{missing, no_schema};
use statement::{advice, aftermath, blocked, described, exit_of, failed_statement};

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        diagnose(error, &Target::default(), None)
    }
}

impl From<LocalError> for Problem {
    fn from(error: LocalError) -> Self {
        let told = error.to_string();
        let (message, help) = told.split_once('\n').unwrap_or((&told, "Run the command again."));
        Self::new(Exit::Failed, message, help)
    }
}

/// Whether the advice for an error depends on what the role may do, and where.
pub fn needs_rights(error: &Error) -> bool {
    matches!(error, Error::NotOwner { .. } | Error::NoSchema { .. })
        || error.sqlstate().is_some_and(|sqlstate| ["42501", "42704", "42883", "3F000"].contains(&sqlstate))
}

/// What to show for an error that happened on a target, where the role that works has such rights.
pub fn diagnose(error: Error, target: &Target, rights: Option<&Rights>) -> Problem {
    match error {
        Error::Connect { conninfo, obstacle, waited, source } => no_connection(&conninfo, obstacle, waited, &source),
        Error::Statement { place, in_transaction, source } => {
            failed_statement(&place, in_transaction, &source, target, rights)
        }
        Error::Bookkeeping { migration, direction, what, source } => {
            let message = format!("{}/{}: {what} failed\n{}", migration.name, direction.file(), described(&source));
            let aftermath = aftermath(migration.run_in_transaction, direction);
            Problem {
                sqlstate: Some(source.sqlstate.clone()),
                ..Problem::new(
                    exit_of(&source),
                    message,
                    format!("{}\n{aftermath}", advice(&source, target, None, rights)),
                )
            }
        }
        Error::Blocked { blocker, attempts, held, source } => {
            blocked(blocker.as_ref(), attempts, held, diagnose(*source, target, rights))
        }
        Error::Server(source) => Problem {
            sqlstate: Some(source.sqlstate.clone()),
            ..Problem::new(exit_of(&source), described(&source), advice(&source, target, None, rights))
        },
        Error::NotOwner { .. } => Problem::new(
            Exit::PermissionDenied,
            error.to_string(),
            format!("{}\nNothing was changed.", missing(target, rights)),
        ),
        Error::NoSchema { ref unusable, .. } => Problem::new(
            if unusable.is_some() { Exit::PermissionDenied } else { Exit::Failed },
            error.to_string(),
            format!("Nothing was changed. {}", no_schema(target, rights)),
        ),
        Error::ReplicatedHistory { ref drift, .. } => {
            Problem { diff: Some(differences::diff(drift)), ..in_words(&error) }
        }
        Error::OtherSchema { ref found, ref current } => {
            let help = format!(
                "Nothing was changed. To go on there, an administrator runs\n  \
                 ALTER DATABASE {database} SET search_path = {found};\n\
                 A search_path of the role wins: ALTER ROLE {role} IN DATABASE {database} SET search_path = {found}; and \
                 one in the database URL (options=-csearch_path%3D…) wins over both. If another messenger is meant in \
                 {schema}, say so first:\n  \
                 CREATE TABLE {schema}.__diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp \
                 NOT NULL DEFAULT CURRENT_TIMESTAMP);",
                database = quoted(&target.database),
                role = quoted(&target.user),
                schema = quoted(current),
            );
            Problem::new(Exit::Usage, error.to_string(), help)
        }
        Error::Drift { ref drift, done } => drifted(&error.to_string(), drift, done),
        Error::RedoneOtherwise { ref drift } => Problem { diff: Some(differences::diff(drift)), ..in_words(&error) },
        Error::NothingEqual { ref drift } => {
            Problem { diff: drift.version.is_some().then(|| differences::diff(drift)), ..in_words(&error) }
        }
        Error::Interrupted { done: 0, left: 0 } => {
            Problem::new(Exit::Failed, "interrupted while waiting", "Nothing was changed.")
        }
        Error::Interrupted { done: 0, left } => Problem::new(
            Exit::Failed,
            format!("interrupted: 0 done, {left} left"),
            "Nothing was changed. Run the same command again.",
        ),
        Error::Interrupted { done, left } => Problem::new(
            Exit::Failed,
            format!("interrupted between two migrations: {done} done, {left} left"),
            "What was done is complete and stays. Run the same command again to go on.",
        ),
        Error::Backup(ref backup) => no_backup(backup, error.to_string()),
        error => in_words(&error),
    }
}

/// What the error says of itself, and what to do next.
fn in_words(error: &Error) -> Problem {
    let (exit, help) = next_step(error);
    Problem::new(exit, error.to_string(), help)
}

/// A name as SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
