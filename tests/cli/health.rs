//! What `status` says of the server: standby or not, how far behind, who waits for whom, and what a role may not see.

use std::sync::OnceLock;
use std::thread;

use serde_json::Value;

use super::{command, on};
use crate::support::{LockHolder, Run, Server, TestDatabase, messenger_db, until};

/// A server with a standby: these tests look at the whole server.
fn primary() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::throwaway(&[]))
}

fn status(database: &TestDatabase) -> Value {
    on(database, &["status", "--json"]).exits(0).json()
}

fn at(url: &str, arguments: &[&str]) -> Run {
    Run::of(messenger_db(arguments).env("DATABASE_URL", url))
}

/// What a role sees that may log in and is no superuser.
fn seen_by(database: &TestDatabase, role: &str) -> Value {
    let mut url = url::Url::parse(&database.url()).unwrap();
    let others: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "user").collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("user", role);
    at(url.as_str(), &["status", "--json"]).exits(0).json()
}

/// A migrated database that everybody may read, and the name of a role that can do nothing else.
fn with_reader() -> (TestDatabase, String) {
    let database = TestDatabase::empty_on(primary());
    on(&database, &["run"]).exits(0);
    let role = format!("{}_reader", database.name());
    database
        .execute(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC"))
        .unwrap();
    (database, role)
}

#[test]
fn a_standby_says_that_it_is_one_and_how_far_it_is_behind_and_after_a_failover_it_is_none() {
    let server: &'static Server = Box::leak(Box::new(Server::throwaway(&[])));
    let database = TestDatabase::empty_on(server);
    on(&database, &["run"]).exits(0);
    let standby = server.standby();
    let url = standby.url(database.name());
    let mut other = standby.connect();
    let mut value = |sql: &str| other.execute(sql).unwrap().remove(0).remove(0).unwrap();
    let written = || database.value("SELECT pg_current_wal_insert_lsn()");
    let sent = written();
    until("the standby has replayed", || value(&format!("SELECT pg_last_wal_replay_lsn() >= '{sent}'")) == "t");

    let json = at(&url, &["status", "--json"]).exits(0).json();
    assert_eq!((&json["standby"], &json["writable"]), (&true.into(), &false.into()));
    assert_eq!(json["replay_lag"], serde_json::json!({ "connected": true, "bytes": 0, "seconds": 0.0 }));
    let text = at(&url, &["status"]).exits(0).stdout;
    assert!(text.contains("\nstandby   yes, read-only; receives; 0 bytes and 0 ms behind\n"), "{text}");
    for arguments in [&["status", "--exit-code"][..], &["verify"], &["list"], &["pending"], &["plan"]] {
        at(&url, arguments).exits(0);
    }

    let json = status(&database);
    assert_eq!((&json["standby"], &json["writable"], &json["replay_lag"]), (&false.into(), &true.into(), &Value::Null));
    let seen = &json["standbys"][0];
    assert_eq!((&seen["name"], &seen["state"]), (&"standby".into(), &"streaming".into()));
    assert!(seen["bytes"].is_u64(), "{seen}");
    assert!(!on(&database, &["status"]).stdout.contains("standby"));

    database.execute("CREATE TABLE earlier ()").unwrap();
    let sent = written();
    until("the standby has replayed", || value(&format!("SELECT pg_last_wal_replay_lsn() >= '{sent}'")) == "t");
    value("SELECT pg_wal_replay_pause()::text");
    until("it pauses", || value("SELECT pg_get_wal_replay_pause_state()") == "paused");
    database.execute("CREATE TABLE later AS SELECT * FROM generate_series(1, 10000)").unwrap();
    let sent = written();
    until("the standby has received", || value(&format!("SELECT pg_last_wal_receive_lsn() >= '{sent}'")) == "t");
    let json = at(&url, &["status", "--json"]).exits(0).json();
    assert!(json["replay_lag"]["bytes"].as_u64().unwrap() > 10_000, "{json}");
    assert!(json["replay_lag"]["seconds"].as_f64().unwrap() > 0.0, "{json}");
    value("SELECT pg_wal_replay_resume()::text");

    database.execute("DROP TABLE earlier, later").unwrap();
    value("SELECT pg_promote()");
    let json = at(&url, &["status", "--json"]).exits(0).json();
    assert_eq!((&json["standby"], &json["writable"], &json["replay_lag"]), (&false.into(), &true.into(), &Value::Null));
    at(&url, &["redo"]).exits(0);
    at(&url, &["status", "--exit-code"]).exits(0);
}

#[test]
fn a_database_that_is_read_only_says_so_although_it_is_no_standby() {
    let database = TestDatabase::migrated();
    database.execute(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name())).unwrap();
    let json = status(&database);
    assert_eq!((&json["standby"], &json["writable"]), (&false.into(), &false.into()));
    let text = on(&database, &["status"]).exits(0).stdout;
    assert!(text.contains("\nwritable  no: "), "{text}");
}

#[test]
fn the_oldest_transaction_and_who_waits_for_a_lock_are_told() {
    let database = TestDatabase::empty_on(primary());
    on(&database, &["run"]).exits(0);
    let json = status(&database);
    assert_eq!(json["oldest_transaction_seconds"], Value::Null);
    assert_eq!(json["lock_waits"], serde_json::json!({ "count": 0, "longest_seconds": null }));

    let holder = LockHolder::of(&database, "LOCK TABLE users");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| database.execute("TABLE users"));
        until("somebody waits", || database.value("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1");
        let json = Run::of(command(&database, &["status", "--json"]).args(["--lock-timeout", "50"])).exits(0).json();
        assert_eq!(json["lock_waits"]["count"], 1, "{json}");
        assert!(json["lock_waits"]["longest_seconds"].as_f64().unwrap() > 0.0, "{json}");
        assert!(json["oldest_transaction_seconds"].as_f64().unwrap() > 0.0, "{json}");
        assert!(json["connections"]["used"].as_u64().unwrap() >= 3, "{json}");
        assert_eq!(json["connections"]["max"].to_string(), database.value("SHOW max_connections"));
        drop(holder);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn a_role_that_may_not_see_others_gets_null_and_the_reason() {
    let (database, role) = with_reader();
    let _holder = LockHolder::of(&database, "LOCK TABLE blocks IN ACCESS SHARE MODE");
    let json = seen_by(&database, &role);
    assert_eq!(json["oldest_transaction_seconds"], Value::Null);
    assert!(json["not_seen"].as_str().unwrap().contains("GRANT pg_monitor"), "{json}");
    assert!(json["connections"]["used"].as_u64().unwrap() >= 2, "{json}");
    assert_eq!(json["writable"], true);

    database.execute(&format!("GRANT pg_monitor TO {role}")).unwrap();
    let json = seen_by(&database, &role);
    assert_eq!(json["not_seen"], Value::Null);
    assert!(json["oldest_transaction_seconds"].as_f64().unwrap() > 0.0, "{json}");
}

#[test]
fn where_the_views_for_statistics_are_taken_away_the_rest_is_still_told() {
    let (database, role) = with_reader();
    database.execute("REVOKE SELECT ON pg_stat_activity FROM PUBLIC").unwrap();
    let json = seen_by(&database, &role);
    assert_eq!((&json["standby"], &json["writable"]), (&false.into(), &true.into()));
    assert_eq!((&json["connections"], &json["lock_waits"]), (&Value::Null, &Value::Null));
    assert!(json["not_seen"].as_str().unwrap().contains("pg_monitor"), "{json}");
}
