//! Holds every statement of the operations against the rules of a database that is distributed by chat: those that concern
//! one chat name it in each relation, so that one shard answers them; those that do not stand in a list that may only shrink.
//!
//! The rules come from trying the operations on [Citus](https://docs.citusdata.com/en/stable/develop/reference_workarounds.html):
//! what is not routed to one shard costs hundreds of times as much, and some SQL is refused there.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use diesel::connection::{Connection as _, InstrumentationEvent};
use diesel::prelude::*;

use crate::support::TestDatabase;

thread_local! {
    static IS_RECORDING: Cell<bool> = const { Cell::new(false) };
    static RECORDED: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// Lets a connection note its statements.
pub fn watch(conn: &mut PgConnection) {
    conn.set_instrumentation(|event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event
            && IS_RECORDING.get()
        {
            let text = query.to_string();
            let sql = text.split(" -- binds: ").next().unwrap_or_default();
            RECORDED.with_borrow_mut(|recorded| recorded.insert(without_comments(sql)));
        }
    });
}

/// Notes the statements of what is done.
pub fn noting<T>(work: impl FnOnce() -> T) -> T {
    IS_RECORDING.set(true);
    let done = work();
    IS_RECORDING.set(false);
    done
}

/// Compares what was noted on this thread with the rules, and with the list.
pub fn assert_ready_for_shards(database: &TestDatabase) {
    let of_chats: BTreeSet<_> = database
        .column(
            "SELECT relname FROM pg_class INNER JOIN pg_attribute ON attrelid = pg_class.oid
             WHERE attname = 'chat_id' AND relkind IN ('r', 'v') AND relnamespace = 'public'::regnamespace
                 AND relname NOT IN ('user_changes', 'user_sessions')",
        )
        .into_iter()
        .collect();
    let recorded = RECORDED.with_borrow(Clone::clone);
    assert!(recorded.len() > 100, "only {} statements were noted", recorded.len());
    let mut fan_out = BTreeMap::<String, String>::new();
    for sql in &recorded {
        let relations = relations(sql);
        let several = relations.len() > 1;
        let is_routed = |(table, alias): &(String, String)| {
            // Not `chats`, which is whole on each server.
            let is_of_a_chat = of_chats.contains(table);
            // What is inserted from other rows goes where those are, which have to be routed themselves.
            let is_first =
                several && *table == relations[0].0 && relations[1..].iter().all(|(other, _)| other != table);
            let is_new = sql.starts_with("INSERT") && (sql.contains("VALUES") || is_first);
            !is_of_a_chat || is_new || names(sql, alias, "chat_id") || (!several && names_alone(sql, "chat_id"))
        };
        let refused = REFUSED.iter().find(|(refused, _)| refused(sql)).map(|(_, why)| format!("{why}: "));
        if refused.is_some() || !relations.iter().all(is_routed) {
            let tables: BTreeSet<_> = relations.iter().map(|(table, _)| table.as_str()).collect();
            let verb = sql.split_whitespace().next().unwrap_or_default();
            let verb = if verb == "WITH" { "SELECT" } else { verb };
            let label =
                format!("{}{verb} {}", refused.unwrap_or_default(), tables.into_iter().collect::<Vec<_>>().join(" "));
            fan_out.entry(label.trim_end().to_owned()).or_insert_with(|| sql.clone());
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries/fan_out.txt");
    let list = fs::read_to_string(path).unwrap();
    let listed: BTreeSet<_> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let new: Vec<_> = fan_out.iter().filter(|(label, _)| !listed.contains(label.as_str())).collect();
    let gone: Vec<_> = listed.iter().filter(|label| !fan_out.contains_key(**label)).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "these fan out over the shards, and are not in the list: {new:#?}\nthese fan out no more; take them off the list: {gone:#?}"
    );
}

type Refused = (fn(&str) -> bool, &'static str);

/// What a distributed database refuses, or carries out on each of its servers.
const REFUSED: [Refused; 7] = [
    (|sql| sql.starts_with("WITH") && sql.contains("INSERT INTO"), "INSERT in WITH"),
    (|sql| sql.contains("DO UPDATE") && after(sql, "DO UPDATE").contains("now()"), "now() in DO UPDATE"),
    (
        // Of what hangs from a chat; what users have with each other is on every server.
        |sql| sql.contains("FOR UPDATE") && sql.contains("= ANY") && sql.contains("chat"),
        "FOR UPDATE with ANY",
    ),
    (|sql| sql.to_lowercase().matches("select row(").count() > sql.matches(")::page_").count(), "rows without a type"),
    (
        // The views are what is locked through.
        |sql| {
            ["users", "chats", "contacts"].iter().any(|table| {
                sql.contains(" FOR ") && sql.starts_with("SELECT") && sql.contains(&format!("FROM \"{table}\" WHERE"))
            })
        },
        "lock of a reference table",
    ),
    (|sql| !sql.starts_with("SELECT") && sql.contains("CURRENT_TIMESTAMP"), "CURRENT_TIMESTAMP in what is written"),
    (is_limited_beside_with, "OFFSET in LATERAL beside WITH"),
];

/// Whether a subquery of several rows is held together by OFFSET, and made for each row of what a WITH has defined.
fn is_limited_beside_with(sql: &str) -> bool {
    let with: BTreeSet<_> =
        sql.match_indices(" AS MATERIALIZED (").filter_map(|(place, _)| sql[..place].split(' ').next_back()).collect();
    sql.match_indices(" LATERAL (").any(|(place, _)| {
        let joined = sql[..place].rsplit("FROM ").next().unwrap_or_default();
        let limited = &sql[place..];
        joined.split(' ').any(|word| with.contains(word)) && limited.contains("OFFSET 0 )")
    })
}

fn after<'a>(sql: &'a str, word: &str) -> &'a str {
    sql.split_once(word).map_or("", |(_, rest)| rest)
}

