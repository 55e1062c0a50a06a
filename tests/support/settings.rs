//! Every setting that a role or a database can carry, with values that are not the default ones.

use messenger_db::migrate::for_tests::Connection;

/// A setting that is left out, by the beginning of its name, and why.
const LEFT_OUT: [(&str, &str); 16] = [
    ("default_transaction_read_only", "forbids writing, as it is meant to"),
    ("transaction_read_only", "forbids writing, as it is meant to"),
    ("transaction_isolation", "is the transaction's; default_transaction_isolation is in"),
    ("transaction_deferrable", "is the transaction's; default_transaction_deferrable is in"),
    ("statement_timeout", "cuts, as it is meant to"),
    ("transaction_timeout", "cuts, as it is meant to"),
    ("max_stack_depth", "cuts, as it is meant to"),
    ("temp_file_limit", "cuts, as it is meant to"),
    ("role", "is who asks"),
    ("session_authorization", "is who asks"),
    ("session_replication_role", "takes triggers and foreign keys out, as it is meant to"),
    ("client_encoding", "is what libpq asks for when it connects, before what a role has set"),
    ("search_path", "is where the schema is looked for; tests of their own"),
    ("is_superuser", "is who asks"),
    ("debug_discard_caches", "makes all of it a hundred times as slow"),
    ("ignore_system_indexes", "makes all of it a hundred times as slow"),
];

/// The values of settings that are any text.
const TEXTS: [(&str, &[&str]); 9] = [
    ("DateStyle", &["SQL, DMY", "German", "Postgres, MDY"]),
    ("TimeZone", &["Asia/Kathmandu", "America/St_Johns"]),
    ("timezone_abbreviations", &["Australia", "India"]),
    ("default_text_search_config", &["pg_catalog.german", "pg_catalog.simple"]),
    ("lc_messages", &["C"]),
    ("lc_monetary", &["C", "C.UTF-8"]),
    ("lc_numeric", &["C", "C.UTF-8"]),
    ("lc_time", &["C", "C.UTF-8"]),
    ("application_name", &["it's \\ \"odd\""]),
];

/// Each setting that is not left out, with each value to try: of a boolean the other, of an enumeration every other, of what is
/// logged all and nothing, of a number the ends of its range, of a text those above. The server may still refuse one.
pub fn settings(connection: &mut Connection) -> Vec<(String, String)> {
    let mut settings: Vec<(String, String)> = Vec::new();
    let rows = connection
        .execute(
            "SELECT name, value FROM pg_settings CROSS JOIN LATERAL (
                 SELECT CASE setting WHEN 'on' THEN 'off' ELSE 'on' END WHERE vartype = 'bool'
                 UNION SELECT unnest(
                     CASE WHEN name LIKE 'log_min_%' THEN enumvals[1:1] || enumvals[cardinality(enumvals):] ELSE enumvals END
                 ) WHERE vartype = 'enum'
                 UNION SELECT unnest(ARRAY[min_val, max_val]) WHERE vartype IN ('integer', 'real')
             ) AS other (value)
             WHERE context IN ('user', 'superuser') AND value <> setting
             ORDER BY name, value",
        )
        .unwrap();
    for row in rows {
        let [Some(name), Some(value)] = row.as_slice() else { continue };
        settings.push((name.clone(), value.clone()));
    }
    for (name, values) in TEXTS {
        settings.extend(values.iter().map(|value| (name.to_owned(), (*value).to_owned())));
    }
    settings.retain(|(name, _)| !LEFT_OUT.iter().any(|(left_out, _)| name == left_out));
    assert!(settings.len() > 150, "{settings:?}");
    settings
}

/// The statement that makes a setting for the session.
pub fn set(name: &str, value: &str) -> String {
    format!("SELECT set_config('{name}', E'{}', false)", value.replace('\\', "\\\\").replace('\'', "''"))
}
