//! Rehearses the pending migrations: carries them out in one transaction, measures each statement, and rolls back.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::migrate::commands::plan;
use crate::migrate::commands::run::{self, RunOptions};
use crate::migrate::error::Error;
use crate::migrate::model::interrupted::Interrupted;
use crate::migrate::model::migration::Migration;
use crate::migrate::model::place::Place;
use crate::migrate::model::step::Direction;
use crate::migrate::observer::{Event, Observer};
use crate::migrate::session::lock::{self, RunnerLock};
use crate::migrate::session::pool::Pool;
use crate::migrate::session::restore::Session;
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::sql::quote::literal;
use crate::migrate::sql::statements::{self, Resumable};
use crate::migrate::state::catalog::{self, Scope};
use crate::migrate::state::compare::{self, Comparison};
use crate::migrate::state::sequences::Sequences;
use crate::migrate::state::stated::Stated;
use crate::migrate::state::{owner, resume, status};

/// The largest table, in bytes, whose indexes are built and dropped in a rehearsal's transaction.
const SMALL: u32 = 1 << 20;

/// What a rehearsal has shown.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// What was carried out and taken back, statement by statement, in order.
    pub statements: Vec<Rehearsed>,
    /// For how long others could not use a table, migration by migration.
    pub waits: Vec<Wait>,
    /// What runs outside of a transaction, and so cannot be taken back, and what needs that: it was left out.
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

/// How long others wait who use a table while `run` carries out a migration: from the statement that locks the table to
/// the commit, without the time that the rehearsal takes for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Whose lock it is.
    pub migration: Migration,
    /// The table.
    pub table: String,
    /// For how long nobody can write to it.
    pub writers: Duration,
    /// For how long nobody can read it. Zero: reads go on.
    pub readers: Duration,
}

/// Since when, in the time of a migration, nobody can write to a table, and nobody can read it.
#[derive(Debug, Default, Clone, Copy)]
struct Locked {
    writers: Option<Duration>,
    readers: Option<Duration>,
}

impl Locked {
    fn note(&mut self, mode: &str, since: Duration) {
        if ["ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"].contains(&mode) {
            self.writers.get_or_insert(since);
        }
        if mode == "AccessExclusiveLock" {
            self.readers.get_or_insert(since);
        }
    }
}

