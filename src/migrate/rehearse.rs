//! Decides what a rehearsal is: what is pending, really carried out on the target in one transaction, measured statement
//! by statement, and rolled back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::catalog::{self, Scope};
use super::error::Place;
use super::libpq::{Connection, ServerError};
use super::lock::Turn;
use super::sequences::Sequences;
use super::stated::Stated;
use super::statements::Resumable;
use super::verify::{self, Comparison};
use super::{
    Direction, Error, Leftover, Migration, Observer, Pool, RunOptions, apply, ledger, leftover, lock, owner, plan, run,
    statements, status,
};

/// The largest table, in bytes, whose indexes are built and dropped in a rehearsal's transaction.
const SMALL: u32 = 1 << 20;

/// What a rehearsal has shown.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// What was carried out and taken back, statement by statement, in order.
    pub statements: Vec<Rehearsed>,
    /// What runs outside of a transaction, and so cannot be taken back: it was left out.
    pub left_out: Vec<Migration>,
    /// Whether the catalog was what it should be at the end, before it was taken back.
    pub catalog: Comparison,
    /// Sequences that gave out numbers meanwhile, to others or to a trigger: numbers are never taken back.
    pub moved_sequences: Vec<String>,
    /// The statement that failed, if one did. Those after it were not tried.
    pub failure: Option<Error>,
}

/// One statement of a migration, and what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsed {
    /// Whose it is.
    pub migration: Migration,
    /// The line of its `up.sql` where it begins, from 1.
    pub line: usize,
    /// The statement.
    pub sql: &'static str,
    /// How long it took.
    pub duration: Duration,
    /// The locks that it took on what was there before, mode and relation, which others would wait for until the commit.
    pub locks: Vec<(String, String)>,
    /// The tables and indexes that were there before, and that it wrote anew: that takes as long as they are big.
    pub rewritten: Vec<String>,
    /// The rows that it touched: how many were inserted, updated or deleted, and in which table.
    pub rows: Vec<(u64, &'static str, String)>,
}

