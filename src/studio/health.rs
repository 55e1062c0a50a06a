//! Page "Health": what grows, what is dead, what is not used, what is slow, who waits, and what to do about each.

use diesel::PgConnection;
use maud::{Markup, html};
use serde::Deserialize;

use super::catalog::{self, IndexMeasures, Measures, UnindexedKey};
use super::database::{Database, Statement};
use super::failure::Failure;
use super::growth::Growth;
use super::held::{self, Held};
use super::layout::{self, Section};
use super::{replication, standing, tables, words};
use crate::migrate::{self, Health};

/// A transaction that has lasted long.
#[derive(Debug, Deserialize)]
struct Transaction {
    pid: Option<i32>,
    application: Option<String>,
    role: Option<String>,
    state: Option<String>,
    seconds: f64,
}

/// A statement as the server counts it.
#[derive(Debug, Deserialize)]
struct Slow {
    query: String,
    calls: i64,
    total: f64,
    mean: f64,
    rows: i64,
}

/// What is known of the whole database.
#[derive(Debug, Deserialize)]
struct Whole {
    bytes: i64,
    cached: Option<f64>,
    deadlocks: i64,
    temporary_bytes: i64,
    /// How far the oldest row is from the end of the transaction numbers.
    age: i64,
    since: Option<String>,
    /// The schema of the extension, where it is installed and the role may use it.
    statements: Option<String>,
    inserted: i64,
    days: Option<f64>,
}

// Queries of others can hold secrets: they are not read. Those of pg_stat_statements have no values in them, but for
// commands such as CREATE ROLE, which are left out.
const TRANSACTIONS: &str = "
    SELECT pid, application_name AS application, usename::text AS role, state,
        extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds
    FROM pg_stat_activity
    WHERE datname = current_database() AND xact_start < clock_timestamp() - interval '5 seconds' AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
    UNION ALL
    SELECT NULL, gid, owner::text, 'prepared', extract(epoch FROM clock_timestamp() - prepared)::float8
    FROM pg_prepared_xacts WHERE database = current_database()
    ORDER BY seconds DESC
    LIMIT 50";

const WHOLE: &str = "
    SELECT pg_database_size(current_database()) AS bytes,
        (100.0 * stat.blks_hit / nullif(stat.blks_hit + stat.blks_read, 0))::float8 AS cached,
        stat.deadlocks, stat.temp_bytes AS temporary_bytes, age(database.datfrozenxid)::bigint AS age,
        stat.stats_reset::timestamptz(0)::text AS since, stat.tup_inserted AS inserted,
        (extract(epoch FROM clock_timestamp() - coalesce(stat.stats_reset, pg_postmaster_start_time())) / 86400)::float8 AS days,
        (
            SELECT namespace.nspname::text FROM pg_extension AS extension
            INNER JOIN pg_namespace AS namespace ON namespace.oid = extension.extnamespace
            WHERE extension.extname = 'pg_stat_statements'
                AND has_schema_privilege(namespace.oid, 'USAGE')
        ) AS statements
    FROM pg_stat_database AS stat
    INNER JOIN pg_database AS database ON database.oid = stat.datid
    WHERE database.datname = current_database()";

fn slow(conn: &mut PgConnection, schema: &str) -> Result<Vec<Slow>, Failure> {
    let sql = format!(
        "SELECT left(query, 2000) AS query, calls, total_exec_time AS total, mean_exec_time AS mean, rows
         FROM {}.pg_stat_statements
         WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
             AND query ~* '^\\s*(/\\*.*?\\*/\\s*)?(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE)\\M'
         ORDER BY total_exec_time DESC LIMIT 20",
        migrate::quoted(schema)
    );
    Statement::new(&sql).objects(conn)
}

