//! A subscriber whose history is the publisher's: told, because its tables are not.

use std::sync::OnceLock;

use super::{applied, names, on, versions};
use crate::support::{Server, TestDatabase, until};

#[test]
fn a_history_that_was_replicated_and_is_not_true_is_refused() {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| {
        Server::wanted(|builder| {
            builder
                .throwaway()
                .setting("wal_level = logical")
                .setting("max_wal_senders = 4")
                .setting("max_replication_slots = 4")
        })
    });
    let (publisher, subscriber) = (TestDatabase::empty_on(server), TestDatabase::empty_on(server));
    for database in [&publisher, &subscriber] {
        on(database, &["run", "--to", names()[5]]).exits(0);
    }
    publisher.execute("CREATE PUBLICATION everything FOR ALL TABLES").unwrap();
    // On one server, a subscription that makes its slot itself would wait for its own transaction.
    publisher.execute("SELECT pg_create_logical_replication_slot('slot', 'pgoutput')").unwrap();
    let connection = publisher.connect();
    subscriber
        .execute(&format!(
            "CREATE SUBSCRIPTION \"the sub\" CONNECTION 'host={} user={} dbname={}' PUBLICATION everything
             WITH (create_slot = false, slot_name = 'slot', copy_data = false)",
            connection.host(),
            connection.user(),
            connection.database()
        ))
        .unwrap();
    // True so far.
    on(&subscriber, &["run", "--to", names()[5]]).exits(0);
    on(&publisher, &["run"]).exits(0);
    until("the history arrives", || applied(&subscriber).len() == versions().len());

    on(&subscriber, &["run"])
        .exits(4)
        .complains("the history comes from another server, by the subscription \"the sub\"")
        .complains("__diesel_schema_migrations")
        .complains("messenger_db_ledger");
    on(&subscriber, &["run", "--allow-drift"]).exits(0);
    subscriber
        .execute("ALTER SUBSCRIPTION \"the sub\" DISABLE; ALTER SUBSCRIPTION \"the sub\" SET (slot_name = NONE)")
        .unwrap();
    subscriber.execute("DROP SUBSCRIPTION \"the sub\"").unwrap();
    publisher.execute("SELECT pg_drop_replication_slot('slot')").unwrap();
}
