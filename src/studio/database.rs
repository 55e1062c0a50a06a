//! The connections of the studio: every statement is in a READ ONLY transaction that ends in time.

use std::fmt::{self, Write as _};
use std::sync::OnceLock;
use std::time::Duration;

use axum::http::StatusCode;
use diesel::connection::SimpleConnection as _;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::BoxedSqlQuery;
use diesel::r2d2::ConnectionManager;
use diesel::sql_types::{Array, Nullable, Text};
use serde::de::DeserializeOwned;

use super::failure::Failure;
use crate::interruption;
use crate::migrate::{self, Pool};
use crate::reference::{self, Reference};

/// The database that is shown.
pub(super) struct Database {
    /// The runner's sessions, which only read.
    pub(super) runner: Pool,
    sessions: r2d2::Pool<ConnectionManager<PgConnection>>,
    timeout: Duration,
    has_learned: OnceLock<()>,
}

impl fmt::Debug for Database {
    /// Without its connection string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

impl Database {
    /// The database of a pool, in sessions of its own.
    pub(super) fn open(pool: &Pool, timeout: Duration) -> Result<Self, migrate::Error> {
        let runner = migrate::read_only(pool, timeout)?;
        let manager = ConnectionManager::new(runner.conninfo().with_secrets());
        let sessions = r2d2::Pool::builder()
            .connection_timeout(Duration::from_secs(5))
            .max_size(3)
            .min_idle(Some(0))
            .build_unchecked(manager);
        Ok(Self { runner, sessions, timeout, has_learned: OnceLock::new() })
    }

    /// Reads in one transaction, which sees one state, changes nothing, and has so long for each statement. Values are
    /// written as text in one way, whatever the role has set.
    pub(super) fn read<T>(&self, work: impl FnOnce(&mut PgConnection) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut conn = self.sessions.get().map_err(|_| {
            Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "There is no connection to the database just now.",
                "Load the page again; other pages may be using all of the studio's connections.",
            )
        })?;
        if self.has_learned.get().is_none() {
            // Without it a timeout is shown as what the server says.
            let _ = interruption::learn(&mut conn);
            let _ = self.has_learned.set(());
        }
        let settings = format!(
            "SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = 2000; SET LOCAL TimeZone = 'UTC';
             SET LOCAL DateStyle = 'ISO, MDY'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex';
             SET LOCAL extra_float_digits = 1",
            self.timeout.as_millis()
        );
        conn.build_transaction().read_only().repeatable_read().run(|conn| {
            conn.batch_execute(&settings)?;
            work(conn)
        })
    }

    /// What the schema is made of, as it is now.
    pub(super) fn reference(&self) -> Result<Reference, Failure> {
        Ok(reference::read_as_anybody(&self.runner)?)
    }
}

/// SQL with parameters, which are texts: `$1` is cast where another type is meant.
#[derive(Debug, Clone, Default)]
pub(super) struct Statement {
    sql: String,
    parameters: Vec<String>,
    /// The same with the values in it, quoted.
    shown: String,
}

impl Statement {
    pub(super) fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), parameters: Vec::new(), shown: sql.to_owned() }
    }

    /// More of the text.
    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self.shown.push_str(sql);
        self
    }

    /// A value, as the type that SQL calls so.
    pub(super) fn push_value(&mut self, value: &str, r#type: &str) -> &mut Self {
        self.parameters.push(value.to_owned());
        // Writing to a String does not fail.
        let _ = write!(self.sql, "${}::text::{type}", self.parameters.len());
        let _ = write!(self.shown, "{}::{type}", migrate::literal(value).trim_start());
        self
    }

    /// With the values in it, for people and for psql.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    fn query(&self) -> BoxedSqlQuery<'static, Pg, diesel::query_builder::SqlQuery> {
        self.parameters
            .iter()
            .fold(diesel::sql_query(self.sql.clone()).into_boxed(), |query, value| query.bind::<Text, _>(value.clone()))
    }

    /// Its rows: the columns are `cells` and `key`, two arrays of texts.
    pub(super) fn rows(&self, conn: &mut PgConnection) -> Result<Vec<Row>, Failure> {
        Ok(self.query().load(conn)?)
    }

    /// Its rows as JSON objects, read into a struct.
    pub(super) fn objects<T: DeserializeOwned>(&self, conn: &mut PgConnection) -> Result<Vec<T>, Failure> {
        let json = Self {
            sql: format!("SELECT coalesce(json_agg(to_json(row)), '[]')::text AS json FROM ({}) AS row", self.sql),
            parameters: self.parameters.clone(),
            shown: String::new(),
        };
        let found: Json = json.query().get_result(conn)?;
        serde_json::from_str(&found.json).map_err(|error| {
            Failure::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("The server described itself in a way that is not understood: {error}"),
                "Use a newer messenger-db with this PostgreSQL.",
            )
        })
    }
}

/// A row of a table of the database.
#[derive(Debug, QueryableByName)]
pub(super) struct Row {
    /// The columns that are shown, cut.
    #[diesel(sql_type = Array<Nullable<Text>>)]
    pub(super) cells: Vec<Option<String>>,
    /// The columns of the key that the rows are in the order of, whole.
    #[diesel(sql_type = Array<Nullable<Text>>)]
    pub(super) key: Vec<Option<String>>,
}

#[derive(Debug, QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

#[cfg(test)]
mod tests {
    use super::Statement;

    #[test]
    fn a_statement_is_shown_with_its_values_quoted() {
        let mut statement = Statement::new("SELECT ");
        statement
            .push_value("it's", "text")
            .push(", ")
            .push_value("$1::text::", "text")
            .push(", ")
            .push_value("\\'", "text");
        assert_eq!(statement.shown(), r"SELECT 'it''s'::text, '$1::text::'::text, E'\\'''::text");
        assert_eq!(statement.sql, "SELECT $1::text::text, $2::text::text, $3::text::text");
    }
}
