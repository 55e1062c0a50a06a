//! One `DELETE FROM chats` takes everything of that chat with it, and nothing else.

use super::rows;
use crate::support::TestDatabase;

const GROUP: &str = "'00000000-0000-7000-8000-0000000000e2'";

/// How many rows each table has of the group, and how many others: the server tells which table belongs to a chat.
fn counts(database: &TestDatabase) -> Vec<(String, String, String)> {
    let of_chats = database.column(
        "SELECT relname FROM pg_class INNER JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'chat_id'
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
             -- What a projector has to do it does, whether or not the chat is there still.
             AND relname <> 'inbox_marks'
         ORDER BY relname",
    );
    let all = database.column(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname",
    );
    let count = |table: &str, which: String| database.value(&format!("SELECT count(*) FROM {table} WHERE {which}"));
    all.into_iter()
        .map(|table| {
            let key = match table.as_str() {
                "chats" => "id",
                _ if of_chats.contains(&table) => "chat_id",
                _ => "NULL::uuid",
            };
            let own = count(&table, format!("{key} = {GROUP}"));
            let others = count(&table, format!("{key} IS DISTINCT FROM {GROUP}"));
            (table, own, others)
        })
        .collect()
}

#[test]
fn a_purge_takes_everything_of_the_chat_and_nothing_else() {
    let database = rows::populated();
    let before = counts(&database);
    assert!(before.iter().filter(|(_, own, _)| own != "0").count() >= 8, "{before:?}");
    database.execute(&format!("DELETE FROM chats WHERE id = {GROUP}")).unwrap();
    let without: Vec<_> = before.into_iter().map(|(table, _, others)| (table, "0".to_owned(), others)).collect();
    assert_eq!(counts(&database), without);
}

/// PostgreSQL fires foreign keys in the order they were made, and a restored dump may make them in another.
#[test]
fn a_purge_does_not_depend_on_the_order_of_the_foreign_keys() {
    for order in ["ASC", "DESC"] {
        let database = rows::populated();
        database
            .execute(&format!(
                "DO $$
                 DECLARE
                     key record;
                 BEGIN
                     FOR key IN
                         SELECT conname, conrelid::regclass AS own, pg_get_constraintdef(oid) AS definition
                         FROM pg_constraint
                         WHERE contype = 'f' AND connamespace = 'public'::regnamespace
                         ORDER BY conname {order}
                     LOOP
                         EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.own, key.conname);
                         EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', key.own, key.conname, key.definition);
                     END LOOP;
                 END
                 $$"
            ))
            .unwrap();
        database.execute(&format!("DELETE FROM chats WHERE id = {GROUP}")).unwrap();
        assert_eq!(database.value("SELECT count(*) FROM messages"), "0", "{order}");
    }
}
