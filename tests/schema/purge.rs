//! One `DELETE FROM chats` takes everything of that chat with it, and nothing else.

use super::rows;

const OF_CHATS: &[&str] = &[
    "chat_heads",
    "chat_participants",
    "messages",
    "message_edits",
    "attachments",
    "message_reactions",
    "unread_messages",
    "message_delivery",
];

const GROUP: &str = "'00000000-0000-7000-8000-0000000000e2'";

#[test]
fn a_purge_takes_everything_of_the_chat_and_nothing_else() {
    let database = rows::populated();
    database.execute(&format!("DELETE FROM chats WHERE id = {GROUP}")).unwrap();
    for table in OF_CHATS {
        assert_eq!(database.value(&format!("SELECT count(*) FROM {table} WHERE chat_id = {GROUP}")), "0", "{table}");
    }
    assert_eq!(database.value("SELECT count(*) FROM chats"), "1");
    assert_eq!(database.value("SELECT count(*) FROM chat_participants"), "2");
    assert_eq!(database.value("SELECT count(*) FROM users"), "4");
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
