//! Connects to a migrated database for the operations, and words how they fail.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Bool, Nullable, Text};

use super::args::Connection;
use super::database::{self, establish};
use super::output::Output;
use super::{Exit, Problem};
use crate::error::Failure;
use crate::migrate::{self, Target};
use crate::queries::statement::statement;

statement! {
    /// The tables of which row-level security may hide rows from this role; null: none.
    HiddenRows { tables: Vec<String> as Array<Text>, commands: Vec<String> as Array<Text> } -> (Nullable<Text>,) = "hidden_rows.sql"
}

/// A database that has the schema of this binary.
pub struct Operations {
    /// Where it is.
    pub target: Target,
    conninfo: String,
    /// The names of the schema's tables.
    tables: Vec<String>,
    lock_timeout: Duration,
    statement_timeout: Duration,
}

/// What a command does with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// It reads them.
    Read,
    /// It changes and removes them.
    Change,
}

impl Operations {
    /// Finds the database, and closes the runner's connections to it: a command that waits for hours holds none.
    pub fn open(connection: &Connection, output: &mut Output) -> Result<Self, Problem> {
        Self::of(connection, output, false)
    }

    /// The same, for what answers for every table: a database that is ahead may have tables that this binary does not know.
    pub fn open_known(connection: &Connection, output: &mut Output) -> Result<Self, Problem> {
        Self::of(connection, output, true)
    }

    fn of(connection: &Connection, output: &mut Output, must_be_known: bool) -> Result<Self, Problem> {
        let database = database::open(connection, output)?;
        let status = database.refuse_pending()?;
        if must_be_known && let Err(error) = status.refuse_ahead() {
            let help = "Nothing was done, because there may be tables that this release does not know. Use the release that has \
                        migrated this database, or one after it.";
            let problem = database.diagnose_look(error);
            return Err(Problem { help: Some(help.to_owned()), ..problem });
        }
        let subjects = migrate::subjects(database.pool.migrations()).into_iter();
        let tables = subjects.filter_map(|subject| subject.strip_prefix("table ").map(str::to_owned)).collect();
        Ok(Self {
            target: database.target.clone(),
            tables,
            conninfo: database.into_conninfo(),
            lock_timeout: connection.lock_timeout,
            statement_timeout: connection.statement_timeout.unwrap_or_default(),
        })
    }

    /// A connection with the timeouts of the command line, for a role that may do this with rows, and sees all of them.
    ///
    /// A stricter isolation would have batches fail that wait for others. And a database may refuse that views are read, which
    /// not every PostgreSQL 15 knows.
    pub fn connect(&self, rows: Rows) -> Result<PgConnection, Problem> {
        let mut conn = establish(&self.conninfo)?;
        let settings = format!(
            "SET lock_timeout = {}; SET statement_timeout = {}; SET default_transaction_isolation = 'read committed';
             SELECT set_config('restrict_nonsystem_relation_kind', '', false)
             WHERE current_setting('restrict_nonsystem_relation_kind', true) <> ''",
            self.lock_timeout.as_millis(),
            self.statement_timeout.as_millis()
        );
        conn.batch_execute(&settings)?;
        let may = match rows {
            Rows::Read => {
                "has_table_privilege('messages', 'SELECT') AND has_table_privilege('user_sessions', 'SELECT')"
            }
            Rows::Change => "has_table_privilege('messages', 'DELETE') AND has_table_privilege('users', 'UPDATE')",
        };
        if diesel::select(sql::<Bool>(may)).get_result(&mut conn)? {
            self.refuse_hidden(&mut conn, rows)?;
            return Ok(conn);
        }
        let (verb, role) = match rows {
            Rows::Read => ("read", "the role that reads"),
            Rows::Change => ("write", "the role that writes rows"),
        };
        Err(Problem::new(
            Exit::PermissionDenied,
            format!("permission denied: this role may not {verb} here"),
            format!("Run it as a member of {role} (`messenger-db roles` makes one), or as the owner."),
        ))
    }

    /// Refuses a role that row-level security may keep rows from, which are neither exported, removed nor counted then. A policy
    /// that shows the role every row keeps it from none.
    fn refuse_hidden(&self, conn: &mut PgConnection, rows: Rows) -> Result<(), Problem> {
        let commands: &[&str] = match rows {
            Rows::Read => &["*", "r"],
            Rows::Change => &["*"],
        };
        let hidden = HiddenRows {
            tables: self.tables.clone(),
            commands: commands.iter().map(|command| (*command).to_owned()).collect(),
        };
        let (Some(tables),) = hidden.get_result::<(Option<String>,)>(conn)? else { return Ok(()) };
        Err(Problem::new(
            Exit::PermissionDenied,
            format!("row-level security may hide rows of these tables from this role: {tables}"),
            "Run it as a role that sees all rows: as the owner where it is not forced, as a superuser, or as one with BYPASSRLS. Or \
             give this role a policy that shows it all of them: FOR ALL USING (true).",
        ))
    }

    /// The problem, as one of a lock if that is what the server said of it.
    pub fn judge(&self, problem: Problem) -> Problem {
        if problem.exit == Exit::Failed && self.is_lock_timeout(&problem.message) {
            Problem::new(Exit::Locked, problem.message, AFTER_LOCK)
        } else {
            problem
        }
    }

    /// Whether the server says so of a lock that was not to be had in time. Diesel passes on its words, in whatever language, and
    /// no code: so two more sessions get it to say it once.
    pub fn is_lock_timeout(&self, message: &str) -> bool {
        let said = || {
            let mut holder = establish(&self.conninfo).ok()?;
            let mut waiter = establish(&self.conninfo).ok()?;
            holder
                .batch_execute("SELECT pg_advisory_lock_shared(hashtextextended('messenger-db lock timeout', 0))")
                .ok()?;
            waiter.batch_execute("SET lock_timeout = '1ms'").ok()?;
            let waited = "SELECT pg_advisory_lock(hashtextextended('messenger-db lock timeout', 0))";
            waiter.batch_execute(waited).err().map(|error| error.to_string())
        };
        said().is_some_and(|said| said == message)
    }
}

/// What to do after a lock was not to be had in time.
pub const AFTER_LOCK: &str = "Another session holds the lock that this needs. Run the same command again at a quieter time, or with a longer \
     `--lock-timeout`: what it has written in the database stays, and is not done twice.";

/// What to show for an error of the database in an operation.
impl From<DieselError> for Problem {
    fn from(error: DieselError) -> Self {
        let (exit, help) = match Failure::of(&error) {
            Failure::ConnectionLost => (Exit::NoConnection, AGAIN),
            Failure::Contention => (Exit::Locked, AFTER_LOCK),
            Failure::ReadOnly => (Exit::Failed, READ_ONLY),
            _ => (Exit::Failed, AGAIN),
        };
        Self::new(exit, error.to_string(), help)
    }
}

/// What to do where nothing can be changed.
pub const READ_ONLY: &str = "The database is read only: a standby, or default_transaction_read_only is on. Point the database URL to the \
     primary.";

const AGAIN: &str = "Run the same command again: what it has written in the database stays, and is not done twice.";
