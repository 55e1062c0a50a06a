//! No statement of a page reads a large table from end to end.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use messenger_db::seed::{self, Crowd};

use super::Running;
use crate::queries::cast;
use crate::support::{TestDatabase, until};

/// What the page says it has run.
fn statement(page: &str) -> String {
    let from = page.split("id=\"statement\">").nth(1).unwrap().split("</code>").next().unwrap();
    from.replace("&gt;", ">").replace("&lt;", "<").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn pages_of_a_large_table_use_indexes() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (chat, [alice, ..]) = cast::group(conn);
    database
        .execute(&format!(
            "INSERT INTO messages (chat_id, seq, id, sender_id, kind, content)
             SELECT '{chat}', n, gen_random_uuid(), '{alice}', 'text', 'Message ' || n FROM generate_series(1000, 31000) AS n;
             UPDATE chat_heads SET last_seq = 31000 WHERE chat_id = '{chat}';
             ANALYZE messages"
        ))
        .unwrap();
    let id = database.value("SELECT id FROM messages WHERE seq = 2000");
    let studio = Running::on(&database);
    let browser = studio.browser();
    let of_chat = format!("c=chat_id&o=eq&v={chat}");
    for query in [
        String::new(),
        "order=desc".to_owned(),
        format!("after=[%22{chat}%22,%2220000%22]"),
        format!("order=desc&after=[%22{chat}%22,%2220000%22]"),
        of_chat.clone(),
        format!("{of_chat}&order=desc&after=[%2220000%22]"),
        format!("{of_chat}&c=seq&o=ge&v=30000"),
        format!("{of_chat}&c=seq&o=eq&v=2000"),
        format!("{of_chat}&c=id&o=eq&v={id}"),
    ] {
        let sql = statement(&browser.get(&format!("/data/messages?{query}")).shown());
        let plan = database.column(&format!("EXPLAIN (ANALYZE, TIMING OFF) {sql}")).join("\n");
        assert!(!plan.contains("Seq Scan on messages"), "{query}:\n{plan}\n{sql}");
        let most = plan.split("rows=").filter_map(|part| part.split(' ').next()?.parse::<i64>().ok()).max();
        // The estimates are among the numbers: of what a LIMIT ends, they are of all there is.
        assert!(plan.contains("Limit") && most.is_some(), "{plan}");
        let read = plan
            .lines()
            .filter(|line| line.contains("Scan"))
            .filter_map(|line| line.split("actual rows=").nth(1)?.split([' ', '.', ')']).next()?.parse::<i64>().ok());
        assert!(read.max().unwrap() <= 52, "{query}:\n{plan}");
    }
    for filter in
        ["c=content&o=eq&v=x", "c=content&o=has&v=x", "c=kind&o=eq&v=text", "c=seq&o=ge&v=5", "c=edited_at&o=null&v="]
    {
        let refused = browser.get(&format!("/data/messages?{filter}")).refused(400);
        assert!(refused.contains("no index begins with") && refused.contains("chat_id"), "{refused}");
    }
}

/// How many rows full scans have read of each table of 5,000 rows and more, and how many it has. The server counts when
/// sessions end.
fn scanned(database: &TestDatabase) -> BTreeMap<String, (i64, i64)> {
    const OTHERS: &str = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    until("every other session has ended", || database.value(OTHERS) == "0");
    let rows = database.column(
        "SELECT concat_ws(' ', class.relname, stat.seq_tup_read, class.reltuples::bigint)
         FROM pg_class AS class INNER JOIN pg_stat_user_tables AS stat ON stat.relid = class.oid
         WHERE class.reltuples >= 5000",
    );
    let row = |line: String| {
        let mut parts = line.split(' ').map(str::to_owned);
        let mut next = || parts.next().unwrap();
        (next(), (next().parse().unwrap(), next().parse().unwrap()))
    };
    rows.into_iter().map(row).collect()
}

#[test]
fn no_page_reads_a_large_table_from_end_to_end() {
    let database = TestDatabase::migrated();
    let crowd = Crowd { users: 400, messages: 20_000, seed: 1 };
    seed::crowd(&mut database.diesel(), &crowd, &mut |_| ControlFlow::Continue(())).unwrap();
    database.execute("VACUUM ANALYZE").unwrap();
    let before = scanned(&database);
    let busiest =
        database.value("SELECT user_id FROM chat_participants GROUP BY user_id ORDER BY count(*) DESC LIMIT 1");
    let largest = database.value(&format!(
        "SELECT chat_id FROM messages INNER JOIN chat_participants USING (chat_id) WHERE user_id = '{busiest}'
         GROUP BY chat_id ORDER BY count(*) DESC LIMIT 1"
    ));
    let word = database
        .value(&format!("SELECT split_part(content, ' ', 1) FROM messages WHERE chat_id = '{largest}' LIMIT 1"));
    let studio = Running::on(&database);
    let browser = studio.browser();
    let seen = browser.visit(|_, _| {});
    assert!(seen.contains("/people/KEY/chats/KEY/KEY") && seen.contains("/data/message_receipts"), "{seen:?}");
    let chat = format!("/people/{busiest}/chats/{largest}");
    for address in [
        format!("/people/{busiest}"),
        format!("/people/{busiest}?archive=1"),
        format!("/people/{busiest}/search?q={word}"),
        format!("/people?q={}", &busiest[..6]),
        "/people?q=a".to_owned(),
        chat.clone(),
        format!("{chat}?around=20"),
        format!("{chat}?before=60"),
        format!("{chat}?after=1"),
        format!("{chat}/1"),
        "/data/message_receipts".to_owned(),
        format!("/data/message_receipts?c=chat_id&o=eq&v={largest}"),
    ] {
        let answer = browser.get(&address);
        assert!([200, 400].contains(&answer.status), "{address}: {}", answer.body);
    }
    drop(studio);
    let after = scanned(&database);
    assert!(after.contains_key("messages"), "{after:?}");
    for (table, (read, rows)) in after {
        let more = read - before.get(&table).map_or(0, |(read, _)| *read);
        // Small parts of it, such as the first page without a filter; never all of it.
        assert!(more < rows, "{more} rows of {table}, which has {rows}, were read by full scans");
    }
}