/// In one line.
fn without_comments(sql: &str) -> String {
    let mut kept = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some((before, comment)) = rest.split_once("/*") {
        kept += before;
        rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
    }
    kept += rest;
    let lines = kept.lines().map(|line| line.split("--").next().unwrap_or_default());
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

/// The relations of a statement, each with the name that it goes by.
fn relations(sql: &str) -> Vec<(String, String)> {
    const KEYWORDS: [&str; 24] = [
        "ON",
        "WHERE",
        "SET",
        "INNER",
        "LEFT",
        "CROSS",
        "JOIN",
        "ORDER",
        "GROUP",
        "LIMIT",
        "UNION",
        "RETURNING",
        "USING",
        "VALUES",
        "FOR",
        "OFFSET",
        "HAVING",
        "SELECT",
        "DEFAULT",
        "FULL",
        "RIGHT",
        "NATURAL",
        "WINDOW",
        "AND",
    ];
    let spaced = sql.replace('(', " ( ").replace(')', " ) ").replace(',', " , ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let with: BTreeSet<_> = words
        .windows(3)
        .filter(|three| three[1] == "AS" && ["(", "MATERIALIZED", "NOT"].contains(&three[2]))
        .map(|three| three[0])
        .collect();
    let mut found = vec![];
    for (place, word) in words.iter().enumerate() {
        // FOR NO KEY UPDATE names no table.
        let is_lock = place > 0 && ["FOR", "KEY"].contains(&words[place - 1]);
        if !["FROM", "JOIN", "UPDATE", "INTO", "USING"].contains(word) || is_lock {
            continue;
        }
        let mut rest = words.iter().skip(place + 1).skip_while(|word| **word == "(");
        let Some(table) = rest.next() else { continue };
        let name = table.trim_matches('"');
        // A function, a subquery, or what a WITH has defined: the relations in it are found by themselves.
        let next = rest.next();
        let is_call = next == Some(&"(") && !sql.starts_with("INSERT");
        if KEYWORDS.contains(table) || is_call || (with.contains(table) && sql.starts_with("WITH")) {
            continue;
        }
        let alias = match next {
            Some(&"AS") => rest.next().copied().unwrap_or(name),
            Some(word)
                if !KEYWORDS.contains(word)
                    && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
            {
                word
            }
            _ => name,
        };
        found.push((name.to_owned(), alias.trim_matches('"').to_owned()));
    }
    found
}

/// Whether a relation's key is compared with a parameter.
fn names(sql: &str, alias: &str, key: &str) -> bool {
    [format!("{alias}.{key} = $"), format!("\"{alias}\".\"{key}\" = $")].iter().any(|condition| sql.contains(condition))
}

/// The same of the only relation, which needs no name.
fn names_alone(sql: &str, key: &str) -> bool {
    [format!(" {key} = $"), format!("({key} = $"), format!("\"{key}\" = $")]
        .iter()
        .any(|condition| sql.contains(condition))
}

#[test]
fn what_is_in_a_statement_is_found() {
    let of = |sql: &str| {
        relations(&without_comments(sql))
            .into_iter()
            .map(|(table, alias)| format!("{table} {alias}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("SELECT * FROM (\"messages\" INNER JOIN \"chats\" ON (x)) WHERE y"),
        ["messages messages", "chats chats"]
    );
    assert_eq!(
        of("/* a $1 */ SELECT 1 FROM messages AS m LEFT JOIN LATERAL (SELECT FROM chats c) AS d ON true"),
        ["messages m", "chats c"]
    );
    assert_eq!(of("WITH page AS (SELECT FROM messages) SELECT FROM page -- FROM users"), ["messages messages"]);
    assert_eq!(
        of(
            "WITH page AS MATERIALIZED (SELECT FROM messages AS m), rest AS (SELECT FROM page AS p) SELECT FROM rest, page"
        ),
        ["messages m"]
    );
    assert_eq!(of("SELECT x FROM send_message($1, $2) AS sent"), Vec::<String>::new());
    let beside = |joined: &str| {
        is_limited_beside_with(&format!(
            "WITH one AS MATERIALIZED ( SELECT 1 ) SELECT FROM {joined} CROSS JOIN LATERAL ( SELECT FROM b OFFSET 0 ) AS c"
        ))
    };
    assert!(beside("one") && beside("one CROSS JOIN a") && !beside("a"));
    assert_eq!(of("UPDATE chat_heads SET a = 1"), ["chat_heads chat_heads"]);
    assert!(names("a.chat_id = $1", "a", "chat_id") && !names("a.chat_id = b.chat_id", "a", "chat_id"));
}