/// What the transaction has done until a moment.
#[derive(Debug, Default)]
struct Snapshot {
    files: BTreeMap<String, (String, String)>,
    locks: BTreeSet<(String, String)>,
    rows: BTreeMap<(String, &'static str), (String, u64)>,
}

/// Carries out what [`run`](super::run) would apply with these options, all of it in one transaction, measures it, and
/// rolls it back: catalog, rows, history, ledger and sequences are as before. While it lasts it holds the locks that it
/// reports, each waited for no longer than the pool's lock timeout, and never again.
///
/// One transaction is not several: a label that one migration adds to an enum cannot be used by the next here. An index that
/// is built or dropped concurrently is done without that, where its table is new or no larger than 1 MiB; everything else
/// that runs outside of a transaction is left out, and what needs it fails.
///
/// # Errors
///
/// Those for which `run` would refuse to begin; [`Error::Locked`] when another runner is not done in time. A statement
/// that fails is no error, but part of what was shown.
pub fn rehearse(pool: &Pool, options: &RunOptions, observer: &mut dyn Observer) -> Result<Rehearsal, Error> {
    let Turn { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    let status = status::read(connection, pool.migrations(), pool.own())?;
    let wanted = plan::wanted(pool, &status, options)?;
    if !options.allow_drift && !wanted.is_empty() && !run::is_begun(connection, &wanted)? {
        run::refuse_drift(verify::compare(connection, &status, pool, Scope::CurrentSchema)?, 0)?;
    }
    owner::assume(connection)?;
    let mut rehearsal = Rehearsal::default();
    connection.execute("BEGIN")?;
    let sequences = Sequences::shield(connection, &wanted);
    let outcome = sequences.and_then(|sequences| {
        carry_out(connection, &wanted, &mut rehearsal, observer)?;
        if rehearsal.left_out.is_empty() && rehearsal.failure.is_none() && status.ahead.is_empty() {
            let is_reached = |last: &&Migration| wanted.contains(last) || status.row(last).is_some();
            let last = pool.migrations().iter().rfind(is_reached);
            let last = last.filter(|last| last.catalog.is_some() && !wanted.is_empty());
            if let Some(last) = last {
                let stated = Stated::by(pool.migrations(), pool.allowed_drift());
                let facts = catalog::facts(connection, Scope::CurrentSchema, Some(&stated.objects))?;
                rehearsal.catalog = verify::of_facts(&facts, Some(last), Scope::CurrentSchema, &stated);
            }
        }
        Ok(sequences)
    });
    // A connection that broke has rolled back by itself.
    let rolled_back = connection.execute("ROLLBACK");
    let sequences = outcome?;
    rolled_back?;
    rehearsal.moved_sequences = sequences.moved(connection)?;
    Ok(rehearsal)
}

fn carry_out(
    connection: &mut Connection,
    migrations: &[Migration],
    rehearsal: &mut Rehearsal,
    observer: &dyn Observer,
) -> Result<(), Error> {
    let mut before = Snapshot::take(connection)?;
    let known = relations(connection)?;
    for (index, migration) in migrations.iter().enumerate() {
        apply::stop_if_wanted(observer, 0, migrations.len() - index)?;
        let Some(form) = form(connection, migration, &known)? else {
            rehearsal.left_out.push(*migration);
            continue;
        };
        for (completed, (statement, sql)) in statements::split(migration.up).into_iter().zip(&form).enumerate() {
            let start = Instant::now();
            let outcome = connection.execute(sql);
            let duration = start.elapsed();
            connection.take_notices();
            if let Err(error) = outcome {
                let source = in_file(error, migration.up, statement.start, completed);
                let place = Place::of(migration, "up.sql", migration.up, &source);
                rehearsal.failure = Some(Error::Statement { place, in_transaction: true, source });
                return Ok(());
            }
            let after = Snapshot::take(connection)?;
            let (line, _) = statements::line_and_column(migration.up, statement.start);
            rehearsal.statements.push(Rehearsed {
                migration: *migration,
                line,
                sql: statement.text,
                duration,
                locks: after.locks_since(&before, &known),
                rewritten: after.rewritten_since(&before),
                rows: after.rows_since(&before),
            });
            before = after;
        }
        if let Err(source) = check_what_was_deferred(connection) {
            let (migration, direction) = (*migration, Direction::Up);
            rehearsal.failure = Some(Error::Bookkeeping { migration, direction, what: "COMMIT", source });
            return Ok(());
        }
    }
    Ok(())
}

/// The statements of a migration as a transaction can hold them, or `None` where it is to be left out.
///
/// An index is built and dropped without CONCURRENTLY, if that takes no time: the lock is held to the end.
fn form(
    connection: &mut Connection,
    migration: &Migration,
    known: &BTreeMap<String, String>,
) -> Result<Option<Vec<String>>, Error> {
    if migration.run_in_transaction {
        return Ok(Some(statements::split(migration.up).iter().map(|statement| statement.text.to_owned()).collect()));
    }
    let leftover = leftover::find(connection, migration.up)?;
    if leftover == Leftover::Done {
        return Ok(Some(Vec::new()));
    }
    let Some(plain) = statements::without_concurrently(migration.up) else { return Ok(None) };
    let [statement] = *statements::split(migration.up) else { return Ok(None) };
    let relation = match statements::resumable(statement.text) {
        Some(Resumable::CreateIndex { table, .. }) => table,
        Some(Resumable::DropIndex { name }) => name,
        _ => return Ok(None),
    };
    let found = connection.execute(&format!(
        "SELECT class.oid, pg_table_size(class.oid) <= {SMALL}
         FROM (SELECT to_regclass({})) AS named (oid)
         LEFT JOIN pg_index ON indexrelid = named.oid
         INNER JOIN pg_class AS class ON class.oid = coalesce(indrelid, named.oid)",
        ledger::literal(relation)
    ))?;
    let may_be = match found.first().map(Vec::as_slice) {
        Some([Some(oid), Some(is_small)]) => is_small == "t" || !known.contains_key(oid),
        // It fails, as it would fail in `run`.
        _ => true,
    };
    let drop = match leftover {
        Leftover::Invalid(index) => format!("DROP INDEX {index}; "),
        _ => String::new(),
    };
    Ok(may_be.then(|| vec![drop + &plain]))
}

/// What the commit of a migration would check, now. Afterwards constraints are deferred again that begin so.
fn check_what_was_deferred(connection: &mut Connection) -> Result<(), ServerError> {
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")?;
    let deferred = connection.execute(
        "SELECT string_agg(DISTINCT format('%I.%I', connamespace::regnamespace::text, conname), ', ')
         FROM pg_constraint WHERE condeferred",
    )?;
    if let Some(names) = deferred.into_iter().flatten().next().flatten() {
        connection.execute(&format!("SET CONSTRAINTS {names} DEFERRED"))?;
    }
    Ok(())
}

/// The error as it would be if the whole file had been sent.
fn in_file(error: ServerError, sql: &str, start: usize, completed: usize) -> ServerError {
    let before = sql.get(..start).map_or(0, |before| before.chars().count());
    ServerError { position: error.position.map(|position| position + before), completed, ..error }
}

/// Every relation that is there, but for the server's own, and its name.
fn relations(connection: &mut Connection) -> Result<BTreeMap<String, String>, ServerError> {
    let rows = connection.execute(
        "SELECT oid, oid::regclass FROM pg_class WHERE relnamespace NOT IN (
             SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema'
         )",
    )?;
    let pair = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        Some((values.next()??, values.next()??))
    };
    Ok(rows.into_iter().filter_map(pair).collect())
}

