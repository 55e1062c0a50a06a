//! What the server has seen of a test: who waits for whom, which updates were HOT, which indexes were scanned.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::InstrumentationEvent;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};

use crate::support::{TestDatabase, server, until};

/// What asks presence by itself.
const OF_PRESENCE: [&str; 2] = ["FROM \"user_presence\"", "SELECT \"users\".\"id\", \"users\".\"created_at\" FROM"];

/// How many statements an operation sends; without those that ask presence by itself, where the database is distributed.
pub fn statements<T>(conn: &mut PgConnection, act: impl FnOnce(&mut PgConnection) -> T) -> usize {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let is_distributed = !server().workers().is_empty();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && !(is_distributed && OF_PRESENCE.iter().any(|sql| query.to_string().contains(sql)))
        {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    act(conn);
    conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
    count.load(Ordering::Relaxed)
}

/// Returns when a connection waits for another's lock.
pub fn until_waiting(database: &TestDatabase, backend: i32) {
    let here = format!("SELECT FROM pg_locks WHERE pid = {backend} AND NOT granted");
    // On a worker, a session waits for it.
    let anywhere =
        format!("{here} UNION ALL SELECT FROM citus_lock_waits WHERE citus_pid_for_gpid(waiting_gpid) = {backend}");
    let waiting = if server().workers().is_empty() { here } else { anywhere };
    let mut conn = database.connect();
    until("the session waits for a lock", || !conn.execute(&waiting).unwrap().is_empty());
}

/// The server process of a connection.
pub fn backend(conn: &mut PgConnection) -> i32 {
    diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()")).get_result(conn).unwrap()
}

/// How often this database's tables were updated, and how many of the updates were HOT, by a table's name. Only what
/// `conn` did is sure to be counted.
pub fn updates(conn: &mut PgConnection, table: &str) -> (i64, i64) {
    flush(conn);
    diesel::sql_query("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = $1")
        .bind::<Text, _>(table)
        .get_result::<Updates>(conn)
        .map(|Updates { n_tup_upd, n_tup_hot_upd }| (n_tup_upd, n_tup_hot_upd))
        .unwrap()
}

/// How often each index of a table was scanned, or the table itself, by name. Only what `conn` did is sure to be
/// counted.
pub fn scans(conn: &mut PgConnection, table: &str) -> Vec<(String, i64)> {
    flush(conn);
    diesel::sql_query(
        "SELECT indexrelname::text AS name, idx_scan AS count FROM pg_stat_user_indexes WHERE relname = $1
         UNION ALL SELECT relname::text, seq_scan FROM pg_stat_user_tables WHERE relname = $1",
    )
    .bind::<Text, _>(table)
    .load::<Scans>(conn)
    .unwrap()
    .into_iter()
    .map(|Scans { name, count }| (name, count))
    .collect()
}

/// Which indexes of a table the operations scan, or the table itself, by name and in the order of the names. The table
/// should be large and analysed, or else the planner is right to read it all.
pub fn indexes_used<T>(conn: &mut PgConnection, table: &str, act: impl FnOnce(&mut PgConnection) -> T) -> Vec<String> {
    let before = scans(conn, table);
    act(conn);
    let mut ridden: Vec<_> =
        scans(conn, table).into_iter().filter(|scan| !before.contains(scan)).map(|(name, _)| name).collect();
    ridden.sort();
    ridden
}

/// Which indexes the operations scan, in the order of the names, and how many entries they read there; "all of" a table, where
/// they read it from one end to the other. The planner's own looks at an index count, too.
pub fn indexes_used_anywhere<T>(
    conn: &mut PgConnection,
    act: impl FnOnce(&mut PgConnection) -> T,
) -> Vec<(String, i64)> {
    let before = reads(conn);
    act(conn);
    let ridden = reads(conn).into_iter().zip(before).filter(|(after, before)| after.scans != before.scans);
    ridden.map(|(after, before)| (after.name, after.entries - before.entries)).collect()
}

fn reads(conn: &mut PgConnection) -> Vec<Reads> {
    flush(conn);
    diesel::sql_query(
        "SELECT indexrelname::text AS name, idx_scan AS scans, idx_tup_read AS entries FROM pg_stat_user_indexes
         UNION ALL SELECT 'all of ' || relname, seq_scan, seq_tup_read FROM pg_stat_user_tables ORDER BY name",
    )
    .load(conn)
    .unwrap()
}

/// Makes the server count what this connection has done.
fn flush(conn: &mut PgConnection) {
    diesel::sql_query("SELECT pg_stat_force_next_flush()").execute(conn).unwrap();
}

#[derive(QueryableByName)]
struct Updates {
    #[diesel(sql_type = BigInt)]
    n_tup_upd: i64,
    #[diesel(sql_type = BigInt)]
    n_tup_hot_upd: i64,
}

#[derive(QueryableByName)]
struct Scans {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Reads {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    scans: i64,
    #[diesel(sql_type = BigInt)]
    entries: i64,
}