/// The page. Each part is read by itself, and one that cannot be read says why in its place. Who holds what comes first: on
/// a bad day it is what the page is opened for, and reading it waits for nobody.
pub(super) fn page(database: &Database, growth: &Growth) -> Markup {
    let held = held::of(database);
    // Where a size cannot be read just now, the plot ends earlier.
    let _ = growth.read(database, true);
    let health = migrate::health(&database.runner).map_err(Failure::from);
    let whole = database.read(|conn| Ok(Statement::new(WHOLE).objects::<Whole>(conn)?.into_iter().next()));
    let tables = database.read(|conn| {
        let found = catalog::tables(conn)?.into_values().filter(|table| table.bytes.is_some());
        let mut found: Vec<Measures> = found.collect();
        found.sort_by_key(|table| std::cmp::Reverse(table.bytes.unwrap_or(0) + table.index_bytes.unwrap_or(0)));
        Ok(found)
    });
    let keys = database.read(catalog::unindexed_keys);
    let whole_of = whole.as_ref().ok().and_then(Option::as_ref);
    let days = whole_of.and_then(|whole| whole.days);
    // The library may not be loaded, and then this fails.
    let schema = whole_of.and_then(|whole| whole.statements.clone());
    let slow = schema.and_then(|schema| database.read(|conn| slow(conn, &schema)).ok());
    let body = html! {
        h1 { "Health" }
        @if let Some(unseen) = health.as_ref().ok().and_then(|health| health.unseen.as_ref()) {
            p class="bad" { "Not everything is seen: " (unseen) "." }
        }
        (held::notice(&held))
        (part("Who waits for whom", &standing::waiting(database), |found| html! {
            @if found.is_empty() { h2 { "Who waits for whom" } p { "Nobody waits for a lock." } } @else { (standing::waits(found)) }
            p class="advice" {
                "A wait of seconds is a migration or an open transaction: end the session that the others wait for with \
                 SELECT pg_terminate_backend(process)."
            }
        }))
        (part("Long transactions", &database.read(|conn| Statement::new(TRANSACTIONS).objects(conn)), |found: &Vec<_>| transactions(found)))
        (part("The whole", &health, |health| overall(whole_of, health)))
        @if let Err(failure) = &whole { (failed(failure)) }
        (part("Tables", &tables, |tables| sizes(tables, days, &held)))
        (growth.shown())
        (part("Indexes", &database.read(catalog::indexes), |indexes: &Vec<_>| unused(indexes)))
        (part("Missing indexes", &keys, |keys| missing(tables.as_deref().unwrap_or_default(), keys)))
        (statements(slow.as_deref()))
        (part("Replication", &health, replication::receivers))
        (part("Replication slots", &database.read(replication::read_slots), |found: &Vec<_>| replication::slots(found)))
    };
    layout::page("Health", Some(Section::Health), None, &body)
}

/// A part of the page, or why it is not there.
fn part<T>(title: &str, read: &Result<T, Failure>, show: impl FnOnce(&T) -> Markup) -> Markup {
    match read {
        Ok(found) => show(found),
        Err(failure) => html! { h2 { (title) } (failed(failure)) },
    }
}

fn failed(failure: &Failure) -> Markup {
    html! { p class="bad" { "Not read: " (failure.message) } p { (failure.help) } }
}

fn overall(whole: Option<&Whole>, health: &Health) -> Markup {
    let mut facts = vec![("Started", html! { (health.started_at) })];
    if let Some(connections) = health.connections {
        facts.push(("Connections", html! { (connections.used) " of " (connections.max) }));
    }
    if let Some(whole) = whole {
        #[allow(clippy::cast_precision_loss, reason = "a number of rows, for people")]
        let a_day = whole.days.filter(|days| *days > AN_HOUR).map(|days| whole.inserted as f64 / days);
        facts.extend([
            ("Database", html! { (words::bytes(whole.bytes)) }),
            (
                "Read from memory",
                html! { @if let Some(cached) = whole.cached { (format!("{cached:.1} %")) } @else { "not known" } },
            ),
            ("Deadlocks", html! { (words::number(whole.deadlocks)) }),
            ("Temporary files", html! { (words::bytes(whole.temporary_bytes)) }),
            ("Transactions since the oldest frozen row", html! { (words::number(whole.age)) " of 2,000,000,000" }),
            ("Counted since", html! { (whole.since.as_deref().unwrap_or("the server was made")) }),
        ]);
        if let Some(a_day) = a_day {
            #[allow(clippy::cast_possible_truncation, reason = "a number of rows")]
            facts.push(("Rows inserted a day", html! { (words::number(a_day as i64)) }));
        }
    }
    html! {
        (layout::facts(&facts))
        p class="advice" {
            "Less than 99 % from memory: give shared_buffers more, or the machine. Deadlocks: every operation of this crate locks in \
             one order, so look for statements of the service's own. Above 200,000,000 transactions autovacuum freezes by itself; \
             above 1,000,000,000 it is kept from it: look for the long transactions above."
        }
    }
}

