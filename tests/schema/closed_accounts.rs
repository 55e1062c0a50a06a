//! A closed account holds nothing personal: the server tells which columns of `users` are personal.

use super::rows;

/// Every column but keys, times and closed sets holds what a person has written of themselves.
const PERSONAL: &str = "
    SELECT attname FROM pg_attribute
    INNER JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped AND typtype <> 'e'
        AND typname NOT IN ('user_id', 'uuid', 'timestamptz')
    ORDER BY attname";

#[test]
fn no_personal_column_can_be_filled_on_a_closed_account() {
    let database = rows::populated();
    let personal = database.column(PERSONAL);
    assert!(personal.len() >= 4, "{personal:?}");
    for column in personal {
        // A value that the column's own constraints allow, as the files of rows have one; else a letter.
        database.execute("UPDATE users SET avatar_url = 'https://example.org/a.jpg' WHERE deleted_at IS NULL").unwrap();
        let value = format!("coalesce((SELECT {column} FROM users AS other WHERE {column} IS NOT NULL LIMIT 1), 'x')");
        let refused = database.execute(&format!("UPDATE users SET {column} = {value} WHERE deleted_at IS NOT NULL"));
        let constraint = refused.err().and_then(|error| error.constraint);
        assert_eq!(constraint.as_deref(), Some("users_closed_is_anonymous_check"), "{column}");
    }
}
