//! A few rows in every table, made by the files in `rows/`: one for each migration that makes tables.

use crate::support::TestDatabase;

/// The rows of each migration that has some, by what follows the version in its name.
const ROWS: &[(&str, &str)] = &[
    ("create_users", include_str!("rows/create_users.sql")),
    ("create_user_sessions", include_str!("rows/create_user_sessions.sql")),
    ("create_contacts", include_str!("rows/create_contacts.sql")),
    ("create_chats", include_str!("rows/create_chats.sql")),
    ("create_messages", include_str!("rows/create_messages.sql")),
    ("create_attachments", include_str!("rows/create_attachments.sql")),
    ("create_message_reactions", include_str!("rows/create_message_reactions.sql")),
    ("create_receipts", include_str!("rows/create_receipts.sql")),
    ("create_changes", include_str!("rows/create_changes.sql")),
    ("create_push_tokens", include_str!("rows/create_push_tokens.sql")),
    ("create_chat_settings", include_str!("rows/create_chat_settings.sql")),
    ("create_message_mentions", include_str!("rows/create_message_mentions.sql")),
    ("create_uploads", include_str!("rows/create_uploads.sql")),
    ("create_retention", include_str!("rows/create_retention.sql")),
];

/// The rows that go into the tables of a migration.
pub fn of_migration(name: &str) -> Option<&'static str> {
    ROWS.iter().find(|(subject, _)| name.ends_with(subject)).map(|(_, sql)| *sql)
}

/// A migrated database with rows in every table.
pub fn populated() -> TestDatabase {
    let database = TestDatabase::migrated();
    for (subject, sql) in ROWS {
        database.execute(sql).unwrap_or_else(|error| panic!("rows of {subject}: {error}"));
    }
    database
}

#[test]
fn every_table_has_rows() {
    let database = populated();
    let tables = database.column(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
         AND relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')",
    );
    assert!(tables.len() >= 13, "only {tables:?}");
    for table in tables {
        assert_ne!(database.value(&format!("SELECT count(*) FROM {table}")), "0", "{table} has no row to test with");
    }
}
