//! Attacks: no token, other hosts, hostile names and values, tricks in addresses, writes, slowness.

use std::fmt::Write as _;
use std::time::Duration;

use messenger_db::migrate::{self, ConnectOptions, Silent};
use messenger_db::studio::{Options, Studio};

use super::Running;
use super::browser::Browser;
use crate::queries::cast;
use crate::support::TestDatabase;

#[test]
fn nothing_is_shown_without_the_token() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let outside = Browser::outside(studio.port);
    let name = format!("messenger-db-studio-{}", studio.port);
    let wrong = "0".repeat(64);
    for path in [
        "/",
        "/tables",
        "/data/users",
        "/assets/studio.js",
        "/plan.sql",
        "/none",
        "/?token=",
        &format!("/?token={wrong}"),
        "/?token=%00",
    ] {
        assert!(!outside.get(path).refused(403).contains("messenger_create"), "{path}");
    }
    for cookie in [format!("{name}="), format!("{name}={wrong}"), format!("x{name}={wrong}"), name.clone()] {
        Browser::with_cookie(studio.port, &cookie).get("/").refused(403);
    }
    let inside = studio.browser();
    // The right token under another name is none.
    let (_, token) = inside.cookie().split_once('=').unwrap();
    Browser::with_cookie(studio.port, &format!("messenger-db-studio={token}")).get("/").refused(403);
    inside.get("/").shown();
}

#[test]
fn the_token_becomes_a_cookie_that_scripts_and_other_sites_do_not_get() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let query = studio.url.split('?').nth(1).unwrap();
    let answer = Browser::outside(studio.port).get(&format!("/tables?{query}"));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/tables")));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Strict"), "{cookie}");
    // Other ports of this host are sent the cookie: it is not the token, and opens no address.
    let (_, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
    assert!(!query.contains(value) && cookie.contains(&format!("-{}=", studio.port)), "{cookie}");
    Browser::outside(studio.port).get(&format!("/?token={value}")).refused(403);
    // Whoever has the token sends nobody elsewhere with it.
    for path in ["//evil.example/", "///evil.example/", "//evil.example//a"] {
        let answer = Browser::outside(studio.port).get(&format!("{path}?{query}"));
        let to = answer.header("location").unwrap();
        assert!(answer.status == 303 && to.starts_with("/evil.example/"), "{to}");
    }
}

#[test]
fn what_does_not_finish_asking_is_ended_and_others_are_answered_meanwhile() {
    use std::io::{Read as _, Write as _};
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let mut open: Vec<_> = (0..20).map(|_| std::net::TcpStream::connect(("127.0.0.1", studio.port)).unwrap()).collect();
    open[0].write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap();
    studio.browser().get("/assets/studio.css").shown();
    for stream in &mut open {
        let mut said = Vec::new();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.read_to_end(&mut said).unwrap();
    }
}

#[test]
fn other_names_for_this_machine_are_not_answered_and_nothing_but_reading_is() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let browser = studio.browser();
    for host in ["evil.example", "localhost.evil.example", "evil.example:80", "", "127.0.0.1@evil.example"] {
        browser.ask("GET", "/", host).refused(421);
        browser.ask("GET", "/", &format!("localhost\r\nHost: {host}")).refused(421);
        browser.ask("GET", "/", &format!("{host}\r\nHost: localhost")).refused(421);
    }
    browser.ask("GET", "http://evil.example/", "localhost").refused(421);
    browser.ask("GET", "http://localhost/", "localhost").shown();
    for host in ["localhost", "LOCALHOST:9", "127.0.0.1", "[::1]:80"] {
        browser.ask("GET", "/", host).shown();
    }
    let none = browser.send(&format!("GET / HTTP/1.1\r\nCookie: {}\r\nConnection: close\r\n\r\n", browser.cookie()));
    assert!(none.status >= 400, "{}", none.status);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
        browser.ask(method, "/", "localhost").refused(405);
    }
}

#[test]
fn every_answer_binds_the_browser() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let browser = studio.browser();
    for answer in [
        browser.get("/"),
        browser.get("/assets/studio.css"),
        browser.get("/none"),
        Browser::outside(studio.port).get("/"),
    ] {
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in
            [("cache-control", "no-store"), ("x-content-type-options", "nosniff"), ("referrer-policy", "no-referrer")]
        {
            assert_eq!(answer.header(name), Some(value));
        }
    }
}

