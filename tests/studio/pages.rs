//! What the pages show.

use std::collections::BTreeSet;

use messenger_db::migrate::{self, RunOptions, Silent};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::{reactions, receipts};
use messenger_db::seed;
use messenger_db::seq::Seq;
use rustix::process::Signal;

use super::Running;
use super::browser::links;
use crate::queries::cast;
use crate::support::{Running as Process, TestDatabase, messenger_db};

/// Every page that links lead to is shown, needs nothing from elsewhere, and tells no secret.
#[test]
fn every_link_leads_to_a_whole_page_without_a_secret() {
    let database = TestDatabase::migrated();
    seed::cast(&mut database.diesel()).unwrap();
    database
        .execute(
            "UPDATE users SET password_hash = '$SWORDFISH';
             UPDATE user_sessions SET token_hash = sha256('a'::bytea || id::text::bytea);
             CREATE TABLE notes (id integer PRIMARY KEY, author_id user_id REFERENCES users, api_token text, body jsonb);
             INSERT INTO notes SELECT 1, id, 'SWORDFISH', '{\"a\": [1, 2]}' FROM users LIMIT 1",
        )
        .unwrap();
    let hashes = database.column("SELECT encode(token_hash, 'hex') FROM user_sessions");
    let studio = Running::on(&database);
    let browser = studio.browser();
    let seen = browser.visit(|address, body| {
        assert!(!body.contains("SWORDFISH") && !hashes.iter().any(|hash| body.contains(hash)), "{address}: {body}");
        if !address.starts_with("/assets/") && address != "/plan.sql" {
            assert!(body.contains("<h1>") && body.contains("<main"), "{address}: {body}");
            let elsewhere = ["http://", "https://", " style=", "<style", "javascript:", " onclick"];
            let outside_words = body.replace("http://www.w3.org/2000/svg", "");
            let found = elsewhere.iter().find(|text| outside_words.contains(**text));
            // The texts of migrations and functions may name addresses; no attribute does.
            assert!(
                found.is_none() || address.starts_with("/data/messenger_db_ledger"),
                "{found:?} in {address}: {body}"
            );
        }
    });
    for wanted in [
        "/tables/notes",
        "/data/notes/row",
        "/data/message_receipts",
        "/diagram",
        "/people/KEY",
        "/people/KEY/chats/KEY",
        "/people/KEY/chats/KEY/KEY",
        "/health",
    ] {
        assert!(seen.contains(wanted), "{wanted} is not among {seen:?}");
    }
}

