//! The rules that every table keeps, those to come included.

use crate::support::TestDatabase;

/// What a query lists, which should be nothing.
fn exceptions(sql: &str) -> Vec<String> {
    TestDatabase::migrated().column(sql)
}

/// Ours: what is in `public`, but for Diesel's own table and what an extension brought.
const TABLES: &str = "
    SELECT oid, relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
        AND relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')";

#[test]
fn every_table_view_and_column_is_commented() {
    assert_eq!(
        exceptions(&format!(
            "SELECT relname FROM ({TABLES}) AS ours WHERE obj_description(oid, 'pg_class') IS NULL
             UNION ALL
             SELECT relname || '.' || attname FROM ({TABLES}) AS ours
             INNER JOIN pg_attribute ON attrelid = ours.oid
             WHERE attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL"
        )),
        [""; 0]
    );
}

#[test]
fn every_type_and_function_is_commented() {
    assert_eq!(
        exceptions(
            "SELECT typname::text FROM pg_type
             WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd') AND obj_description(oid, 'pg_type') IS NULL
             UNION ALL
             SELECT proname::text FROM pg_proc
             WHERE pronamespace = 'public'::regnamespace AND obj_description(oid, 'pg_proc') IS NULL
                 AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
        ),
        [""; 0]
    );
}

#[test]
fn no_timestamp_is_naive() {
    assert_eq!(
        exceptions(&format!(
            "SELECT relname || '.' || attname FROM ({TABLES}) AS ours
             INNER JOIN pg_attribute ON attrelid = ours.oid
             WHERE attnum > 0 AND atttypid IN ('timestamp'::regtype, 'timetz'::regtype, 'time'::regtype)"
        )),
        [""; 0]
    );
}

#[test]
fn every_time_is_named_at() {
    assert_eq!(
        exceptions(&format!(
            "SELECT relname || '.' || attname FROM ({TABLES}) AS ours
             INNER JOIN pg_attribute ON attrelid = ours.oid
             WHERE attnum > 0 AND (atttypid = 'timestamptz'::regtype) <> (attname LIKE '%\\_at')"
        )),
        [""; 0]
    );
}

/// A name is chosen when it begins with the table's and ends with what the thing is, and no number was appended.
#[test]
fn every_constraint_and_index_is_named_on_purpose() {
    assert_eq!(
        exceptions(&format!(
            "SELECT conname::text FROM pg_constraint
             INNER JOIN ({TABLES}) AS ours ON conrelid = ours.oid
             WHERE contype <> 'n' AND NOT (
                 starts_with(conname, relname || '_')
                 AND conname LIKE '%\\_' || CASE contype WHEN 'p' THEN 'pkey' WHEN 'f' THEN 'fkey' WHEN 'c' THEN 'check' WHEN 'u' THEN 'key' END
             )
             UNION ALL
             SELECT own.relname::text FROM pg_index
             INNER JOIN ({TABLES}) AS ours ON indrelid = ours.oid
             INNER JOIN pg_class AS own ON own.oid = indexrelid
             WHERE NOT (
                 starts_with(own.relname, ours.relname || '_')
                 AND own.relname LIKE CASE WHEN indisprimary THEN '%\\_pkey' WHEN indisunique THEN '%\\_key' ELSE '%\\_idx' END
             )"
        )),
        [""; 0]
    );
}

#[test]
fn every_foreign_key_is_indexed_or_says_why_not() {
    assert_eq!(
        exceptions(
            "SELECT conname::text FROM pg_constraint AS con
             WHERE contype = 'f' AND connamespace = 'public'::regnamespace
                 AND coalesce(obj_description(con.oid, 'pg_constraint') NOT LIKE 'Not indexed%', true)
                 AND NOT EXISTS (
                     SELECT FROM pg_index
                     WHERE indrelid = conrelid
                         AND (indpred IS NULL OR pg_get_expr(indpred, indrelid) = format('(%I IS NOT NULL)', (
                             SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[cardinality(conkey)]
                         )))
                         -- The first columns of the index are those of the key, in whatever order.
                         AND (string_to_array(indkey::text, ' ')::smallint[])[1:cardinality(conkey)] @> conkey
                 )"
        ),
        [""; 0]
    );
}

