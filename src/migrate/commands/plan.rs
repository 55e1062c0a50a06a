//! Writes the plan of `run` as a psql script with the same result, history and ledger included.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use diesel::migration::CREATE_MIGRATIONS_TABLE;

use crate::build_shared::mark::MARK;
use crate::migrate::commands::run::{self, RunOptions};
use crate::migrate::error::Error;
use crate::migrate::model::interrupted::Interrupted;
use crate::migrate::model::migration::Migration;
use crate::migrate::model::place::Place;
use crate::migrate::session::pool::Pool;
use crate::migrate::session::{lock, manager};
use crate::migrate::sql::quote::{dollar_quoted, literal};
use crate::migrate::sql::statements;
use crate::migrate::state::catalog::Scope;
use crate::migrate::state::record::Origin;
use crate::migrate::state::status::{self, Status};
use crate::migrate::state::{compare, history, ledger, owner, resume};

/// What `run` would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where the database stands.
    pub status: Status,
    /// What would be applied, oldest first.
    pub migrations: Vec<Migration>,
    /// A script for psql. It stops at the first error, and at once in a database that is not the one it was made for.
    pub sql: String,
}

/// What [`run`](crate::migrate::run) would do with these options, as a script for psql. Changes nothing, and takes no lock.
///
/// # Errors
///
/// Those for which `run` would refuse to begin; [`Error::NotForPsql`] for a migration at which `run` would fail, and psql
/// would do something else.
pub fn plan(pool: &Pool, options: &RunOptions) -> Result<Plan, Error> {
    let connection = &mut *pool.get()?;
    run::refuse_encoding(connection)?;
    let mut status = status::read(connection, pool.migrations(), pool.own())?;
    let mut migrations = wanted(pool, &status, options)?;
    if !options.allow_drift && !migrations.is_empty() {
        run::refuse_drift(compare::settled(connection, &mut status, pool, Scope::CurrentSchema)?, 0)?;
        migrations = wanted(pool, &status, options)?;
    }
    for migration in &migrations {
        if let Some((offset, what)) = statements::not_for_psql(migration.up) {
            return Err(Error::NotForPsql { place: Box::new(Place::in_up(migration, offset)), what });
        }
    }
    let is_another = owner::is_another(connection)?;
    // Of the others none can have begun.
    let interrupted = match migrations.first().filter(|first| !first.run_in_transaction) {
        Some(first) => resume::find(connection, first.up)?,
        None => Interrupted::Nothing,
    };
    let left = [interrupted].into_iter().chain(std::iter::repeat(Interrupted::Nothing));
    let steps = migrations.iter().zip(left).map(|(migration, left)| of_one(migration, &left, is_another)).collect();
    let sql = script(pool, &status, &migrations, steps);
    Ok(Plan { status, migrations, sql })
}

/// What `run` would apply, or why it would refuse.
pub(crate) fn wanted(pool: &Pool, status: &Status, options: &RunOptions) -> Result<Vec<Migration>, Error> {
    let wanted = run::wanted(pool, status, options)?;
    run::refuse(status, options)?;
    Ok(wanted)
}

fn script(pool: &Pool, status: &Status, migrations: &[Migration], steps: Vec<String>) -> String {
    let target = &status.target;
    let mut sql = format!(
        "-- What messenger-db {} would do to the database {} at {}: {} to apply.\n",
        env!("CARGO_PKG_VERSION"),
        one_line(&target.database),
        one_line(&target.address()),
        migrations.len()
    );
    if migrations.is_empty() && !status.can_be_completed(pool.all()) {
        sql.push_str("-- Nothing.\n");
        return sql;
    }
    let _ = write!(
        sql,
        "--\n\
         -- As the role that migrates:  psql --no-psqlrc --file THIS_FILE DATABASE_URL\n\
         -- An error ends it. What was applied before stays applied; make another plan, or `messenger-db run` goes on.\n\n\
         \\set ON_ERROR_STOP on\n\
         \\set ON_ERROR_ROLLBACK off\n\
         \\set AUTOCOMMIT on\n\
         \\set SINGLELINE off\n\
         \\set SINGLESTEP off\n\
         \\set FETCH_COUNT 0\n\n\
         -- Whatever the role and the database are configured with: the settings of a runner.\n\
         \\set messenger_settings '{}'\n\
         :messenger_settings \\gset\n\n\
         -- One at a time: the locks of the runners, until psql ends.\n\
         {}\n\
         -- What is made belongs to the owner of the history.\n\
         {}\n\
         BEGIN;\n{}\n{}",
        manager::settings_for_psql(pool.options(), target.major()).replace('\'', "''"),
        lock::for_psql(),
        owner::FIND_FOR_PSQL,
        CREATE_MIGRATIONS_TABLE.trim(),
        only_for(status, migrations)
    );
    if status.is_ledger_unfit(migrations) {
        let _ = write!(sql, "\n{}", ledger::CREATE);
    }
    for migration in status.unrecorded(pool.all()) {
        let _ = writeln!(sql, "\n{};", ledger::record(migration, Origin::Found, "NULL"));
    }
    sql.push_str("COMMIT;\n");
    sql.extend(steps);
    sql.push_str("\n-- Done. `messenger-db verify` compares the database with what it should be now.\n");
    sql
}

