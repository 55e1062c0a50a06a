//! Reads how many rows and bytes each table of the current schema has, as far as the server knows.

use crate::migrate::error::Error;
use crate::migrate::session::pool::Pool;

/// How large a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub name: String,
    /// How many rows it has, by the server's estimate. `None`: it was never counted.
    pub rows: Option<u64>,
    /// Its bytes, with its indexes and what its wide values are kept in.
    pub bytes: u64,
}

/// Reads the sizes of the tables of the current schema, the largest first. Changes nothing, reads no row of a table, and
/// takes the lock that a SELECT takes.
///
/// # Errors
///
/// [`Error::Server`] when the server cannot be asked, and when somebody holds a table for himself longer than the pool's
/// `lock_timeout`.
pub fn table_sizes(pool: &Pool) -> Result<Vec<TableSize>, Error> {
    let rows = pool.get()?.execute(
        "SELECT class.relname, CASE WHEN class.reltuples >= 0 THEN class.reltuples::bigint ELSE stat.n_live_tup END,
             pg_total_relation_size(class.oid) AS bytes
         FROM pg_class AS class
         LEFT JOIN pg_stat_user_tables AS stat ON stat.relid = class.oid
         WHERE class.relnamespace = to_regnamespace(quote_ident(current_schema())) AND class.relkind IN ('r', 'p', 'm')
         ORDER BY bytes DESC, class.relname::text COLLATE \"C\"",
    )?;
    let size = |row: Vec<Option<String>>| {
        let mut values = row.into_iter();
        let (name, rows, bytes) = (values.next()??, values.next()?, values.next()??);
        Some(TableSize { name, rows: rows.and_then(|rows| rows.parse().ok()), bytes: bytes.parse().ok()? })
    };
    Ok(rows.into_iter().filter_map(size).collect())
}
