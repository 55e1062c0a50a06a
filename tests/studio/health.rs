//! The page "Health": growth, indexes that are missing, and statements as the server counts them.

use messenger_db::migrate::{self, RunOptions, Silent};

use super::Running;
use crate::support::{Server, TestDatabase, until};

#[test]
fn growth_is_shown_from_the_start_of_the_studio_on() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let browser = studio.browser();
    let page = browser.get("/health").shown();
    assert!(page.contains("when this studio was started") && !page.contains("/tables/photos"), "{page}");
    database.execute("CREATE TABLE photos AS SELECT repeat('x', 1000) FROM generate_series(1, 2000)").unwrap();
    let page = browser.get("/health").shown();
    let changed = page.rsplit("What has changed most").next().unwrap();
    assert!(page.contains("<polyline") && changed.contains("/tables/photos") && changed.contains("+2."), "{page}");
    database.execute("DROP TABLE photos; CREATE TABLE \"<b>\" AS SELECT 1").unwrap();
    let page = browser.get("/health").shown();
    assert!(!page.contains("/tables/photos") && page.contains("&lt;b&gt;"), "{page}");
}

#[test]
fn large_tables_that_are_read_whole_and_foreign_keys_without_an_index_are_listed() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let browser = studio.browser();
    let page = browser.get("/health").shown();
    // Those of the schema are meant, and say so.
    assert!(page.contains("Foreign keys without an index") && !page.contains("_fkey"), "{page}");
    database
        .execute(
            "CREATE TABLE cats (id integer PRIMARY KEY, owner_id user_id REFERENCES users, friend_id integer REFERENCES cats);
             CREATE INDEX ON cats (friend_id) WHERE friend_id IS NOT NULL;
             INSERT INTO cats SELECT generate_series(1, 20000); ANALYZE cats",
        )
        .unwrap();
    database.execute("SELECT count(owner_id) FROM cats").unwrap();
    // The server counts when the session ends.
    until("the scan is counted", || {
        let page = browser.get("/health").shown();
        let scans = page.rsplit("read from end to end").next().unwrap().split("</table>").next().unwrap().to_owned();
        scans.contains("/tables/cats") && scans.contains("20,000")
    });
    let page = browser.get("/health").shown();
    assert!(page.contains("cats_owner_id_fkey") && !page.contains("cats_friend_id_fkey"), "{page}");
    database.execute("CREATE INDEX ON cats (owner_id)").unwrap();
    assert!(!browser.get("/health").shown().contains("cats_owner_id_fkey"));
}

/// On the worst day: a migration holds a table, and the pages say who it is instead of waiting.
#[test]
fn while_a_table_is_held_every_page_is_shown_and_says_by_whom() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let browser = studio.browser();
    let mut holder = database.connect();
    holder.execute("SET application_name = 'the holder'; BEGIN; LOCK TABLE messages IN ACCESS EXCLUSIVE MODE").unwrap();
    let pid = holder.backend_pid();
    for address in ["/", "/health", "/tables", "/tables/messages", "/tables/users", "/diagram", "/data", "/data/users"]
    {
        let page = browser.get(address).shown();
        let is_told =
            page.contains(&format!("process {pid} (the holder, role ")) && page.contains("its transaction began");
        assert!(is_told || address.ends_with("users"), "{address}: {page}");
    }
    let page = browser.get("/health").shown();
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in {page}"));
    // Who waits comes first, and the other tables have their sizes.
    assert!(
        place("Held for itself") < place("Who waits for whom")
            && place("Long transactions") < place("Tables, the largest")
    );
    assert!(page.contains(&format!("held by process {pid}</strong>")) && page.contains("/tables/users"), "{page}");
    let first = browser.get("/").shown();
    assert!(!first.contains("<h2>Differences</h2><p>None.</p>"), "{first}");
    let refused = browser.get("/data/messages").refused(503);
    assert!(refused.contains("waited 2 s for a lock"), "{refused}");
    holder.execute("COMMIT").unwrap();
    let page = browser.get("/health").shown();
    assert!(!page.contains("Held for itself"), "{page}");
}

#[test]
fn who_waits_is_shown_with_who_is_in_the_way() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let browser = studio.browser();
    let mut holder = database.connect();
    holder.execute("SET application_name = 'the holder'; BEGIN; LOCK TABLE chats IN SHARE MODE").unwrap();
    let pid = holder.backend_pid();
    let mut waiter = database.connect();
    waiter.execute("SET lock_timeout = '60s'").unwrap();
    let waiting = std::thread::spawn(move || drop(waiter.execute("DELETE FROM chats")));
    until("somebody waits", || browser.get("/health").shown().contains("RowExclusiveLock"));
    for address in ["/", "/health"] {
        let page = browser.get(address).shown();
        let waits = page.rsplit("Sessions that wait for a lock").next().unwrap();
        assert!(waits.contains(&format!("process {pid} (the holder, role ")), "{address}: {page}");
    }
    holder.execute("COMMIT").unwrap();
    waiting.join().unwrap();
}

#[test]
fn a_slot_without_a_receiver_is_shown_with_what_it_holds_back() {
    let database = TestDatabase::migrated();
    if database.value("SELECT current_setting('wal_level')") == "minimal" {
        return;
    }
    let slot = format!("forgotten_{}", database.name());
    database.execute(&format!("SELECT pg_create_physical_replication_slot('{slot}', true)")).unwrap();
    let page = Running::on(&database).browser().get("/health");
    database.execute(&format!("SELECT pg_drop_replication_slot('{slot}')")).unwrap();
    let page = page.shown();
    let row = page.split(&slot).nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(
        row.contains("physical") && row.contains(">no<") && ["bytes", "kB", "MB"].iter().any(|unit| row.contains(unit)),
        "{row}"
    );
    assert!(page.contains("pg_drop_replication_slot"), "{page}");
}

#[test]
fn slow_statements_are_listed_without_values_where_the_server_counts_them() {
    let Some(server) = Server::counting_statements(&[]) else { return };
    let database = TestDatabase::empty_on(server);
    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    let studio = Running::on(&database);
    let browser = studio.browser();
    assert!(browser.get("/health").shown().contains("The server does not count statements"));

    database
        .execute("CREATE SCHEMA \"else where\"; CREATE EXTENSION pg_stat_statements SCHEMA \"else where\"")
        .unwrap();
    database.execute("SELECT \"else where\".pg_stat_statements_reset()").unwrap();
    database.execute("SELECT count(*) AS marmots FROM users WHERE username = 'SWORDFISH'").unwrap();
    database.execute("CREATE ROLE fisher PASSWORD 'SWORDFISH'").unwrap();
    let page = browser.get("/health").shown();
    assert!(page.contains("Statements that took most of the time") && page.contains("AS marmots"), "{page}");
    assert!(page.contains("= $1") && !page.contains("SWORDFISH") && !page.contains("fisher"), "{page}");
}