/// Names, comments and values are text on every page, whatever they are.
#[test]
fn hostile_names_comments_and_values_are_text() {
    let database = TestDatabase::migrated();
    let name = "<script>alert(1)</script>\"'&/?#%; DROP TABLE users; --";
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    let text = "'<script>alert(1)</script><img src=x onerror=alert(1)>\"'''";
    database
        .execute(&format!(
            "CREATE TABLE {quoted} ({quoted} text PRIMARY KEY, b jsonb DEFAULT '{{\"<script>alert(1)</script>\": 1}}', e bytea, n numeric,
                 a text[], f text REFERENCES {quoted}, CONSTRAINT {quoted} CHECK (n <> 5));
             CREATE INDEX \"i{}\" ON {quoted} (n);
             COMMENT ON TABLE {quoted} IS {text}; COMMENT ON COLUMN {quoted}.{quoted} IS {text};
             INSERT INTO {quoted} VALUES ({text}, DEFAULT, '\\x00ff', 'NaN', ARRAY[{text}], {text}), (E'\\u202Eback\\u0007', NULL, NULL, NULL, NULL, NULL),
                 ('', NULL, NULL, NULL, NULL, NULL)",
            name.replace('"', "\"\"").chars().take(50).collect::<String>()
        ))
        .unwrap();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    database.execute(&format!("UPDATE users SET display_name = {text}, avatar_url = 'javascript:alert(1)'")).unwrap();
    let studio = Running::on(&database);
    let browser = studio.browser();
    let encoded = name.bytes().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02X}").unwrap();
        text
    });
    let mut addresses: Vec<_> =
        ["/", "/tables", "/diagram?others=1", "/data", "/health", "/people"].map(ToOwned::to_owned).to_vec();
    addresses.extend([
        format!("/tables/{encoded}"),
        format!("/data/{encoded}"),
        format!("/data/{encoded}"),
        format!("/people/{alice}"),
        format!("/diagram?table={encoded}&find={encoded}"),
    ]);
    let rows = browser.get(&format!("/data/{encoded}"));
    let links: Vec<_> = rows.links().into_iter().filter(|link| link.starts_with("/data/")).collect();
    assert!(links.len() >= 5, "{links:?}");
    addresses.extend(links);
    for address in addresses {
        let page = browser.get(&address).shown();
        if address == format!("/data/{encoded}") {
            // What would turn the line round is shown as what it is.
            assert!(
                page.contains("<mark class=\"hidden\">U+202E</mark>back<mark class=\"hidden\">U+0007</mark>"),
                "{page}"
            );
        }
        for tag in ["<script>", "<img", "href=\"javascript", " onerror=alert(1)>\""] {
            assert!(!page.contains(tag), "{tag} in {address}: {page}");
        }
    }
    assert_eq!(database.value("SELECT count(*) FROM users"), "1");
}

#[test]
fn tricks_in_addresses_are_refused_and_do_no_harm() {
    let database = TestDatabase::migrated();
    cast::user(&mut database.diesel(), "alice");
    let studio = Running::on(&database);
    let browser = studio.browser();
    let wide = "x".repeat(10_000);
    for (path, status) in [
        ("/tables/none", 404),
        ("/tables/..%2F..%2Fetc%2Fpasswd", 404),
        ("/tables/%00", 404),
        ("/tables/%FF", 400),
        ("/data/pg_authid", 404),
        ("/data/pg_catalog.pg_authid", 404),
        ("/data/users;SELECT%201", 404),
        ("/data/USERS", 404),
        ("/data/users?c=password_hash&o=has&v=a", 400),
        ("/data/users?c=password_hash&o=given&v=", 400),
        ("/data/users/value/password_hash?c=id&o=eq&v=00000000-0000-0000-0000-000000000000", 404),
        ("/data/users?c=none&o=eq&v=1", 400),
        ("/data/users?c=id&o=or&v=1", 400),
        ("/data/users?c=id&o=eq&v='%20OR%201=1%20--", 400),
        ("/data/users?c=username&o=eq&v='%20OR%201=1%20--", 200),
        ("/data/users?c=username&o=eq&v=%00", 400),
        ("/data/users?c=username&o=has&v=%25", 200),
        (&format!("/data/users?c=username&o=eq&v={wide}"), 200),
        ("/data/users?after=nonsense", 400),
        ("/data/users?after=[%22'%22]", 400),
        ("/data/users?after=[1]", 400),
        ("/data/users/row", 400),
        ("/data/users/row?c=username&o=eq&v=alice", 400),
        ("/data/users/row?c=id&o=eq&v=00000000-0000-0000-0000-000000000000", 404),
        ("/people/none", 404),
        ("/people/00000000-0000-0000-0000-000000000000", 404),
        ("/people?q=%00", 200),
        ("/people/00000000-0000-0000-0000-000000000000/chats/x", 404),
        ("/diagram?zoom=-1", 400),
        ("/diagram?subject=none", 404),
        ("/diagram?zoom=4000000000", 200),
        ("/assets/../mod.rs", 404),
        ("/assets/..%2Fmod.rs", 404),
        ("//evil.example/", 404),
    ] {
        let answer = browser.get(path);
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(!answer.body.contains("panicked"), "{path}");
    }
    let filters = "&c=username&o=has&v=a".repeat(30);
    browser.get(&format!("/data/users?{}", &filters[1..])).refused(400);
    // Too long for any page: the server ends it, and goes on.
    let answer = browser.get(&format!("/{}", "x".repeat(200_000)));
    assert!(answer.status >= 400, "{}", answer.status);
    assert!(!browser.get("/data/users?c=username&o=eq&v='%20OR%201=1%20--").shown().contains("/data/users/row"));
    browser.get("/").shown();
}

#[test]
fn a_page_changes_nothing_even_where_what_it_reads_would() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "CREATE TABLE traces (at timestamptz);
             CREATE FUNCTION trace() RETURNS boolean LANGUAGE sql VOLATILE AS 'INSERT INTO traces VALUES (now()) RETURNING true';
             CREATE VIEW evil AS SELECT trace()",
        )
        .unwrap();
    let studio = Running::on(&database);
    let refused = studio.browser().get("/data/evil").refused(400);
    assert!(refused.contains("read-only"), "{refused}");
    assert_eq!(database.value("SELECT count(*) FROM traces"), "0");
}

#[test]
fn a_page_that_takes_too_long_is_given_up() {
    let database = TestDatabase::migrated();
    database.execute("CREATE VIEW slow AS SELECT pg_sleep(600)::text AS nothing").unwrap();
    let pool = migrate::connect(&database.url().parse().unwrap(), &ConnectOptions::default(), &mut Silent).unwrap();
    let options = Options { statement_timeout: Duration::from_secs(1), ..Options::default() };
    let studio = Running::of(Studio::open(&pool, &options).unwrap());
    let refused = studio.browser().get("/data/slow").refused(503);
    assert!(refused.contains("took too long"), "{refused}");
}
