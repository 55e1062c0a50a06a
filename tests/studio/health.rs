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

#[test]
fn slow_statements_are_listed_without_values_where_the_server_counts_them() {
    const THERE: &str = "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_stat_statements'";
    if TestDatabase::empty().value(THERE) == "0" {
        return;
    }
    let server = Box::leak(Box::new(Server::wanted(|builder| {
        builder.throwaway().setting("shared_preload_libraries = 'pg_stat_statements'")
    })));
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
