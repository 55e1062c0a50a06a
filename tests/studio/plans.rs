//! No statement of the data pages reads a large table from end to end.

use super::Running;
use crate::queries::cast;
use crate::support::TestDatabase;

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
