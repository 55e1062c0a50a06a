//! Page "Where it stands": the server, the migrations, who migrates just now, what differs, and what `run` would do.

use maud::{Markup, html};
use serde::Deserialize;

use super::database::{Database, Statement};
use super::failure::Failure;
use super::held::{self, Session as Blocker};
use super::layout::{self, Section};
use super::{locks, words};
use crate::migrate::{self, Comparison, Difference, Health, Holder, Kind, Scope, Status, Verification};

/// How many lines of a diff, and how many differences of a kind, are shown.
const SHOWN: usize = 500;

/// A session that waits for a lock.
#[derive(Debug, Deserialize)]
pub(super) struct Waiting {
    pub(super) pid: i32,
    pub(super) application: String,
    pub(super) role: Option<String>,
    pub(super) lock: Option<String>,
    pub(super) relation: Option<String>,
    pub(super) seconds: Option<f64>,
    pub(super) blockers: Vec<Blocker>,
}

const WAITING: &str = "
    SELECT activity.pid, coalesce(activity.application_name, '') AS application, activity.usename AS role, lock.mode AS lock,
        lock.relation::regclass::text AS relation, extract(epoch FROM clock_timestamp() - lock.waitstart)::float8 AS seconds,
        (
            SELECT coalesce(json_agg(json_build_object(
                'pid', nullif(blocker.pid, 0), 'application', other.application_name, 'role', other.usename, 'state', other.state,
                'seconds', extract(epoch FROM clock_timestamp() - other.xact_start)::float8
            )), '[]')
            FROM (SELECT DISTINCT unnest(pg_blocking_pids(activity.pid))) AS blocker (pid)
            LEFT JOIN pg_stat_activity AS other ON other.pid = blocker.pid
        ) AS blockers
    FROM pg_locks AS lock
    INNER JOIN pg_stat_activity AS activity ON activity.pid = lock.pid
    WHERE NOT lock.granted AND activity.datname = current_database()
    ORDER BY lock.waitstart NULLS LAST
    LIMIT 100";

/// Who waits for a lock on this database, the longest first.
pub(super) fn waiting(database: &Database) -> Result<Vec<Waiting>, Failure> {
    database.read(|conn| Statement::new(WAITING).objects(conn))
}

/// The page. While somebody migrates, the browser loads it again every two seconds.
pub(super) fn page(database: &Database) -> Result<Markup, Failure> {
    // What cannot be seen is told in its place, and the rest is shown. Who holds a table is read before what waits for it.
    let held = held::of(database);
    let found = migrate::verify(&database.runner, Scope::CurrentSchema);
    let health = migrate::health(&database.runner)?;
    let runners = migrate::runners(&database.runner)?;
    let waiting = waiting(database)?;
    let refresh = (!runners.is_empty() || !waiting.is_empty() || !held.is_empty()).then_some(2);
    let body = html! {
        h1 { "Where it stands" }
        (held::notice(&held))
        @match &found {
            Ok(found) => (verdict(found)),
            Err(error) => (unseen(database, error)),
        }
        @if let Ok(found) = &found { (server(&found.status, &health)) }
        @if !runners.is_empty() { (running(&runners, found.as_ref().ok().map(|found| &found.status))) }
        @if !waiting.is_empty() { (waits(&waiting)) }
        @if let Ok(found) = &found {
            (migrations(&found.status))
            (differences(found))
            (plan(&found.status))
        }
    };
    Ok(layout::page("Where it stands", Some(Section::Standing), refresh, &body))
}

/// Why the migrations cannot be shown, and which statements let the role see them.
fn unseen(database: &Database, error: &migrate::Error) -> Markup {
    let rights = error.sqlstate().filter(|sqlstate| *sqlstate == "42501");
    let rights = rights.and_then(|_| migrate::Rights::find(&database.runner, migrate::Need::Read).ok());
    html! {
        p class="bad" { "Where the migrations stand cannot be read: " (error) "." }
        @if let Some(rights) = rights.filter(|rights| !rights.missing.is_empty()) {
            p { "The role " code { (rights.role) } " lacks rights. An administrator gives them:" }
            pre tabindex="0" { @for statement in &rights.missing { (statement) "\n" } }
        }
    }
}

