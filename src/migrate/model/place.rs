//! Where in the SQL of a migration something failed.

use crate::migrate::model::migration::Migration;
use crate::migrate::sql::libpq::ServerError;
use crate::migrate::sql::statements;

/// Where in a migration a statement failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The migration.
    pub migration: Migration,
    /// Its file, such as `migrations/2026-11-22-100100-messenger_create_users/up.sql`.
    pub file: String,
    /// The file's text.
    pub sql: &'static str,
    /// Where in it, in bytes from 0: what the server pointed at, or else the beginning of the statement.
    pub offset: usize,
    /// The line of that, from 1.
    pub line: usize,
    /// The column of that, in characters from 1.
    pub column: usize,
}

impl Place {
    /// A place in `up.sql`, given in bytes.
    pub(crate) fn in_up(migration: &Migration, offset: usize) -> Self {
        let (line, column) = statements::line_and_column(migration.up, offset);
        let file = format!("{}/{}/up.sql", migration.folder, migration.name);
        Self { migration: *migration, file, sql: migration.up, offset, line, column }
    }

    pub(crate) fn of(migration: &Migration, file: &str, sql: &'static str, error: &ServerError) -> Self {
        let pointed_at = error.position.map(|position| statements::offset_of_position(sql, position));
        let statement = || statements::split(sql).get(error.completed).map(|statement| statement.start);
        let offset = pointed_at.or_else(statement).unwrap_or(0);
        let (line, column) = statements::line_and_column(sql, offset);
        Self {
            migration: *migration,
            file: format!("{}/{}/{file}", migration.folder, migration.name),
            sql,
            offset,
            line,
            column,
        }
    }
}
