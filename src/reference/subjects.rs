//! The subjects that the tables of the messenger are grouped by.

use super::{Reference, Table};

/// A group of tables.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// Its name.
    pub name: &'static str,
    /// Its tables, by name.
    pub tables: Vec<&'a Table>,
}

/// The subjects in their order, with tables that stand there whatever their columns are.
const SUBJECTS: [(&str, &[&str]); 6] = [
    (
        "Accounts",
        &[
            "declined_requests",
            "local_contacts",
            "local_user_sessions",
            "local_users",
            "presence_entries",
            "reserved_usernames",
        ],
    ),
    ("Chats", &["chats", "local_chats"]),
    ("Messages", &["messages", "uploads", "unused_files"]),
    (
        "Reading",
        &[
            "hidden_receipts",
            "inbox_by_user",
            "inbox_entries",
            "inbox_marks",
            "inbox_truth",
            "message_delivery",
            "message_receipts",
            "unread_counts",
            "unread_messages",
        ],
    ),
    ("Changes", &["chat_changes", "user_changes", "user_heads"]),
    ("Migrations", &["__diesel_schema_migrations", "messenger_db_ledger"]),
];

/// The tables of the messenger, as the build script reads them from `schema.rs`.
const OURS: &[&str] = include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// The subject of a table. `None`: it is the service's.
fn of(table: &Table) -> Option<&'static str> {
    let name = table.name.as_str();
    if let Some((subject, _)) = SUBJECTS.iter().find(|(_, names)| names.contains(&name)) {
        return Some(subject);
    }
    let has = |wanted: &str| table.columns.iter().any(|column| column.name == wanted);
    match OURS.contains(&name) {
        false => None,
        true if has("message_seq") => Some("Messages"),
        true if has("chat_id") => Some("Chats"),
        true => Some("Accounts"),
    }
}

/// What is in no subject: tables of the service.
pub(crate) const OTHERS: &str = "Other tables";

/// Groups the tables and views by subject. Those that are not the messenger's come last, under "Other tables"; a subject
/// without a table is left out.
#[must_use]
pub fn subjects(reference: &Reference) -> Vec<Subject<'_>> {
    let of_subject = |wanted: Option<&str>| reference.tables.iter().filter(|table| of(table) == wanted).collect();
    let known = SUBJECTS.iter().map(|(name, _)| Subject { name, tables: of_subject(Some(name)) });
    let others = Subject { name: OTHERS, tables: of_subject(None) };
    known.chain([others]).filter(|subject| !subject.tables.is_empty()).collect()
}