fn verdict(found: &Verification) -> Markup {
    let status = &found.status;
    html! {
        @if !status.ahead.is_empty() {
            p class="bad" { "The database is ahead of this binary: use the newer one." }
        } @else if found.differs() {
            p class="bad" { "The database is not what it should be: see below." }
        } @else if let Comparison::Unknown(unknown) = &found.catalog {
            p class="bad" { "Whether the database is what it should be is not known: " (unknown) "." }
        } @else if status.pending.is_empty() {
            p class="good" { "Everything is applied, and the database is what it should be." }
        } @else {
            p class="good" {
                "The database is what it should be at its version; "
                (words::count(status.pending.len(), "migration is", "migrations are")) " pending. "
                code { "messenger-db run" } " applies what is pending."
            }
        }
    }
}

fn server(status: &Status, health: &Health) -> Markup {
    let target = &status.target;
    let mut facts = vec![
        ("Server", html! { "PostgreSQL " (target.server_version) " at " code { (target.address()) } }),
        ("Started", html! { (health.started_at) }),
        ("Database", html! { code { (target.database) } }),
        ("Role", html! { code { (target.user) } }),
        ("Version", html! { (status.version().unwrap_or("none applied")) }),
    ];
    if let Some(replay) = &health.replay {
        let behind = replay.age.map_or_else(|| "unknown".to_owned(), words::duration);
        facts.push(("Standby", html! { "yes, it only replays; " (behind) " behind" }));
    }
    if health.encoding != "UTF8" {
        facts.push((
            "Encoding",
            html! { (health.encoding) ": a messenger needs UTF8, and " code { "run" } " refuses this one" },
        ));
    }
    if !health.folds_letters {
        facts.push(("Letters", html! { (migrate::ASCII_ONLY) }));
    }
    layout::facts(&facts)
}

fn running(runners: &[Holder], status: Option<&Status>) -> Markup {
    let (applied, pending) = status.map_or((0, 0), |status| (status.applied.len(), status.pending.len()));
    let all = applied + pending;
    html! {
        h2 { "Migrating now" }
        p role="status" {
            (applied) " of " (all) " migrations are applied. This page loads again every two seconds. "
            progress value=(applied) max=(all) aria-label="Migrations applied" { (applied) " of " (all) }
        }
        ul { @for holder in runners { li { (holder) } } }
    }
}

/// The sessions that wait for a lock, as a table.
pub(super) fn waits(waiting: &[Waiting]) -> Markup {
    let rows: Vec<_> = waiting
        .iter()
        .map(|wait| {
            html! {
                tr {
                    td class="number" { (wait.pid) }
                    td { (wait.application) }
                    td { (wait.role.as_deref().unwrap_or("unknown")) }
                    td { (wait.lock.as_deref().unwrap_or_default()) }
                    td { (wait.relation.as_deref().unwrap_or_default()) }
                    td class="number" { (wait.seconds.map(words::seconds).unwrap_or_default()) }
                    td { @for (number, blocker) in wait.blockers.iter().enumerate() { @if number > 0 { "; " } (blocker.described()) } }
                }
            }
        })
        .collect();
    html! {
        h2 { "Who waits for whom" }
        (layout::table(
            "Sessions that wait for a lock",
            &["process", "application", "role", "lock", "of", "for", "waits for"],
            &rows,
        ))
    }
}

fn migrations(status: &Status) -> Markup {
    let is_edited = |version: &str| status.edited.iter().any(|migration| migration.version.as_str() == version);
    let is_ahead = |version: &str| status.ahead.iter().any(|row| row.version == version);
    let applied = [(&status.applied, "messenger"), (&status.own, "service"), (&status.foreign, "another program")];
    let mut rows: Vec<_> = applied
        .iter()
        .flat_map(|(rows, whose)| rows.iter().map(move |row| (row, *whose)))
        .map(|(row, whose)| {
            let record = row.record.as_ref();
            let state = if is_edited(&row.version) {
                "applied, with another text"
            } else if is_ahead(&row.version) {
                "applied, not known to this binary"
            } else {
                "applied"
            };
            html! {
                tr {
                    td { code { (record.map_or(row.version.as_str(), |record| record.name.as_str())) } }
                    td { (whose) }
                    td { (state) }
                    td { (row.run_on) }
                    td class="number" { (record.and_then(|record| record.duration).map(words::duration).unwrap_or_default()) }
                    td { (record.and_then(|record| record.applied_by.as_deref()).unwrap_or_default()) }
                }
            }
        })
        .collect();
    rows.extend(status.pending.iter().map(|migration| {
        html! {
            tr {
                td { code { (migration.name) } }
                td { (if migration.owner == migrate::Owner::Messenger { "messenger" } else { "service" }) }
                td { strong { "pending" } }
                td {}
                td {}
                td {}
            }
        }
    }));
    let counts = [
        ("Applied", status.applied.len()),
        ("Pending", status.pending.len()),
        ("Ahead of this binary", status.ahead.len()),
        ("Of the service", status.own.len()),
        ("Foreign", status.foreign.len()),
    ];
    let counts: Vec<_> = counts.iter().map(|(name, count)| (*name, html! { (count) })).collect();
    html! {
        h2 { "Migrations" }
        (layout::facts(&counts))
        (layout::table("Migrations, the oldest first", &["migration", "whose", "state", "when", "took", "by"], &rows))
    }
}