/// The statement that fails in another database, or after something else was applied.
///
/// What others apply to the same history is no business of the plan.
fn only_for(status: &Status, migrations: &[Migration]) -> String {
    let versions: BTreeSet<_> = status.applied.iter().chain(&status.own).map(|row| row.version.as_str()).collect();
    let known = versions.iter().copied().chain(migrations.iter().map(|migration| migration.version.as_str()));
    let known = known.map(literal).collect::<Vec<_>>().join(", ");
    let versions = versions.into_iter().collect::<Vec<_>>().join(" ");
    let body = format!(
        "\nBEGIN\n    \
         IF current_database() <> {} OR {} <> (\n        \
         SELECT coalesce(string_agg(version, ' ' ORDER BY version COLLATE \"C\"), '') FROM __diesel_schema_migrations\n        \
         WHERE version = ANY (ARRAY[{known}]::text[]) OR version LIKE '%{MARK}'\n    \
         ) THEN\n        RAISE EXCEPTION 'this plan is for another database, or something was applied since: make another';\n    \
         END IF;\nEND\n",
        literal(&status.target.database),
        literal(&versions),
    );
    // The name of a database may hold anything.
    format!("DO {};\n", dollar_quoted(&body))
}

/// A migration, its rows, and a session that is put back as the runner puts it back.
fn of_one(migration: &Migration, interrupted: &Interrupted, is_owner_another: bool) -> String {
    let (begin, between, duration) = if migration.run_in_transaction {
        ("BEGIN;\n", "", "clock_timestamp() - transaction_timestamp()")
    } else {
        ("-- Outside of a transaction.\n", "BEGIN;\n", "NULL")
    };
    let text = migration.up.trim_ascii();
    let text = match interrupted {
        Interrupted::Done => "-- It is done already, and is only recorded.\n".to_owned(),
        Interrupted::Invalid(index) => {
            format!("DROP INDEX CONCURRENTLY {index};\n{}", statements::for_psql(text, is_one_query(migration)))
        }
        Interrupted::Nothing if is_owner_another && migration.run_in_transaction => {
            statements::for_psql(&owner::for_psql(text), is_one_query(migration))
        }
        Interrupted::Nothing => statements::for_psql(text, is_one_query(migration)),
    };
    format!(
        "\n-- {}/{}/up.sql\n{begin}{text}\
         RESET SESSION AUTHORIZATION \\; RESET ALL \\; :messenger_settings \\gset\n{}\n{between}{};\n{};\nCOMMIT;\n\
         CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; DISCARD SEQUENCES; DISCARD TEMP;\n",
        one_line(migration.folder),
        one_line(migration.name),
        owner::BECOME,
        history::record(migration.version),
        ledger::record(migration, Origin::Plan, duration),
    )
}

/// Whether it makes a difference that the runner sends a file as one query: outside of a transaction that makes it one,
/// and what changes how text is read is not there yet when the server reads the text.
fn is_one_query(migration: &Migration) -> bool {
    let text = migration.up.to_ascii_lowercase();
    let words: Vec<_> = statements::keywords(migration.up).collect();
    let reads_otherwise = text.contains("standard_conforming_strings")
        || text.contains("client_encoding")
        || words.windows(2).any(|pair| pair == ["SET", "NAMES"]);
    reads_otherwise || (!migration.run_in_transaction && statements::split(migration.up).len() > 1)
}

/// A name for a comment, which ends with its line.
fn one_line(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}
