//! A subscriber whose history is the publisher's: told, because its tables are not.

use std::sync::OnceLock;

use super::{applied, names, on, versions};
use crate::support::{Server, TestDatabase, until};

/// A server for logical replication.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        Server::wanted(|builder| {
            builder
                .throwaway()
                .setting("wal_level = logical")
                .setting("max_wal_senders = 4")
                .setting("max_replication_slots = 4")
        })
    })
}

/// Subscribes to what is written from now on. On one server, a subscription that makes its slot itself would wait for its own
/// transaction.
fn subscribe(subscriber: &TestDatabase, publisher: &TestDatabase, name: &str) {
    let slot = publisher.name();
    publisher.execute(&format!("SELECT pg_create_logical_replication_slot('{slot}', 'pgoutput')")).unwrap();
    let connection = publisher.connect();
    subscriber
        .execute(&format!(
            "CREATE SUBSCRIPTION {name} CONNECTION 'host={} user={} dbname={}' PUBLICATION {name}
             WITH (create_slot = false, slot_name = '{slot}', copy_data = false)",
            connection.host(),
            connection.user(),
            connection.database()
        ))
        .unwrap();
}

/// Ends a subscription, so that both databases can be dropped.
fn unsubscribe(subscriber: &TestDatabase, publisher: &TestDatabase, name: &str) {
    subscriber
        .execute(&format!("ALTER SUBSCRIPTION {name} DISABLE; ALTER SUBSCRIPTION {name} SET (slot_name = NONE)"))
        .unwrap();
    subscriber.execute(&format!("DROP SUBSCRIPTION {name}")).unwrap();
    let slot = publisher.name();
    until("the slot is free", || {
        publisher.value(&format!("SELECT active FROM pg_replication_slots WHERE slot_name = '{slot}'")) == "f"
    });
    publisher.execute(&format!("SELECT pg_drop_replication_slot('{slot}')")).unwrap();
}

#[test]
fn a_history_that_was_replicated_and_is_not_true_is_refused() {
    let (publisher, subscriber) = (TestDatabase::empty_on(server()), TestDatabase::empty_on(server()));
    for database in [&publisher, &subscriber] {
        on(database, &["run", "--to", names()[5]]).exits(0);
    }
    publisher.execute("CREATE PUBLICATION \"the sub\" FOR ALL TABLES").unwrap();
    subscribe(&subscriber, &publisher, "\"the sub\"");
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
    unsubscribe(&subscriber, &publisher, "\"the sub\"");
}

#[test]
fn tables_that_are_made_anew_are_said_to_be_out_of_the_publication_and_of_the_subscription() {
    let (publisher, subscriber) = (TestDatabase::empty_on(server()), TestDatabase::empty_on(server()));
    for database in [&publisher, &subscriber] {
        on(database, &["run"]).exits(0);
    }
    let tables = publisher.value(
        "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables
         WHERE schemaname = 'public' AND tablename NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')",
    );
    // One that does not have everything is not expected to.
    publisher
        .execute(&format!("CREATE PUBLICATION ours FOR TABLE {tables}; CREATE PUBLICATION part FOR TABLE users"))
        .unwrap();
    subscribe(&subscriber, &publisher, "ours");
    let arrived = |times: &str| {
        until("the row arrives", || subscriber.value("SELECT count(*) FROM unused_files") == times);
    };
    publisher.execute("INSERT INTO unused_files (file_key) VALUES ('one')").unwrap();
    arrived("1");

    // The subscriber's tables.
    let again = |database: &TestDatabase| {
        let redo = on(database, &["redo", "-n", "2"]).exits(0);
        on(database, &["revert", "-n", "2"]).exits(0);
        (redo, on(database, &["run"]).exits(0))
    };
    let (redo, run) = again(&subscriber);
    assert!(redo.stderr.contains("\n  ALTER SUBSCRIPTION ours REFRESH PUBLICATION\n"), "{}", redo.stderr);
    assert!(run.stderr.contains("the subscription ours gets no rows of unused_files: ALTER SUBSCRIPTION ours REFRESH"));
    subscriber.execute("ALTER SUBSCRIPTION ours REFRESH PUBLICATION WITH (copy_data = false)").unwrap();
    publisher.execute("INSERT INTO unused_files (file_key) VALUES ('two')").unwrap();
    arrived("1");

    // The publisher's.
    let (redo, run) = again(&publisher);
    for said in
        ["-- each subscriber to ours keeps its rows of unused_files: ", "ALTER PUBLICATION ours ADD TABLE unused_files"]
    {
        assert!(redo.stderr.contains(&format!("\n  {said}")), "{}", redo.stderr);
    }
    let said = "the publication ours does not have unused_files: ALTER PUBLICATION ours ADD TABLE unused_files, once";
    assert!(run.stderr.contains(said) && !run.stderr.contains("part"), "{}", run.stderr);
    // As docs/operating.md says.
    subscriber.execute("ALTER SUBSCRIPTION ours REFRESH PUBLICATION").unwrap();
    subscriber.execute("TRUNCATE unused_files").unwrap();
    publisher.execute("INSERT INTO unused_files (file_key) VALUES ('one')").unwrap();
    publisher.execute("ALTER PUBLICATION ours ADD TABLE unused_files").unwrap();
    subscriber.execute("ALTER SUBSCRIPTION ours REFRESH PUBLICATION").unwrap();
    publisher.execute("INSERT INTO unused_files (file_key) VALUES ('two')").unwrap();
    arrived("2");
    unsubscribe(&subscriber, &publisher, "ours");
}
