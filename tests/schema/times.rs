//! Nothing that cannot be read again is stored: every time is of the years 1 to 9999.

use super::rows;

/// Each column that holds a time: its table, and its name.
const TIMES: &str = "
    SELECT relname || '.' || attname FROM pg_attribute
    INNER JOIN pg_class ON pg_class.oid = attrelid AND relkind = 'r' AND relnamespace = 'public'::regnamespace
    WHERE attnum > 0 AND NOT attisdropped AND atttypid = 'timestamptz'::regtype
        AND relname NOT IN ('__diesel_schema_migrations', 'messenger_db_ledger')
    ORDER BY 1";

#[test]
fn every_time_can_be_read_again_whoever_wrote_it() {
    let database = rows::populated();
    let columns = database.column(TIMES);
    assert!(columns.len() > 30, "{columns:?}");
    // The others may be broken too, and would be named first.
    let others = database.column(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
         WHERE contype = 'c' AND conrelid <> 0 AND conname NOT LIKE '%\\_times\\_check'",
    );
    database.execute(&others.join(";")).unwrap();
    for column in columns {
        let (table, name) = column.split_once('.').unwrap();
        for time in ["infinity", "-infinity", "20000-01-01", "0044-03-15 BC"] {
            let refused = database.execute(&format!("UPDATE {table} SET {name} = '{time}'")).expect_err(&column);
            assert_eq!(
                refused.constraint,
                Some(format!("{table}_times_check")),
                "{column} = {time}: {}",
                refused.message
            );
        }
    }
}
