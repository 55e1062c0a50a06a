//! Advice for a statement that failed, by its SQLSTATE.

use std::time::Duration;

use miette::{LabeledSpan, NamedSource};

use super::rights::{missing, no_schema};
use crate::cli::problem::{Excerpt, Problem};
use crate::cli::{Exit, output};
use crate::migrate::{Blocker, Direction, Owner, Place, Rights, ServerError, Target};

/// What is left of a migration that failed.
pub(super) const fn aftermath(in_transaction: bool, direction: Direction) -> &'static str {
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
pub(super) fn blocked(blocker: Option<&Blocker>, attempts: usize, held: Option<Duration>, last: Problem) -> Problem {
    let times = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
    let who = blocker.map_or_else(
        || "it was not seen who holds it".to_owned(),
        |blocker| format!("it is held by {}", output::described(blocker)),
    );
    let end = blocker.map(ending).unwrap_or_default();
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
        message: format!("{}\nA lock could not be acquired, tried {times}: {who}.{held}", last.message),
        help: last.help.map(|help| format!("{help}{end}{by_hand}")),
        exit: Exit::Locked,
        ..last
    }
}

/// How to end who stands in the way.
pub(super) fn ending(blocker: &Blocker) -> String {
    match &blocker.prepared {
        Some(name) => format!(
            "\n`ROLLBACK PREPARED '{0}'` in this database ends it, if nobody needs it, and `COMMIT PREPARED '{0}'` completes it.",
            name.replace('\'', "''")
        ),
        None if blocker.pid == "0" => String::new(),
        None => format!("\n`SELECT pg_terminate_backend({})` ends that session, if nobody needs it.", blocker.pid),
    }
}

pub(super) fn failed_statement(
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
pub(super) fn described(error: &ServerError) -> String {
    let mut text = format!("{}: {}", error.severity, error.message);
    for (name, part) in [("DETAIL", &error.detail), ("HINT", &error.hint), ("CONTEXT", &error.context)] {
        if let Some(part) = part {
            text = format!("{text}\n{name}: {part}");
        }
    }
    text
}

// The codes are those of https://www.postgresql.org/docs/current/errcodes-appendix.html.
pub(super) fn exit_of(error: &ServerError) -> Exit {
    match error.sqlstate.as_str() {
        "42501" => Exit::PermissionDenied,
        "55P03" | "40P01" => Exit::Locked,
        _ => Exit::Failed,
    }
}

pub(super) fn advice(error: &ServerError, target: &Target, place: Option<&Place>, rights: Option<&Rights>) -> String {
    match error.sqlstate.as_str() {
        "42501" => missing(target, rights),
        // A file that the server has opened before, such as plpgsql.so, is not there or not what it was.
        "58P01" => "A file of the server is missing or does not fit it: its programs were probably upgraded while it ran. \
                    Restart the server (the private one: `messenger-db local stop`, then `messenger-db local start`) and \
                    run the same command again."
            .to_owned(),
        // Duplicate table, object, function, column, schema: it was there before.
        "42P07" | "42710" | "42723" | "42701" | "42P06" => {
            if let Some(place) = place.filter(|place| place.migration.owner == Owner::Service) {
                return format!(
                    "Something of that name was there before. If {0} was carried out by hand, record it: INSERT INTO \
                     __diesel_schema_migrations (version) VALUES ('{1}');. Otherwise rename or drop what is there, or let \
                     {0} make its own under another name. Then run again.",
                    place.migration.name, place.migration.version
                );
            }
            let record = place.map_or_else(String::new, |place| {
                format!(
                    "If {}/up.sql was run by hand, `messenger-db baseline` records that; then run again. Otherwise it",
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
        "57014" => "It was cancelled, by an administrator, or by a `statement_timeout`: that of `--statement-timeout`, or a \
                    very short one of the role or the database (ALTER ROLE … RESET statement_timeout). Run it again."
            .to_owned(),
        "25006" => "The database is read only: a replica, or `default_transaction_read_only` is on. Point the \
                    database URL to the primary."
            .to_owned(),
        "" => "The connection broke. Run the same command again: it goes on where it stopped.".to_owned(),
        _ => "Mend what the server complains about, and run the same command again.".to_owned(),
    }
}
