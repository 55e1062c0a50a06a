//! Who holds a table for himself, so that even reading it waits, and who waits to do so.

use diesel::PgConnection;
use maud::{Markup, html};
use serde::Deserialize;

use super::database::{Database, Statement};
use super::failure::Failure;
use super::words;

/// A session in the way of others.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Session {
    /// `None`: a prepared transaction, which has no process.
    pub(super) pid: Option<i32>,
    pub(super) application: Option<String>,
    pub(super) role: Option<String>,
    pub(super) state: Option<String>,
    /// Since when its transaction is open, in seconds.
    pub(super) seconds: Option<f64>,
}

impl Session {
    /// `process 42 (psql, role messenger), idle in transaction, its transaction began 5 min ago`.
    pub(super) fn described(&self) -> String {
        let who = match self.pid {
            Some(pid) if pid > 0 => {
                let known = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
                let application = known(&self.application).unwrap_or_else(|| "no application name".to_owned());
                let role = known(&self.role).unwrap_or_else(|| "not shown".to_owned());
                format!("process {pid} ({application}, role {role})")
            }
            _ => "a prepared transaction".to_owned(),
        };
        let state = self.state.as_ref().map(|state| format!(", {state}")).unwrap_or_default();
        let since = self.seconds.map(|seconds| format!(", its transaction began {} ago", words::seconds(seconds)));
        format!("{who}{state}{}", since.unwrap_or_default())
    }
}

/// A table that a session has locked ACCESS EXCLUSIVE, or waits to lock so: whoever comes later waits behind it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Held {
    pub(super) table: String,
    is_granted: bool,
    session: Session,
}

const HELD: &str = "
    SELECT class.relname AS \"table\", lock.granted AS is_granted,
        json_build_object(
            'pid', lock.pid, 'application', activity.application_name, 'role', activity.usename, 'state', activity.state,
            'seconds', extract(epoch FROM clock_timestamp() - activity.xact_start)::float8
        ) AS session
    FROM pg_locks AS lock
    INNER JOIN pg_database AS own ON own.oid = lock.database
    INNER JOIN pg_class AS class ON class.oid = lock.relation
    LEFT JOIN pg_stat_activity AS activity ON activity.pid = lock.pid
    WHERE lock.locktype = 'relation' AND lock.mode = 'AccessExclusiveLock' AND own.datname = current_database()
        AND lock.pid IS DISTINCT FROM pg_backend_pid() AND class.relkind IN ('r', 'p', 'm')
        AND class.relnamespace = to_regnamespace(quote_ident(current_schema()))
    ORDER BY class.relname::text COLLATE \"C\", lock.granted DESC, lock.pid
    LIMIT 200";

/// The tables of the current schema that are held. Reads nothing that could wait.
pub(super) fn read(conn: &mut PgConnection) -> Result<Vec<Held>, Failure> {
    Statement::new(HELD).objects(conn)
}

/// The same in a transaction of its own; where it cannot be read, nothing is said.
pub(super) fn of(database: &Database) -> Vec<Held> {
    database.read(read).unwrap_or_default()
}

/// Says which tables are held, by whom and since when.
pub(super) fn notice(held: &[Held]) -> Markup {
    html! {
        @if !held.is_empty() {
            div class="bad" role="status" {
                p { "Held for itself by another session: what must read these tables waits for it or is left out here." }
                ul {
                    @for of in held {
                        li {
                            code { (of.table) } @if of.is_granted { " is held by " } @else { " will be held, once its turn comes, by " }
                            (of.session.described())
                        }
                    }
                }
            }
        }
    }
}

/// The mark beside a table whose size is not read.
pub(super) fn mark(held: &[Held], table: &str) -> Markup {
    let found = held.iter().find(|of| of.table == table);
    html! {
        @if let Some(of) = found {
            " " strong class="bad" title=(of.session.described()) {
                "held by " @if let Some(pid) = of.session.pid { "process " (pid) } @else { "a prepared transaction" }
            }
        }
    }
}
