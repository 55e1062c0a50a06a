//! Advice for each way in which the runner fails.

use std::time::Duration;

use miette::{LabeledSpan, NamedSource};

use super::Exit;
use super::output;
use super::problem::{Excerpt, Problem};
use super::{differences, duration};
use crate::local::LocalError;
use crate::migrate::{BackupError, Blocker, Direction, Drift, Error, Place, Rights, Target, Unknown};
use crate::migrate::{Conninfo, Obstacle, ServerError};

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
        Error::OtherSchema { ref found, .. } => {
            let help = format!(
                "Nothing was changed. To go on there, an administrator runs\n  \
                 ALTER DATABASE {} SET search_path = {found};\n\
                 unless the database URL sets another, which options=-csearch_path%3D… corrects. For a messenger of its \
                 own, take the other schema off the search_path.",
                quoted(&target.database)
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

#[allow(clippy::too_many_lines, reason = "a table with a row for each error")]
fn next_step(error: &Error) -> (Exit, String) {
    let (exit, help) = match error {
        Error::Ahead { .. } => (
            Exit::Ahead,
            "A newer release has migrated this database. Deploy that release, or one after it; where the older one \
             is known to work with the newer schema, `messenger-db run --allow-ahead` goes on.",
        ),
        Error::TransactionPooling => (
            Exit::Usage,
            "Nothing was changed. Give the runner the server's own host and port (often 5432 instead of the pooler's 6432), \
             or a database in the pooler that has pool_mode = session; in DIRECT_URL (or --direct-url), where DATABASE_URL is \
             the service's and goes through the pooler.",
        ),
        Error::RowsHidden { table } => {
            let help = format!(
                "Nothing was changed. Ask as the owner of the table or as a role with BYPASSRLS, or let the owner run \
                 ALTER TABLE {table} DISABLE ROW LEVEL SECURITY."
            );
            return (Exit::PermissionDenied, help);
        }
        Error::ReplicatedHistory { subscription, .. } => return (Exit::Drift, replicated(subscription)),
        Error::Edited { .. } => (
            Exit::Drift,
            "`messenger-db verify` shows what changed in them. Take the edit back, and make the change in a migration of \
             its own. Where the database is as the edited text says, `messenger-db adopt` records that text; \
             `--allow-drift` goes on without.",
        ),
        Error::RedoneOtherwise { .. } => (
            Exit::Drift,
            "Nothing was changed. What was done to the database by hand would be gone, or a migration does not undo \
             itself: mend that first.",
        ),
        Error::NothingEqual { .. } => (
            Exit::Drift,
            "Nothing was recorded. Make the database what that version should be, by hand, and run the same command \
             again; `--allow-drift=PATTERN` passes over one difference.",
        ),
        Error::Contradiction { .. } => (
            Exit::Drift,
            "Nothing was changed. Undo those, or delete their rows from __diesel_schema_migrations where they were never \
             carried out; then run the same command again.",
        ),
        Error::Encoding { .. } => (
            Exit::Usage,
            "Nothing was changed. Make a database that has it: `createdb --encoding UTF8 --template template0 NAME`.",
        ),
        Error::UnknownSchema { name } => {
            let help = format!("Nothing was changed. Name another, or make it: CREATE SCHEMA {};", quoted(name));
            return (Exit::Usage, help);
        }
        Error::Role { .. } => (
            Exit::Usage,
            "Nothing was changed. `messenger-db roles --prefix NAME` takes other names: NAME_owner, NAME_app and \
             NAME_readonly.",
        ),
        Error::Pool { .. } => (
            Exit::NoConnection,
            "The runner needs two connections, one to work on and one to hold its lock. Free one, or raise the limit of \
             the role, the database or the server (CONNECTION LIMIT, max_connections).",
        ),
        Error::UnknownVersion { .. } => (Exit::Usage, "`messenger-db list` shows every version."),
        Error::NotEmbedded { .. } => {
            (Exit::Ahead, "Undo them with the release that applied them. Nothing was changed.")
        }
        Error::OwnMigrations { .. } => (Exit::Usage, "Nothing was changed. Mend them, and run the same command again."),
        Error::SameVersion { .. } => (
            Exit::Usage,
            "Nothing was changed. The history holds one migration of each version: give the service's own another time, \
             which is the beginning of its folder's name.",
        ),
        Error::VersionTaken { .. } => (
            Exit::Usage,
            "Nothing was changed. The history holds one migration of each version, and another program has used this one: \
             give the migration another time, which is the beginning of its folder's name.",
        ),
        Error::Referenced { .. } => (
            Exit::Failed,
            "None of the messenger's migrations was undone. Undo those that made them first, with `--also FOLDER` or their own tool, or drop \
             them by hand; then run the same command again.",
        ),
        Error::NoDown { .. } => (
            Exit::Failed,
            "Nothing was changed. Write a down.sql for it, undo less (`-n`, `--to`), or restore a backup.",
        ),
        Error::Locked { waited, holder } => {
            let end = holder.as_ref().map_or_else(String::new, |holder| {
                format!(
                    " One that hangs is ended with `{}` in this database; nothing is left by half.",
                    holder.ending()
                )
            });
            let help = format!(
                "It was waited for {}. When it is done, run the same command again, or wait longer with `--lock-wait`.\
                 {end}",
                duration::text(*waited)
            );
            return (Exit::Locked, help);
        }
        Error::NotForPsql { .. } => {
            (Exit::Failed, "Nothing was changed. Take it out of the migration: `messenger-db run` fails there too.")
        }
        Error::Source { .. } => {
            (Exit::Failed, "Build it again from a clean checkout: `cargo clean -p messenger-db && cargo build`.")
        }
        _ => (Exit::Failed, "Run the same command again."),
    };
    (exit, help.to_owned())
}

/// What to do when the history is another server's.
fn replicated(subscription: &str) -> String {
    format!(
        "Nothing was changed. Publish the tables of the messenger by name, and neither __diesel_schema_migrations \
                 nor messenger_db_ledger: on the publisher, make the publication anew (CREATE PUBLICATION … FOR TABLE …); \
                 here, ALTER SUBSCRIPTION {subscription} REFRESH PUBLICATION;. Then delete the rows of both that were not \
                 carried out here, which `messenger-db adopt` names, and run again. `--allow-drift` goes on as it is."
    )
}

/// A catalog that differs: which objects, how, and what to do.
fn drifted(message: &str, drift: &Drift, done: usize) -> Problem {
    const SHOWN: usize = 20;
    let objects = differences::counting(drift, SHOWN);
    let suspects = differences::suspects(drift).map_or_else(String::new, |suspects| format!("\n{suspects}"));
    let help = if done > 0 {
        "What was done stays. Make the database what it should be, by hand or by a migration; `messenger-db verify` shows \
         when it is."
    } else if drift.version.is_none() {
        "Nothing was changed. It has what migrations would make, and no history of that: where it is a messenger's, made \
         without this binary, `messenger-db adopt` finds out of which version and records it. Where it is another \
         program's, give the messenger a database of its own (`createdb`), or a schema of its own."
    } else {
        "Nothing was changed. Make the database what it should be: undo what was done to it by hand, or put it into a \
         migration. `--allow-drift=PATTERN` allows one difference, `--allow-drift` goes on as it is."
    };
    Problem {
        // Everything that is there would be in it.
        diff: drift.version.is_some().then(|| differences::diff(drift)),
        ..Problem::new(Exit::Drift, format!("{message}\n{}", objects.join("\n")), format!("{help}{suspects}"))
    }
}

/// A database of which nobody knows what its catalog should be.
pub fn unknown_catalog(unknown: &Unknown) -> Problem {
    let message = format!("it is not known what the database should be: {unknown}");
    match unknown {
        Unknown::Ahead(_) => Problem::new(Exit::Ahead, message, "Verify it with the release that migrated it."),
        Unknown::Gap(_) => {
            Problem::new(Exit::Drift, message, "`messenger-db run` applies what is missing; verify then.")
        }
        Unknown::Locked => Problem::new(Exit::Locked, message, "Run the same command again when that is over."),
        Unknown::NotStored(_) => Problem::new(Exit::Failed, message, "Write it, and build the binary again."),
    }
}

fn no_connection(conninfo: &Conninfo, obstacle: Obstacle, waited: Duration, error: &ServerError) -> Problem {
    let server = conninfo.server();
    let mut help = match obstacle {
        Obstacle::Silent if waited.is_zero() => {
            format!("Nothing answers at {server}. Start the server, or correct the database URL.")
        }
        Obstacle::Silent => {
            let waited = duration::text(waited);
            format!("Nothing answered at {server} in {waited}. Start the server, or correct the database URL.")
        }
        Obstacle::NotNow if error.sqlstate == "3D000" => format!(
            "The server at {server} has no such database. Make it with `createdb`, or correct the database URL.",
        ),
        Obstacle::NotNow => format!("The server at {server} runs, and cannot serve now: see above why."),
        Obstacle::Unfit => format!(
            "No server at {server} is what target_session_attrs asks for, such as one that takes writes. Promote one, or \
             correct the database URL."
        ),
        Obstacle::Impossible => {
            "The database URL asks for what cannot be, such as a service, a host or an sslmode that \
                                 does not exist: see above. Correct it."
                .to_owned()
        }
        Obstacle::Encryption => format!(
            "Encryption failed on our side; the server at {server} has not looked at role and password yet. Check sslmode, \
             sslrootcert, sslcert and sslkey in the database URL (or PGSSLMODE and so on, or ~/.postgresql): the server's \
             certificate must be signed by an authority in sslrootcert, and with verify-full be made for the host{} that the URL names; a \
             key of ours may be read by nobody else (chmod 600).",
            named(conninfo.option("host")),
        ),
        Obstacle::Credentials => format!(
            "The server at {server} asked for what our side does not give. Give the role{} its password, in the database \
             URL, PGPASSWORD or ~/.pgpass; or let require_auth and channel_binding allow what the server asks for.",
            named(conninfo.option("user")),
        ),
        _ => format!(
            "The server at {server} runs, and refused: see above why. Check the role{}, its password and the database{} in \
             the database URL.",
            named(conninfo.option("user")),
            named(conninfo.option("dbname")),
        ),
    };
    if obstacle.passes() && waited.is_zero() {
        help.push_str(" Where that is about to change, `--wait 30s` waits up to 30 seconds.");
    }
    Problem {
        sqlstate: Some(error.sqlstate.clone()),
        ..Problem::new(Exit::NoConnection, format!("cannot connect to the database\n{}", error.message), help)
    }
}

fn no_backup(error: &BackupError, message: String) -> Problem {
    let (exit, help) = match error {
        BackupError::Exists(_) => (Exit::Usage, "Name another file, or move that one away.".to_owned()),
        BackupError::Program { .. } => (
            Exit::Usage,
            "Install PostgreSQL's client programs (Debian: postgresql-client), or name their folder in \
             MESSENGER_DB_PG_BIN."
                .to_owned(),
        ),
        BackupError::TooOld { server, .. } => (
            Exit::Usage,
            format!(
                "Install the client programs of PostgreSQL {server} or newer, or name their folder in MESSENGER_DB_PG_BIN."
            ),
        ),
        BackupError::Secret(_) => (
            Exit::Usage,
            "Take the passphrase off the key for the time of the backup, or run pg_dump yourself.".to_owned(),
        ),
        BackupError::File { .. } => {
            (Exit::Failed, "Name a file where you may write and where there is room.".to_owned())
        }
        BackupError::Unreadable { role, .. } => (
            Exit::PermissionDenied,
            format!(
                "A backup is for a role that may read everything. Let an administrator run:\n  \
                 GRANT pg_read_all_data TO {};\nand, where there is row security, give it BYPASSRLS; or name another role \
                 in the database URL.",
                quoted(role)
            ),
        ),
        _ => (Exit::Failed, "Mend what pg_dump complains about, and run the same command again.".to_owned()),
    };
    Problem::new(exit, message, format!("{help} Nothing was changed."))
}

fn named(name: Option<&str>) -> String {
    name.map(|name| format!(" {name:?}")).unwrap_or_default()
}

const fn aftermath(in_transaction: bool, direction: Direction) -> &'static str {
    match (in_transaction, direction) {
        (true, Direction::Up) => "Its transaction was rolled back: nothing of this migration is left half done.",
        (true, Direction::Down) => "Its transaction was rolled back: this migration is still applied, whole.",
        (false, _) => {
            "This migration runs outside a transaction: what it did before it failed stays, until it is run again. Half an \
             index is then built anew."
        }
    }
}

/// The last failure, with the one who is to blame.
fn blocked(blocker: Option<&Blocker>, attempts: usize, held: Option<Duration>, last: Problem) -> Problem {
    let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
    let who = blocker.map_or_else(
        || "it was not seen who holds it".to_owned(),
        |blocker| format!("it is held by {}", output::described(blocker)),
    );
    let end = blocker.filter(|blocker| blocker.pid != "0").map_or_else(String::new, |blocker| {
        format!("\n`SELECT pg_terminate_backend({})` ends that session, if nobody needs it.", blocker.pid)
    });
    let (held, by_hand) = held.map_or_else(Default::default, |held| {
        (
            format!(
                "\nUntil then it held a lock for {} on a table that others write to, and so it was not tried again.",
                output::in_words(held)
            ),
            "\nRun it when nobody is in the way, at an hour when writers may wait for as long as it works. Or carry out by \
             hand what takes long: `messenger-db plan` prints the SQL, and an index is better built CONCURRENTLY, in a \
             migration of its own.",
        )
    });
    Problem {
        message: format!("{}\nA lock was not to be had, tried {times}: {who}.{held}", last.message),
        help: last.help.map(|help| format!("{help}{end}{by_hand}")),
        exit: Exit::Locked,
        ..last
    }
}

fn failed_statement(
    place: &Place,
    in_transaction: bool,
    error: &ServerError,
    target: &Target,
    rights: Option<&Rights>,
) -> Problem {
    let direction = if place.file.ends_with("up.sql") { Direction::Up } else { Direction::Down };
    let aftermath = aftermath(in_transaction, direction);
    let length = place.sql.get(place.offset..).and_then(|rest| rest.find(['\n', ';', ' '])).unwrap_or(1).max(1);
    Problem {
        message: described(error),
        help: Some(format!("{}\n{aftermath}", advice(error, target, Some(place), rights))),
        sqlstate: Some(error.sqlstate.clone()),
        place: Some(Box::new(Excerpt {
            source: NamedSource::new(&place.file, place.sql),
            line: place.line,
            column: place.column,
            label: LabeledSpan::new_primary_with_span(Some("here".to_owned()), (place.offset, length)),
        })),
        diff: None,
        exit: exit_of(error),
    }
}

/// Everything the server said, as it says it.
fn described(error: &ServerError) -> String {
    let mut text = format!("{}: {}", error.severity, error.message);
    for (name, part) in [("DETAIL", &error.detail), ("HINT", &error.hint), ("CONTEXT", &error.context)] {
        if let Some(part) = part {
            text = format!("{text}\n{name}: {part}");
        }
    }
    text
}

// The codes are those of https://www.postgresql.org/docs/current/errcodes-appendix.html.
fn exit_of(error: &ServerError) -> Exit {
    match error.sqlstate.as_str() {
        "42501" => Exit::PermissionDenied,
        "55P03" | "40P01" => Exit::Locked,
        _ => Exit::Failed,
    }
}

fn advice(error: &ServerError, target: &Target, place: Option<&Place>, rights: Option<&Rights>) -> String {
    match error.sqlstate.as_str() {
        "42501" => missing(target, rights),
        // A file that the server has opened before, such as plpgsql.so, is not there or not what it was.
        "58P01" => "A file of the server is missing or does not fit it: its programs were probably upgraded while it ran. \
                    Restart the server (the private one: `messenger-db local stop`, then `messenger-db local start`) and \
                    run the same command again."
            .to_owned(),
        // Duplicate table, object, function, column, schema: it was there before.
        "42P07" | "42710" | "42723" | "42701" | "42P06" => {
            let record = place.map_or_else(String::new, |place| {
                format!(
                    "If {}/up.sql was run by hand, `messenger-db adopt` records that; then run again. Otherwise it",
                    place.migration.name
                )
            });
            format!(
                "Something of that name was there before. {record} is another program's: use a database of its own \
                 for the messenger (`createdb`), or move the other one away."
            )
        }
        "42704" | "42883" => match rights {
            Some(rights) if !rights.path.is_empty() => {
                let elsewhere = if rights.path_is_from_client {
                    "; and take the search_path out of the database URL, or add the schema of the extension to it there"
                } else {
                    ""
                };
                format!(
                    "An extension that this needs is in a schema that is not on the search_path. Let an administrator \
                     run, in the database {:?}:\n  {}\nThen run again{elsewhere}.",
                    target.database,
                    rights.path.join("\n  ")
                )
            }
            _ => "Something that this needs is not there, or is in a schema that is not on the search_path.".to_owned(),
        },
        "3F000" => no_schema(target, rights),
        "55P03" | "40P01" => "Another session holds the lock that this needs, and this gave way to it, so that nobody queues \
                    behind. Run it again, at a quieter time, or with a longer `--lock-timeout` or more `--lock-retries`."
            .to_owned(),
        "57014" => "It was cancelled, by `statement_timeout` or by an administrator. Run it again, with a longer \
                    `--statement-timeout` where that was it."
            .to_owned(),
        "25006" => "The database is read only: a replica, or `default_transaction_read_only` is on. Point the \
                    database URL to the primary."
            .to_owned(),
        "" => "The connection broke. Run the same command again: it goes on where it stopped.".to_owned(),
        _ => "Mend what the server complains about, and run the same command again.".to_owned(),
    }
}

/// What makes a schema to work in, or lets the role use it.
fn no_schema(target: &Target, rights: Option<&Rights>) -> String {
    match rights {
        Some(rights) if !rights.missing.is_empty() => format!(
            "Let an administrator run, in the database {:?}, for the role {:?}:\n  {}\nor correct the search_path of {}. \
             Then run again.",
            target.database,
            rights.role,
            rights.missing.join("\n  "),
            if rights.path_is_from_client { "the database URL" } else { "the role or the database" }
        ),
        _ => "Correct the search_path: it names no schema to work in. Then run again.".to_owned(),
    }
}

/// What a role lacks that was refused something, as far as the catalog tells.
fn missing(target: &Target, rights: Option<&Rights>) -> String {
    let Some(rights) = rights else { return "The role lacks a privilege: see above which.".to_owned() };
    if rights.missing.is_empty() {
        let refuse = match rights.event_triggers.as_slice() {
            [] => "It may be a function or a trigger that refuses: see above.".to_owned(),
            triggers => format!(
                "It may be an event trigger of this server that refuses: {}. Ask who made it, or let an administrator \
                 disable it meanwhile.",
                triggers.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
            ),
        };
        return format!("The role {:?} has every right in the database that this takes. {refuse}", rights.role);
    }
    format!(
        "The role {:?} lacks rights. Let an administrator run, in the database {:?}:\n  {}\nThen run again.",
        rights.role,
        target.database,
        rights.missing.join("\n  ")
    )
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