/// What the transaction has done until a moment.
#[derive(Debug, Default)]
struct Snapshot {
    files: BTreeMap<String, (String, String)>,
    locks: BTreeSet<(String, String)>,
    rows: BTreeMap<(String, &'static str), (String, u64)>,
}

/// Carries out what [`run`](crate::migrate::run) would apply with these options, all of it in one transaction, measures it, and
/// rolls it back: catalog, rows, history, ledger and sequences are as before. While it lasts it holds the locks that it
/// reports, each waited for no longer than the pool's lock timeout, and never again.
///
/// One transaction is not several: what uses a label that a migration before it adds to an enum is left out. An index that
/// is built or dropped concurrently is done without that, where its table is new or no larger than 1 MiB; everything else
/// that runs outside of a transaction is left out, and so is what fails because something is not there then.
///
/// # Errors
///
/// Those for which `run` would refuse to begin; [`Error::Locked`] when another runner is not done in time. A statement
/// that fails is no error, but part of what was shown.
pub fn rehearse(pool: &Pool, options: &RunOptions, observer: &mut dyn Observer) -> Result<Rehearsal, Error> {
    let RunnerLock { connection, .. } = &mut lock::acquire(pool, pool.get()?, observer)?;
    run::refuse_encoding(connection)?;
    let mut status = status::read(connection, pool.migrations(), pool.own())?;
    let mut wanted = plan::wanted(pool, &status, options)?;
    if !options.allow_drift && !wanted.is_empty() && !run::is_begun(connection, &wanted)? {
        run::refuse_drift(compare::settled(connection, &mut status, pool, Scope::CurrentSchema)?, 0)?;
        wanted = plan::wanted(pool, &status, options)?;
    }
    owner::assume(connection)?;
    let mut rehearsal = Rehearsal::default();
    let session = Session::of(connection)?;
    let sequences = Sequences::of(connection)?;
    connection.execute("BEGIN")?;
    let outcome = carry_out(connection, &session, &wanted, &mut rehearsal, observer).and_then(|()| {
        if rehearsal.left_out.is_empty() && rehearsal.failure.is_none() && status.ahead.is_empty() {
            let is_reached = |last: &&Migration| wanted.contains(last) || status.row(last).is_some();
            let last = pool.migrations().iter().rfind(is_reached);
            let last = last.filter(|last| last.catalog.is_some() && !wanted.is_empty());
            if let Some(last) = last {
                let stated = Stated::by(pool.migrations(), pool.allowed_drift());
                let facts = catalog::facts(connection, Scope::CurrentSchema, || Some(&stated.objects))?;
                rehearsal.catalog = compare::of_facts(&facts, Some(last), Scope::CurrentSchema, &stated);
            }
        }
        Ok(())
    });
    // A connection that broke has rolled back by itself.
    let rolled_back = connection.execute("ROLLBACK");
    outcome?;
    rolled_back?;
    rehearsal.moved_sequences = sequences.moved(connection)?;
    Ok(rehearsal)
}

fn carry_out(
    connection: &mut Connection,
    session: &Session,
    migrations: &[Migration],
    rehearsal: &mut Rehearsal,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    let known = relations(connection)?;
    for (index, migration) in migrations.iter().enumerate() {
        observer.stop_if_wanted(0, migrations.len() - index)?;
        observer.on(&Event::Rehearsing { migration, done: index, total: migrations.len() });
        let Some(form) = form(connection, migration, &known)? else {
            rehearsal.left_out.push(*migration);
            continue;
        };
        let (statements, waits) = (rehearsal.statements.len(), rehearsal.waits.len());
        connection.execute("SAVEPOINT messenger_db_rehearsal")?;
        let Some(failure) = one(connection, session, migration, &form, &known, rehearsal)? else {
            connection.execute("RELEASE messenger_db_rehearsal")?;
            continue;
        };
        if !needs_what_is_not_there(&failure, rehearsal) {
            rehearsal.failure = Some(failure);
            return Ok(());
        }
        connection.execute("ROLLBACK TO messenger_db_rehearsal; RELEASE messenger_db_rehearsal")?;
        rehearsal.statements.truncate(statements);
        rehearsal.waits.truncate(waits);
        rehearsal.left_out.push(*migration);
    }
    Ok(())
}

/// Whether a migration may have failed only because of what a rehearsal is: something is not there that was left out, or
/// a label of an enum is not committed.
fn needs_what_is_not_there(failure: &Error, rehearsal: &Rehearsal) -> bool {
    const NOT_THERE: [&str; 4] = ["42P01", "42704", "42703", "42883"];
    const UNSAFE_NEW_ENUM_VALUE: &str = "55P04";
    failure.sqlstate().is_some_and(|sqlstate| {
        sqlstate == UNSAFE_NEW_ENUM_VALUE || (!rehearsal.left_out.is_empty() && NOT_THERE.contains(&sqlstate))
    })
}

/// Carries out one migration, and measures it. Gives the failure, if it fails.
fn one(
    connection: &mut Connection,
    session: &Session,
    migration: &Migration,
    form: &[String],
    known: &Relations,
    rehearsal: &mut Rehearsal,
) -> Result<Option<Error>, Error> {
    Sequences::shield(connection, migration)?;
    let mut before = Snapshot::take(connection)?;
    let held = before.locks.clone();
    let mut locked: BTreeMap<String, Locked> = BTreeMap::new();
    let mut elapsed = Duration::ZERO;
    for (completed, (statement, sql)) in statements::split(migration.up).into_iter().zip(form).enumerate() {
        if is_of_a_transaction(statement.text) {
            continue;
        }
        let start = Instant::now();
        let outcome = owner::carry_out(connection, sql, Connection::execute);
        let duration = start.elapsed();
        connection.take_notices();
        if let Err(error) = outcome {
            let source = error.in_file(migration.up, statement.start, completed);
            let place = Place::of(migration, "up.sql", migration.up, &source);
            return Ok(Some(Error::Statement { place, in_transaction: true, source }));
        }
        let after = Snapshot::take(connection)?;
        let again =
            held.iter().filter(|(oid, _)| known.get(oid).is_some_and(|known| known.is_named_in(statement.text)));
        for (oid, mode) in after.locks.difference(&before.locks).chain(again) {
            if known.get(oid).is_some_and(|known| known.is_table) {
                locked.entry(oid.clone()).or_default().note(mode, elapsed);
            }
        }
        elapsed += duration;
        let (line, _) = statements::line_and_column(migration.up, statement.start);
        rehearsal.statements.push(Rehearsed {
            migration: *migration,
            line,
            sql: statement.text,
            duration,
            locks: after.locks_since(&before, known),
            rewritten: after.rewritten_since(&before),
            rows: after.rows_since(&before),
        });
        before = after;
    }
    for (oid, locked) in locked {
        let (Some(known), Some(since)) = (known.get(&oid), locked.writers) else { continue };
        rehearsal.waits.push(Wait {
            migration: *migration,
            table: known.name.clone(),
            writers: elapsed.saturating_sub(since),
            readers: locked.readers.map_or(Duration::ZERO, |since| elapsed.saturating_sub(since)),
        });
    }
    let committed = session.put_back_as_if_committed(connection);
    let (migration, direction) = (*migration, Direction::Up);
    Ok(committed.err().map(|source| Error::Bookkeeping { migration, direction, what: "COMMIT", source }))
}

/// Whether a statement is about the transaction of its migration, which a rehearsal does not have.
fn is_of_a_transaction(statement: &str) -> bool {
    statements::keywords(statement).take(2).eq(["SET", "TRANSACTION"])
}

/// The statements of a migration as a transaction can hold them, or `None` where it is to be left out.
///
/// An index is built and dropped without CONCURRENTLY, if that takes no time: the lock is held to the end.
fn form(connection: &mut Connection, migration: &Migration, known: &Relations) -> Result<Option<Vec<String>>, Error> {
    if migration.run_in_transaction {
        return Ok(Some(statements::split(migration.up).iter().map(|statement| statement.text.to_owned()).collect()));
    }
    let interrupted = resume::find(connection, migration.up)?;
    if interrupted == Interrupted::Done {
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
        literal(relation)
    ))?;
    let may_be = match found.first().map(Vec::as_slice) {
        Some([Some(oid), Some(is_small)]) => is_small == "t" || !known.contains_key(oid),
        // It fails, as it would fail in `run`.
        _ => true,
    };
    let drop = match interrupted {
        Interrupted::Invalid(index) => format!("DROP INDEX {index}; "),
        _ => String::new(),
    };
    Ok(may_be.then(|| vec![drop + &plain]))
}