#[test]
fn the_first_page_tells_what_is_pending_what_differs_and_which_locks_run_would_take() {
    let database = TestDatabase::empty();
    let studio = Running::on(&database);
    let browser = studio.browser();
    let page = browser.get("/").shown();
    assert!(page.contains("migrations are pending") && page.contains("none applied"), "{page}");
    assert!(page.contains("makes reserved_usernames, users"), "{page}");
    assert!(browser.get("/plan.sql").shown().contains("CREATE TABLE users"));

    migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
    let page = browser.get("/").shown();
    assert!(page.contains("Everything is applied, and the database is what it should be."), "{page}");

    database
        .execute(
            "DROP INDEX user_sessions_expires_idx; ALTER TABLE chats SET (fillfactor = 50); CREATE TABLE cats (id integer);
             UPDATE messenger_db_ledger SET checksum = repeat('0', 64), up_sql = 'SELECT 1' WHERE version LIKE '%100300messenger'",
        )
        .unwrap();
    let page = browser.get("/").shown();
    for text in [
        "The database is not what it should be",
        "missing    table user_sessions: index user_sessions_expires_idx",
        "1 tuned: ",
        "foreign    table cats",
        "class=\"removed\"",
        "Applied with another text",
    ] {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
}

#[test]
fn while_another_process_migrates_the_page_says_so_and_loads_again() {
    let database = TestDatabase::migrated();
    let studio = Running::on(&database);
    let browser = studio.browser();
    assert!(!browser.get("/").shown().contains("http-equiv"));
    let mut runner = database.connect();
    runner
        .execute("SELECT pg_advisory_lock(hashtextextended('messenger-db migrations', 0)); BEGIN; LOCK TABLE chats")
        .unwrap();
    let page = browser.get("/").shown();
    assert!(page.contains("http-equiv=\"refresh\"") && page.contains("Migrating now"), "{page}");
    assert!(page.contains(&format!("process {}", runner.backend_pid())), "{page}");
}

#[test]
fn a_table_shows_its_constraints_in_words_and_the_migration_that_made_each_thing() {
    let database = TestDatabase::migrated();
    let browser = Running::on(&database);
    let page = browser.browser().get("/tables/messages").shown();
    for text in [
        "together identify a row",
        "create_messages",
        "points at",
        "create_message_search",
        "<svg",
        "href=\"/tables/chat_heads\"",
    ] {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
    // In the picture: the neighbours, and no other table.
    let picture = page.split("<svg").nth(1).unwrap();
    assert!(picture.contains(">chat_heads<") && !picture.contains(">push_tokens<"), "{picture}");
}

#[test]
fn the_diagram_shows_all_a_subject_or_what_is_sought_and_the_service_s_tables_when_asked() {
    let database = TestDatabase::migrated();
    database.execute("CREATE TABLE cats (id integer PRIMARY KEY, owner_id user_id REFERENCES users)").unwrap();
    let studio = Running::on(&database);
    let browser = studio.browser();
    let has = |address: &str, table: &str| {
        browser.get(address).shown().contains("class=\"name\"")
            && browser.get(address).shown().contains(&format!(">{table}</text>"))
    };
    assert!(has("/diagram", "messages") && !has("/diagram", "cats"));
    assert!(has("/diagram?others=1", "cats"));
    assert!(has("/diagram?subject=Chats", "chats") && !has("/diagram?subject=Chats", "messages"));
    assert!(has("/diagram?table=cats", "users") && !has("/diagram?table=cats", "messages"));
    let found = browser.get("/diagram?find=p256DH").shown();
    assert!(found.contains("1 table found") && found.contains("class=\"marked\""), "{found}");
    assert!(browser.get("/diagram?zoom=50").shown() != browser.get("/diagram?zoom=200").shown());
}

#[test]
fn a_chat_is_shown_as_that_user_sees_it_with_ticks_replies_edits_and_reactions() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, bob, carol]) = cast::group(conn);
    let sent = messages::send(conn, cast::by(alice), chat, &Draft::text("Where do we <b>meet</b>?")).unwrap();
    let seq = sent.message.seq;
    let answer = Draft::text("At the lake").in_reply_to(seq);
    messages::send(conn, cast::by(bob), chat, &answer).unwrap();
    messages::edit(conn, cast::by(alice), chat, seq, "Where do we meet today?").unwrap();
    reactions::add(conn, cast::by(bob), chat, seq, "👍").unwrap();
    receipts::mark_read(conn, cast::by(bob), chat, seq).unwrap();
    let studio = Running::on(&database);
    let browser = studio.browser();

    let inbox = browser.get(&format!("/people/{carol}")).shown();
    assert!(inbox.contains("Hikers") && inbox.contains("<strong>2</strong>"), "{inbox}");
    let page = browser.get(&format!("/people/{carol}/chats/{chat}")).shown();
    for text in ["Where do we meet today?", "edited", "answers ", "At the lake", "👍", "1 of 2 received it, 1 read it"]
    {
        assert!(page.contains(text), "{text:?} is not in {page}");
    }
    let message = browser.get(&format!("/people/{alice}/chats/{chat}/{seq}")).shown();
    assert!(message.contains("Where do we &lt;b&gt;meet&lt;/b&gt;?") && message.contains("bob"), "{message}");
    let found = browser.get(&format!("/people/{carol}/search?q=lake")).shown();
    assert!(found.contains("<mark>lake</mark>"), "{found}");
    assert!(found.contains("Hikers") && found.contains(&format!("/people/{bob}\"")), "{found}");
    assert!(browser.get("/people?q=caro").shown().contains(&carol.to_string()));
    assert!(browser.get("/people?q=@carol").shown().contains(&carol.to_string()));
    assert!(browser.get("/people").shown().contains("in the order of their keys"));
    // The system's message is in words, without ticks; everybody's position has a name.
    assert!(page.contains("opened the group") && page.contains("<bdi>carol</bdi>"), "{page}");
    let opened = page.split("opened the group").nth(1).unwrap().split("</li>").next().unwrap();
    assert!(!opened.contains("received it"), "{opened}");

    // A deleted message has a page, and what a user hides is a gap to that user alone.
    messages::hide(conn, cast::by(bob), chat, seq).unwrap();
    let of_bob = browser.get(&format!("/people/{bob}/chats/{chat}")).shown();
    assert!(of_bob.contains(&format!("Message {seq} is hidden")), "{of_bob}");
    assert!(!browser.get(&format!("/people/{alice}/chats/{chat}")).shown().contains("is hidden"));
    messages::delete(conn, cast::by(alice), chat, seq).unwrap();
    let deleted = browser.get(&format!("/people/{carol}/chats/{chat}/{seq}")).shown();
    let facts = deleted.split("<dt>Deleted</dt>").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(facts.contains("<time") && facts.contains(" by ") && facts.contains(&alice.to_string()), "{deleted}");

    // Who is not in the chat does not see it, whatever the studio could read.
    let stranger = cast::user(conn, "stranger");
    let refused = browser.get(&format!("/people/{stranger}/chats/{chat}")).refused(403);
    assert!(!refused.contains("lake"), "{refused}");
    browser.get(&format!("/people/{alice}/chats/{chat}/{}", Seq::new(99))).refused(404);
}