/// Whoever reads a migration sees what happens on deletion without knowing PostgreSQL's default.
#[test]
fn every_foreign_key_states_its_on_delete() {
    for migration in messenger_db::migrate::migrations().unwrap() {
        for statement in messenger_db::migrate::for_tests::statements::split(migration.up) {
            let keys = statement.text.matches("FOREIGN KEY").count();
            let stated = statement.text.matches("ON DELETE").count();
            assert_eq!(keys, stated, "in {}: {}", migration.name, statement.text);
        }
    }
}

/// A table that Citus distributes has no trigger; one that it distributes by chat has keys that begin with the chat.
#[test]
fn what_belongs_to_a_chat_can_be_distributed_by_it() {
    let of_chats = format!(
        "SELECT ours.oid, relname FROM ({TABLES}) AS ours
         INNER JOIN pg_attribute ON attrelid = ours.oid AND attname = 'chat_id'"
    );
    assert_eq!(
        exceptions(&format!(
            "SELECT relname || ': trigger ' || tgname FROM pg_trigger
             INNER JOIN ({TABLES}) AS ours ON tgrelid = ours.oid
             WHERE NOT tgisinternal
             UNION ALL
             SELECT relname || ': unique without the chat: ' || indexrelid::regclass FROM pg_index
             INNER JOIN ({of_chats}) AS ours ON indrelid = ours.oid
             WHERE indisunique AND NOT EXISTS (
                 SELECT FROM pg_attribute
                 WHERE attrelid = indrelid AND attname = 'chat_id' AND attnum = ANY (string_to_array(indkey::text, ' ')::smallint[])
             )
             UNION ALL
             SELECT own.relname || ': foreign key without the chat: ' || conname FROM pg_constraint
             INNER JOIN ({of_chats}) AS own ON conrelid = own.oid
             INNER JOIN ({of_chats}) AS other ON confrelid = other.oid
             WHERE contype = 'f' AND NOT EXISTS (
                 SELECT FROM pg_attribute WHERE attrelid = conrelid AND attname = 'chat_id' AND attnum = ANY (conkey)
             )"
        )),
        [""; 0]
    );
}

/// An id that points at another row has that row's type, so that the compiler tells ids apart.
#[test]
fn a_foreign_key_and_what_it_points_at_have_one_type() {
    assert_eq!(
        exceptions(
            "SELECT conname::text FROM pg_constraint
             CROSS JOIN LATERAL unnest(conkey, confkey) AS pair (own, other)
             INNER JOIN pg_attribute AS own ON own.attrelid = conrelid AND own.attnum = pair.own
             INNER JOIN pg_attribute AS other ON other.attrelid = confrelid AND other.attnum = pair.other
             WHERE contype = 'f' AND own.atttypid <> other.atttypid
             UNION ALL
             SELECT relname || '.' || attname FROM pg_attribute
             INNER JOIN pg_class ON pg_class.oid = attrelid AND relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
             WHERE atttypid = 'uuid'::regtype"
        ),
        [""; 0]
    );
}

/// An index on what a send, a receipt or a heartbeat writes would end HOT updates.
#[test]
fn no_index_covers_what_is_written_all_the_time() {
    assert_eq!(
        exceptions(
            "SELECT indexrelid::regclass || ' covers ' || attname FROM pg_index
             INNER JOIN pg_attribute ON attrelid = indrelid
                 AND (attnum = ANY (string_to_array(indkey::text, ' ')::smallint[])
                      OR coalesce(pg_get_expr(indpred, indrelid), '') || coalesce(pg_get_expr(indexprs, indrelid), '') LIKE '%' || attname || '%')
             WHERE (indrelid::regclass::text, attname) IN (
                 ('user_presence', 'status'), ('user_presence', 'last_seen_at'),
                 ('user_sessions', 'last_active_at'), ('user_sessions', 'server_id'), ('user_sessions', 'connection_id'),
                 ('user_sessions', 'connected_at'), ('chat_heads', 'last_uncounted_seq'),
                 ('chat_heads', 'last_seq'), ('chat_heads', 'last_message_at'), ('chat_heads', 'last_preview'),
                 ('unread_messages', 'last_read_seq'), ('unread_messages', 'last_delivered_seq')
             )"
        ),
        [""; 0]
    );
}