/// A relation that was there before.
struct Relation {
    name: String,
    is_table: bool,
}

impl Relation {
    /// Whether a statement that locks a table has this one's name. The transaction may have had the lock before, of another
    /// migration, so that taking it again is not seen.
    fn is_named_in(&self, statement: &str) -> bool {
        let name = self.name.rsplit('.').next().unwrap_or(&self.name);
        let mut words = statements::significant(statement);
        let locks = ["ALTER", "CREATE", "DROP", "TRUNCATE", "LOCK", "CLUSTER", "REINDEX", "REFRESH"];
        words.next().is_some_and(|first| locks.contains(&first.as_str()))
            && words.any(|word| word == name || word == name.to_ascii_uppercase())
    }
}

/// The relations that were there before, by their OIDs.
type Relations = BTreeMap<String, Relation>;

/// Every relation that is there, but for the server's own.
fn relations(connection: &mut Connection) -> Result<Relations, ServerError> {
    let rows = connection.execute(
        "SELECT oid, oid::regclass, relkind IN ('r', 'p', 'm') FROM pg_class WHERE relnamespace NOT IN (
             SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema'
         )",
    )?;
    let relation = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        let (oid, name, is_table) = (values.next()??, values.next()??, values.next()??);
        Some((oid, Relation { name, is_table: is_table == "t" }))
    };
    Ok(rows.into_iter().filter_map(relation).collect())
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
    fn locks_since(&self, before: &Self, known: &Relations) -> Vec<(String, String)> {
        let new = self.locks.difference(&before.locks);
        let mut locks: Vec<_> =
            new.filter_map(|(oid, mode)| known.get(oid).map(|known| (mode.clone(), known.name.clone()))).collect();
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