#[test]
fn the_first_page_says_that_an_encoding_is_of_no_use() {
    let database = TestDatabase::encoded("SQL_ASCII");
    let studio = Running::on(&database);
    let page = studio.browser().get("/").shown();
    assert!(page.contains("SQL_ASCII: a messenger needs UTF8"), "{page}");
}

#[test]
fn without_the_schema_the_pages_of_people_say_what_is_missing() {
    let database = TestDatabase::empty();
    let studio = Running::on(&database);
    let refused = studio.browser().get("/people").refused(503);
    assert!(refused.contains("Tables that are missing: ") && refused.contains("messenger-db run"), "{refused}");
}

#[test]
fn columns_with_the_usual_names_of_secrets_are_not_shown() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "CREATE TABLE vault (id integer PRIMARY KEY, pwd text, pin text, apikey text, jwt text, signing_key text, totp text, seed text,
                 recovery_code text, smtp_pass text, bearer text, cookie text, login_otp text, pinned text);
             INSERT INTO vault SELECT 1, s, s, s, s, s, s, s, s, s, s, s, s, 'seen' FROM (VALUES ('SWORDFISH')) AS v (s)",
        )
        .unwrap();
    let page = Running::on(&database).browser().get("/data/vault").shown();
    assert!(!page.contains("SWORDFISH") && page.contains("seen") && page.contains("Never shown: pwd, pin, "), "{page}");
}

#[test]
fn a_table_says_once_what_uses_an_index() {
    let database = TestDatabase::migrated();
    let page = Running::on(&database).browser().get("/tables/users").shown();
    assert!(
        page.contains("used by") && page.contains("partial search on usernames") && !page.contains("Used by:"),
        "{page}"
    );
}

#[test]
fn pages_of_rows_give_each_row_once_in_both_orders() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "CREATE TABLE many (a integer, b text, c integer, PRIMARY KEY (a, b));
             CREATE INDEX ON many (c DESC);
             INSERT INTO many SELECT n / 10, 'b' || n, CASE WHEN n % 3 > 0 THEN n % 7 END FROM generate_series(1, 130) AS n;
             ANALYZE many",
        )
        .unwrap();
    let studio = Running::on(&database);
    let browser = studio.browser();
    for (filter, expected) in
        [("", 130), ("&c=c&o=eq&v=1", 13), ("&c=a&o=ge&v=5", 81), ("&c=c&o=null&v=", 43), ("&c=b&o=has&v=B13", 2)]
    {
        for order in ["asc", "desc"] {
            let mut address = format!("/data/many?order={order}{filter}");
            let mut rows = Vec::new();
            loop {
                let page = browser.get(&address).shown();
                let found: Vec<_> =
                    links(&page).into_iter().filter(|link| link.starts_with("/data/many/row")).collect();
                rows.extend(found);
                let Some(next) = page.split("rel=\"next\"").next().filter(|before| before.len() < page.len()) else {
                    break;
                };
                address = links(next.rsplit("<a ").next().unwrap()).pop().unwrap();
            }
            assert_eq!(rows.len(), expected, "{filter} {order}");
            assert_eq!(rows.iter().collect::<BTreeSet<_>>().len(), expected, "{filter} {order}");
        }
    }
}