impl Snapshot {
    fn take(connection: &mut Connection) -> Result<Self, ServerError> {
        let mut snapshot = Self::default();
        for row in connection.execute(include_str!("rehearse.sql"))? {
            let [Some(kind), Some(oid), Some(name), Some(value)] = row.as_slice() else { continue };
            let (oid, name, value) = (oid.clone(), name.clone(), value.clone());
            let number = value.parse().unwrap_or_default();
            let kind = match kind.as_str() {
                "file" => {
                    snapshot.files.insert(oid, (name, value));
                    continue;
                }
                "lock" => {
                    snapshot.locks.insert((oid, value));
                    continue;
                }
                "inserted" => "inserted",
                "updated" => "updated",
                _ => "deleted",
            };
            snapshot.rows.insert((oid, kind), (name, number));
        }
        Ok(snapshot)
    }

    /// Mode and relation of each lock that was not held before, on what others can see.
    fn locks_since(&self, before: &Self, known: &BTreeMap<String, String>) -> Vec<(String, String)> {
        let new = self.locks.difference(&before.locks);
        let mut locks: Vec<_> =
            new.filter_map(|(oid, mode)| known.get(oid).map(|name| (mode.clone(), name.clone()))).collect();
        locks.sort_by(|one, other| (&one.1, &one.0).cmp(&(&other.1, &other.0)));
        locks
    }

    fn rewritten_since(&self, before: &Self) -> Vec<String> {
        let is_another = |(oid, (_, file)): &(&String, &(String, String))| {
            before.files.get(*oid).is_some_and(|(_, earlier)| earlier != file)
        };
        self.files.iter().filter(is_another).map(|(_, (name, _))| name.clone()).collect()
    }

    fn rows_since(&self, before: &Self) -> Vec<(u64, &'static str, String)> {
        let since = |((oid, kind), (name, number)): (&(String, &'static str), &(String, u64))| {
            let earlier = before.rows.get(&(oid.clone(), *kind)).map_or(0, |(_, earlier)| *earlier);
            Some((number.checked_sub(earlier)?, *kind, name.clone())).filter(|(count, ..)| *count > 0)
        };
        self.rows.iter().filter_map(since).collect()
    }
}
