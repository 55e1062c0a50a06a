//! What the server measures of each table and index, and what the role may read of it.

use std::collections::{BTreeMap, BTreeSet};

use diesel::PgConnection;
use serde::Deserialize;

use super::database::Statement;
use super::failure::Failure;

/// What is measured of a table.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Measures {
    pub(super) name: String,
    /// How many rows it has, as far as the server knows. `None`: it was never counted.
    pub(super) rows: Option<i64>,
    /// The table and what its wide values are kept in.
    pub(super) bytes: Option<i64>,
    pub(super) index_bytes: Option<i64>,
    /// How much of the table is air, by the average widths of its columns. `None`: not known.
    pub(super) bloat_bytes: Option<i64>,
    pub(super) live: Option<i64>,
    pub(super) dead: Option<i64>,
    pub(super) inserts: Option<i64>,
    pub(super) updates: Option<i64>,
    pub(super) deletes: Option<i64>,
    pub(super) hot: Option<i64>,
    pub(super) full_scans: Option<i64>,
    /// How many rows the full scans have read.
    pub(super) scanned_rows: Option<i64>,
    pub(super) index_scans: Option<i64>,
    pub(super) vacuumed: Option<String>,
    pub(super) analyzed: Option<String>,
    /// The columns that the role may read.
    pub(super) readable: BTreeSet<String>,
}

/// What is measured of an index.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct IndexMeasures {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) bytes: Option<i64>,
    pub(super) scans: Option<i64>,
    pub(super) is_valid: bool,
    pub(super) is_constraint: bool,
    pub(super) is_unique: bool,
    pub(super) definition: String,
    pub(super) comment: Option<String>,
}

impl IndexMeasures {
    /// What uses it, without the words that every comment of an index begins with.
    pub(super) fn purpose(&self) -> Option<&str> {
        self.comment.as_deref().map(|comment| comment.strip_prefix("Used by: ").unwrap_or(comment))
    }
}

const TABLES: &str = include_str!("measures.sql");

const INDEXES: &str = "
    WITH held AS (
        SELECT lock.relation FROM pg_locks AS lock
        INNER JOIN pg_database AS own ON own.oid = lock.database
        WHERE lock.locktype = 'relation' AND lock.mode = 'AccessExclusiveLock' AND own.datname = current_database()
            AND lock.pid IS DISTINCT FROM pg_backend_pid()
    )
    SELECT class.relname AS name, of.relname AS \"table\", stat.idx_scan AS scans,
        CASE
            WHEN class.oid IN (SELECT held.relation FROM held) THEN class.relpages::bigint * 8192
            ELSE pg_relation_size(class.oid)
        END AS bytes,
        ind.indisvalid AS is_valid, ind.indisunique AS is_unique,
        EXISTS (SELECT FROM pg_constraint AS con WHERE con.conindid = class.oid AND con.contype IN ('p', 'u', 'x'))
            AS is_constraint,
        CASE
            WHEN of.oid IN (SELECT held.relation FROM held) THEN 'not read: held by another session'
            ELSE regexp_replace(pg_get_indexdef(class.oid, 0, true), '^.*? USING ', '')
        END AS definition,
        obj_description(class.oid, 'pg_class') AS comment
    FROM pg_index AS ind
    INNER JOIN pg_class AS class ON class.oid = ind.indexrelid
    INNER JOIN pg_class AS of ON of.oid = ind.indrelid
    LEFT JOIN pg_stat_user_indexes AS stat ON stat.indexrelid = ind.indexrelid
    WHERE of.relnamespace = to_regnamespace(quote_ident(current_schema())) AND class.relkind IN ('i', 'I')
    ORDER BY of.relname::text COLLATE \"C\", class.relname::text COLLATE \"C\"";

/// A foreign key that no index begins with the columns of, and that nothing says why of.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct UnindexedKey {
    pub(super) name: String,
    pub(super) table: String,
    pub(super) columns: String,
    pub(super) target: String,
}

const UNINDEXED_KEYS: &str = "
    SELECT con.conname AS name, class.relname AS \"table\", con.confrelid::regclass::text AS target,
        (
            SELECT string_agg(att.attname, ', ' ORDER BY place) FROM unnest(con.conkey) WITH ORDINALITY AS key (number, place)
            INNER JOIN pg_attribute AS att ON att.attrelid = con.conrelid AND att.attnum = key.number
        ) AS columns
    FROM pg_constraint AS con
    INNER JOIN pg_class AS class ON class.oid = con.conrelid
    WHERE con.contype = 'f' AND con.conparentid = 0
        AND class.relnamespace = to_regnamespace(quote_ident(current_schema()))
        AND coalesce(obj_description(con.oid, 'pg_constraint'), '') NOT LIKE 'Not indexed:%'
        AND NOT EXISTS (
            SELECT FROM pg_index AS ind
            WHERE ind.indrelid = con.conrelid AND ind.indisvalid
                AND (ind.indkey::int2[])[0:cardinality(con.conkey) - 1] @> con.conkey
        )
    ORDER BY class.relname::text COLLATE \"C\", con.conname::text COLLATE \"C\"
    LIMIT 200";

/// The foreign keys of the current schema without an index. Those of this schema say why in their comment, and are left out.
pub(super) fn unindexed_keys(conn: &mut PgConnection) -> Result<Vec<UnindexedKey>, Failure> {
    Statement::new(UNINDEXED_KEYS).objects(conn)
}

/// The measures of every table, view and foreign table of the current schema, by name.
pub(super) fn tables(conn: &mut PgConnection) -> Result<BTreeMap<String, Measures>, Failure> {
    let found: Vec<Measures> = Statement::new(TABLES).objects(conn)?;
    Ok(found.into_iter().map(|measures| (measures.name.clone(), measures)).collect())
}

/// The measures of every index of the current schema, by table and name.
pub(super) fn indexes(conn: &mut PgConnection) -> Result<Vec<IndexMeasures>, Failure> {
    Statement::new(INDEXES).objects(conn)
}

/// The role that the pages are read as.
pub(super) fn role(conn: &mut PgConnection) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Role {
        role: String,
    }
    let found: Vec<Role> = Statement::new("SELECT current_user AS role").objects(conn)?;
    Ok(found.into_iter().next().map(|found| found.role).unwrap_or_default())
}
