//! What a message takes on the disk: the tables that hold it and who received and read it, with all their indexes.

use super::measure::{Figure, Summary};
use super::{Bench, row_per_recipient};

const TABLES: [&str; 4] = ["messages", "chat_heads", "unread_messages", "message_delivery"];

pub fn figures(bench: &Bench, summary: &mut Summary) {
    row_per_recipient::create(bench);
    let ours = bytes(bench, "public", &TABLES);
    let theirs = bytes(bench, "row_per_recipient", &row_per_recipient::TABLES);
    let runs = bench.server.value("large", "SELECT count(*) FROM message_delivery");
    let delivered = bench.server.value("large", "SELECT count(*) FROM row_per_recipient.recipients");
    let message = bytes(bench, "public", &["messages"]);
    summary.add(
        Figure::new("bytes_per_message", ours)
            .unit("bytes")
            .at_most(500.0)
            .note(format!("{message:.0} of it the message with its search index; {runs} runs of receipts")),
    );
    summary.add(
        Figure::new("bytes_per_message_row_per_recipient", theirs)
            .unit("bytes")
            .note(format!("the same chats, one message in 60: {delivered} rows of receipts")),
    );
}

/// How many bytes these tables take for each row of the first.
fn bytes(bench: &Bench, schema: &str, tables: &[&str]) -> f64 {
    let sizes: Vec<_> = tables.iter().map(|table| format!("pg_total_relation_size('{schema}.{table}')")).collect();
    let sql = format!("SELECT ({})::float / count(*) FROM {schema}.{}", sizes.join(" + "), tables[0]);
    bench.server.value("large", &sql).parse().unwrap()
}
