//! Decides what `run` would do, as SQL that a person carries out with psql: to the same end, history and ledger included.

use std::fmt::Write as _;

use diesel::migration::CREATE_MIGRATIONS_TABLE;

use super::catalog::Scope;
use super::ledger::{self, Ledger, Origin};
use super::{Error, Migration, Pool, RunOptions, Status, history, lock, run, source, status, verify};

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

/// What [`run`](super::run) would do with these options, as a script for psql. Changes nothing, and takes no lock.
///
/// # Errors
///
/// Those for which `run` would refuse to begin.
pub fn plan(pool: &Pool, options: &RunOptions) -> Result<Plan, Error> {
    let connection = &mut *pool.get()?;
    let status = status::read(connection, pool.migrations())?;
    let migrations = wanted(pool, &status, options)?;
    if !options.allow_drift && !migrations.is_empty() {
        run::refuse_drift(verify::compare(connection, &status, pool.migrations(), Scope::CurrentSchema)?, 0)?;
    }
    let sql = script(pool, &status, &migrations);
    Ok(Plan { status, migrations, sql })
}

/// What `run` would apply, or why it would refuse.
pub(super) fn wanted(pool: &Pool, status: &Status, options: &RunOptions) -> Result<Vec<Migration>, Error> {
    let last = options.to.as_deref().map(|to| source::find(pool.migrations(), to)).transpose()?;
    if !options.allow_ahead {
        run::refuse_ahead(status)?;
    }
    if !options.allow_drift && !status.edited.is_empty() {
        return Err(Error::Edited { migrations: status.edited.clone() });
    }
    let is_wanted = |migration: &Migration| last.is_none_or(|last| migration.version <= last.version);
    Ok(status.pending.iter().copied().filter(is_wanted).collect())
}

fn script(pool: &Pool, status: &Status, migrations: &[Migration]) -> String {
    let target = &status.target;
    let mut sql = format!(
        "-- What messenger-db {} would do to the database {} at {}: {} to apply.\n",
        env!("CARGO_PKG_VERSION"),
        one_line(&target.database),
        one_line(&target.address()),
        migrations.len()
    );
    if migrations.is_empty() && !status.can_be_completed(pool.migrations()) {
        sql.push_str("-- Nothing.\n");
        return sql;
    }
    let _ = write!(
        sql,
        "--\n\
         -- As the role that migrates:  psql --no-psqlrc --file THIS_FILE DATABASE_URL\n\
         -- An error ends it. What was applied before stays applied; make another plan, or `messenger-db run` goes on.\n\n\
         \\set ON_ERROR_STOP on\n\
         SET client_encoding = 'UTF8';\n\
         SET TIME ZONE 'UTC';\n\
         SET lock_timeout = {};\n\n\
         -- One at a time: the locks of the runners, until psql ends.\n\
         {}\n\
         BEGIN;\n{}\n{}",
        pool.lock_timeout().as_millis(),
        lock::for_psql(),
        CREATE_MIGRATIONS_TABLE.trim(),
        only_for(status)
    );
    if status.ledger == Ledger::Missing {
        let _ = write!(sql, "\n{}", ledger::CREATE);
    }
    for migration in ledger::unrecorded(status, pool.migrations()) {
        let _ = writeln!(sql, "\n{};", ledger::record(migration, Origin::Found, "NULL"));
    }
    sql.push_str("COMMIT;\n");
    for migration in migrations {
        sql.push_str(&of_one(migration));
    }
    sql.push_str("\n-- Done. `messenger-db verify` compares the database with what it should be now.\n");
    sql
}

/// The statement that fails in another database, or after something else was applied.
fn only_for(status: &Status) -> String {
    let versions: Vec<_> = status.applied.iter().map(|row| row.version.as_str()).collect();
    format!(
        "DO $plan$\nBEGIN\n    \
         IF current_database() <> {} OR {} <> (\n        \
         SELECT coalesce(string_agg(version, ' ' ORDER BY version COLLATE \"C\"), '') FROM __diesel_schema_migrations\n    \
         ) THEN\n        RAISE EXCEPTION 'this plan is for another database, or something was applied since: make another';\n    \
         END IF;\nEND\n$plan$;\n",
        ledger::literal(&status.target.database),
        ledger::literal(&versions.join(" ")),
    )
}

fn of_one(migration: &Migration) -> String {
    let (begin, between, duration) = if migration.run_in_transaction {
        ("BEGIN;\n", "", "clock_timestamp() - transaction_timestamp()")
    } else {
        ("-- Outside of a transaction.\n", "BEGIN;\n", "NULL")
    };
    let up = migration.up.trim();
    let end = if up.ends_with(';') { "" } else { "\n;" };
    format!(
        "\n-- migrations/{}/up.sql\n{begin}{up}{end}\n{between}{};\n{};\nCOMMIT;\n",
        migration.name,
        history::record(migration.version),
        ledger::record(migration, Origin::Plan, duration),
    )
}

/// A name for a comment, which ends with its line.
fn one_line(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}