fn differences(found: &Verification) -> Markup {
    let drift = found.catalog.drift();
    html! {
        h2 { "Differences" }
        @if let Comparison::Unknown(unknown) = &found.catalog {
            p { "Not known: " (unknown) "." }
        } @else if drift.is_none() && found.edited.is_empty() && found.layout.is_empty() {
            p { "None." }
        }
        @if let Some(drift) = drift {
            p { "The catalog of the database, compared with that of " (drift.whose()) "." }
            @for (kind, meaning) in [
                (Kind::Broken, "the schema means something else, or lacks something"),
                (Kind::Allowed, "would be broken, and is allowed"),
                (Kind::Tuned, "changes speed or words, not meaning"),
                (Kind::Foreign, "no part of this schema"),
            ] {
                @let of_kind: Vec<&Difference> = drift.of_kind(kind).take(SHOWN).collect();
                @if !of_kind.is_empty() {
                    details open[kind == Kind::Broken] {
                        summary { (drift.of_kind(kind).count()) " " (kind.as_str()) ": " (meaning) }
                        ul { @for difference in of_kind { li { code { (difference) } } } }
                    }
                }
            }
            @if matches!(found.catalog, Comparison::Drift(_)) { (diff(&drift.diff())) }
        }
        @if !found.layout.is_empty() {
            p { "Not where it belongs among the servers of Citus; " code { "messenger-db distribute" } " places what is new." }
            ul { @for wrong in &found.layout { li { (wrong) } } }
        }
        @for edited in &found.edited {
            h3 { "Applied with another text: " code { (edited.migration.name) } }
            (diff(&edited.diff()))
        }
    }
}

/// A diff, each line marked by what it is; colours are not all that tells them apart.
fn diff(text: &str) -> Markup {
    let class = |line: &str| match line.as_bytes().first() {
        Some(b'-') => "removed",
        Some(b'+') => "added",
        Some(b'@') => "place",
        _ => "same",
    };
    let lines = text.lines().count();
    html! {
        pre class="diff" tabindex="0" {
            @for line in text.lines().take(SHOWN) { span class=(class(line)) { (line) "\n" } }
            @if lines > SHOWN { "… and " (lines - SHOWN) " more lines; `messenger-db verify` prints them.\n" }
        }
    }
}

fn plan(status: &Status) -> Markup {
    let of_one = |migration: &migrate::Migration| {
        let (locks, made) = locks::of_migration(migration);
        html! {
            details {
                summary {
                    code { (migration.name) }
                    @if !migration.run_in_transaction { " outside of a transaction" }
                    @if !made.is_empty() { "; makes " (made.iter().cloned().collect::<Vec<_>>().join(", ")) }
                    @if let Some(strongest) = locks.values().max() { "; at most: " (strongest.meaning()) }
                }
                @if !locks.is_empty() {
                    ul {
                        @for (table, lock) in &locks { li { code { (table) } ": " (lock.mode()) ", " (lock.meaning()) } }
                    }
                }
                pre tabindex="0" { (migration.up) }
            }
        }
    };
    html! {
        h2 { "What run would do" }
        @if status.pending.is_empty() {
            p { "Nothing." }
        } @else {
            p {
                "These migrations, in this order. The locks are read off the statements; each is held until its migration ends, \
                 and a lock that cannot be acquired within two seconds is given up and tried again. "
                code { "messenger-db plan --rehearse" } " measures them. "
                a href="/plan.sql" { "The whole as a script for psql" } "."
            }
            @for migration in &status.pending { (of_one(migration)) }
        }
    }
}

/// What `run` would do, as a script for psql.
pub(super) fn script(database: &Database) -> Result<String, Failure> {
    Ok(migrate::plan(&database.runner, &migrate::RunOptions::default())?.sql)
}