/// What is added a day is told once the server has counted for so long, in days.
const AN_HOUR: f64 = 1.0 / 24.0;

/// How many rows, and roughly how many bytes, were added a day since the server counts. `None`: it has not counted for an hour.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "an estimate")]
fn a_day(table: &Measures, days: Option<f64>) -> Option<(i64, Option<i64>)> {
    let days = days.filter(|days| *days > AN_HOUR)?;
    let added = table.inserts? - table.deletes?;
    let bytes = table.bytes.unwrap_or(0) + table.index_bytes.unwrap_or(0);
    let of_row = table.live.filter(|live| *live > 0).map(|live| bytes as f64 / live as f64);
    let rows = added as f64 / days;
    Some((rows as i64, of_row.map(|of_row| (rows * of_row) as i64)))
}

fn sizes(measured: &[Measures], days: Option<f64>, held: &[Held]) -> Markup {
    let rows: Vec<_> = measured
        .iter()
        .map(|table| {
            let dead = table.dead.unwrap_or(0);
            let is_bad = dead > 10_000 && dead * 5 > table.live.unwrap_or(0);
            html! {
                tr {
                    th scope="row" { a href=(tables::address(&table.name)) { code { (table.name) } } (held::mark(held, &table.name)) }
                    td class="number" { (table.rows.map(words::number).unwrap_or_default()) }
                    td class="number" { (table.bytes.map(words::bytes).unwrap_or_default()) }
                    td class="number" { (table.index_bytes.map(words::bytes).unwrap_or_default()) }
                    td class="number" { (table.bloat_bytes.map(words::bytes).unwrap_or_default()) }
                    td class="number" { (words::number(dead)) @if is_bad { " " strong class="bad" { "many" } } }
                    td class="number" { (tables::hot(table).unwrap_or_default()) }
                    @let added = a_day(table, days);
                    td class="number" { (added.map(|(rows, _)| words::number(rows)).unwrap_or_default()) }
                    td class="number" { (added.and_then(|(_, bytes)| bytes).map(words::bytes).unwrap_or_default()) }
                    td { (table.vacuumed.as_deref().unwrap_or("never")) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Tables" }
        (layout::table(
            "Tables, the largest first",
            &["table", "rows", "size", "indexes", "air", "dead rows", "HOT updates", "rows a day", "bytes a day", "vacuumed"],
            &rows,
        ))
        p class="advice" {
            "Rows a day are those added since the server counts, less those deleted, once it has counted for an hour; bytes a day are \
             that many rows of the table's average size with its indexes. "
            "Many dead rows and an old vacuum: something holds them, most often a long transaction or a replication slot; else lower \
             autovacuum_vacuum_scale_factor for the table. A HOT share below 90 % on chat_heads, unread_messages or users means that \
             an index was added to a column that changes often, or that fillfactor was taken away. Much air: pg_repack, or VACUUM FULL \
             at a quiet time."
        }
    }
}

fn unused(indexes: &[IndexMeasures]) -> Markup {
    let found: Vec<_> =
        indexes.iter().filter(|index| !index.is_constraint && !index.is_unique && index.scans == Some(0)).collect();
    let invalid: Vec<_> = indexes.iter().filter(|index| !index.is_valid).collect();
    let rows: Vec<_> = found
        .iter()
        .map(|index| {
            html! {
                tr {
                    th scope="row" { code { (index.name) } }
                    td { a href=(tables::address(&index.table)) { code { (index.table) } } }
                    td class="number" { (index.bytes.map(words::bytes).unwrap_or_default()) }
                    td { (index.purpose().unwrap_or_default()) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Indexes" }
        @if !invalid.is_empty() {
            p class="bad" {
                "Invalid: " (invalid.iter().map(|index| index.name.as_str()).collect::<Vec<_>>().join(", "))
                ". Building them was interrupted; messenger-db run builds those of this schema anew."
            }
        }
        (layout::table("Indexes that were never used here", &["index", "table", "size", "used by"], &rows))
        p class="advice" {
            "A standby that is read from uses indexes too, and counts for itself. What this schema has is used by the operation that its \
             comment names; an index of the service's own that is never used costs writes and can be dropped."
        }
    }
}

fn missing(measured: &[Measures], unindexed: &[UnindexedKey]) -> Markup {
    let scanned: Vec<_> = measured
        .iter()
        .filter(|table| table.rows.unwrap_or(0) >= 10_000 && table.full_scans.unwrap_or(0) > 0)
        .map(|table| {
            let each = table.scanned_rows.zip(table.full_scans).map(|(rows, scans)| rows / scans.max(1));
            html! {
                tr {
                    th scope="row" { a href=(tables::address(&table.name)) { code { (table.name) } } }
                    td class="number" { (table.rows.map(words::number).unwrap_or_default()) }
                    td class="number" { (words::number(table.full_scans.unwrap_or(0))) }
                    td class="number" { (each.map(words::number).unwrap_or_default()) }
                    td class="number" { (words::number(table.index_scans.unwrap_or(0))) }
                }
            }
        })
        .collect();
    let keys: Vec<_> = unindexed
        .iter()
        .map(|key| {
            html! {
                tr {
                    th scope="row" { code { (key.name) } }
                    td { a href=(tables::address(&key.table)) { code { (key.table) } } }
                    td { code { (key.columns) } }
                    td { code { (key.target) } }
                }
            }
        })
        .collect();
    html! {
        h2 { "Missing indexes" }
        (layout::table(
            "Large tables that were read from end to end",
            &["table", "rows", "full scans", "rows read each time", "index scans"],
            &scanned,
        ))
        p class="advice" {
            "No operation of this crate does that; backups, migrations and reports do. A number that grows each minute is a statement of \
             the service's own that lacks an index: find it among the statements below, and look at it with EXPLAIN."
        }
        (layout::table("Foreign keys without an index", &["constraint", "table", "columns", "points at"], &keys))
        p class="advice" {
            "When a row that is pointed at is deleted or gets another key, the whole table is read for each: CREATE INDEX CONCURRENTLY on \
             the columns. The keys of this schema without one say why in their comment, and are not listed."
        }
    }
}

fn statements(slow: Option<&[Slow]>) -> Markup {
    html! {
        h2 { "Statements" }
        @match slow {
            None => p {
                "The server does not count statements, or the role may not see them. With pg_stat_statements in \
                 shared_preload_libraries and CREATE EXTENSION pg_stat_statements, those that take most of the time are listed here."
            },
            Some(slow) => {
                (layout::table(
                    "Statements that took most of the time",
                    &["statement", "calls", "total", "mean", "rows"],
                    &slow.iter().map(|of| html! {
                        tr {
                            td { code { (of.query) } }
                            td class="number" { (words::number(of.calls)) }
                            td class="number" { (words::seconds(of.total / 1000.0)) }
                            td class="number" { (format!("{:.2} ms", of.mean)) }
                            td class="number" { (words::number(of.rows)) }
                        }
                    }).collect::<Vec<_>>(),
                ))
                p class="advice" { "A mean above some milliseconds for a statement of every request: run it under EXPLAIN (ANALYZE, BUFFERS)." }
            }
        }
    }
}

fn transactions(found: &[Transaction]) -> Markup {
    let rows: Vec<_> = found
        .iter()
        .map(|of| {
            html! {
                tr {
                    td class="number" { (of.pid.map_or_else(|| "prepared".to_owned(), |pid| pid.to_string())) }
                    td { (of.application.as_deref().unwrap_or_default()) }
                    td { (of.role.as_deref().unwrap_or_default()) }
                    td { (of.state.as_deref().unwrap_or("not shown to this role")) }
                    td class="number" { (words::seconds(of.seconds)) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Long transactions" }
        (layout::table("Transactions of more than 5 seconds", &["process", "application", "role", "state", "for"], &rows))
        p class="advice" {
            "While one is open, no row that died since is cleaned up, anywhere. One that is idle in transaction was forgotten: set \
             idle_in_transaction_session_timeout for the service's role."
        }
    }
}