#[test]
fn keys_are_followed_both_ways_and_wide_values_are_cut_and_shown_whole() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    let words = format!("{}END", "wide ".repeat(1_000));
    let seq = messages::send(conn, cast::by(alice), chat, &Draft::text(&words)).unwrap().message.seq;
    let studio = Running::on(&database);
    let browser = studio.browser();
    let list = browser.get(&format!("/data/messages?c=chat_id&o=eq&v={chat}"));
    assert!(!list.body.contains("END") && list.body.contains("wide wide"), "{}", list.body);
    // Keys and times are not broken into lines, and long words are in a column that is wide enough.
    let key = list.body.split("<td class=\"exact\">").find(|cell| cell.contains(&format!(">{chat}</a>")));
    assert!(key.is_some() && list.body.contains("<td class=\"long\">"), "{}", list.body);
    let style = browser.get("/assets/studio.css").shown();
    assert!(style.contains("td.exact { white-space: nowrap;"), "{style}");
    let row = list
        .links()
        .into_iter()
        .find(|link| link.starts_with("/data/messages/row") && link.ends_with(&format!("v={seq}")))
        .unwrap();
    let page = browser.get(&row);
    assert!(page.body.contains("END</pre>"), "{}", page.body);
    let to = |table: &str| {
        page.links().into_iter().filter(|link| link.starts_with(&format!("/data/{table}?"))).collect::<Vec<_>>()
    };
    assert!(browser.get(&to("chat_heads")[0]).shown().contains(&chat.to_string()));
    assert!(!to("message_reactions").is_empty() && !to("attachments").is_empty());
    let whole = browser.get(&row.replace("/row?", "/value/content?"));
    assert_eq!(whole.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(whole.shown(), words);
}

#[test]
fn a_row_with_a_key_that_is_cut_in_a_list_has_its_page_all_the_same() {
    let database = TestDatabase::migrated();
    let key = format!("{}/END.png", "folder/".repeat(60));
    database
        .execute(&format!(
            "CREATE TABLE files (key text PRIMARY KEY, hash bytea UNIQUE, of_key text REFERENCES files);
             INSERT INTO files VALUES ('{key}', sha512('a') || sha512('b') || sha512('c'), '{key}')"
        ))
        .unwrap();
    let studio = Running::on(&database);
    let browser = studio.browser();
    let list = browser.get("/data/files");
    assert!(!list.body.contains("END.png<") && list.body.contains("folder/folder"), "{}", list.body);
    let rows: Vec<_> = list.links().into_iter().filter(|link| link.starts_with("/data/files")).collect();
    // Of the row itself, and of what it points at.
    for start in ["/data/files/row?", "/data/files?c=key"] {
        let link = rows.iter().find(|link| link.starts_with(start)).unwrap_or_else(|| panic!("{start} {rows:?}"));
        assert!(browser.get(link).shown().contains("END.png"), "{link}");
    }
}

#[test]
fn the_command_prints_its_address_and_ends_when_it_is_told() {
    let database = TestDatabase::migrated();
    for (signal, arguments) in [
        (Signal::INT, vec!["studio"]),
        (Signal::INT, vec!["studio", "--quiet"]),
        (Signal::TERM, vec!["studio", "--quiet", "--json"]),
    ] {
        let is_json = arguments.contains(&"--json");
        let mut studio = Process::start(messenger_db(&arguments).env("DATABASE_URL", database.url()));
        let said = studio.says("http://127.0.0.1:");
        assert_eq!(said.starts_with("{\"command\":\"studio\""), is_json, "{said}");
        studio.signal(signal);
        studio.ends().exits(0);
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = messenger_db(&["studio", "--port", &port]);
    crate::support::Run::of(command.env("DATABASE_URL", database.url())).exits(1).complains("--port");
}
