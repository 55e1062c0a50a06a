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

/// The subjects in their order, with the tables of each.
const SUBJECTS: [(&str, &[&str]); 6] = [
    ("Accounts", &["users", "user_sessions", "push_tokens", "contacts", "declined_requests", "blocks"]),
    ("Chats", &["chats", "chat_heads", "chat_participants", "chat_settings"]),
    (
        "Messages",
        &[
            "messages",
            "message_edits",
            "message_mentions",
            "message_reactions",
            "attachments",
            "uploads",
            "unused_files",
        ],
    ),
    ("Reading", &["message_delivery", "message_receipts", "unread_counts", "unread_messages"]),
    ("Changes", &["chat_changes", "user_changes", "user_heads"]),
    ("Migrations", &["__diesel_schema_migrations", "messenger_db_ledger"]),
];

/// What is in no subject: tables of the service.
pub(crate) const OTHERS: &str = "Other tables";

/// Groups the tables and views by subject. Those that are not the messenger's come last, under "Other tables"; a subject
/// without a table is left out.
#[must_use]
pub fn subjects(reference: &Reference) -> Vec<Subject<'_>> {
    let is_known = |table: &&Table| SUBJECTS.iter().any(|(_, names)| names.contains(&table.name.as_str()));
    let known = SUBJECTS.iter().map(|(name, names)| {
        let tables = reference.tables.iter().filter(|table| names.contains(&table.name.as_str())).collect();
        Subject { name, tables }
    });
    let others = Subject { name: OTHERS, tables: reference.tables.iter().filter(|table| !is_known(table)).collect() };
    known.chain([others]).filter(|subject| !subject.tables.is_empty()).collect()
}
