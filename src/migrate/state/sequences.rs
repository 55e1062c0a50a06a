//! Puts sequences back after a rehearsal: a rollback alone does not return the numbers that were drawn.

use std::collections::BTreeMap;

use crate::migrate::error::Error;
use crate::migrate::model::migration::Migration;
use crate::migrate::sql::libpq::{Connection, ServerError};

/// The sequences of the database, and where they stood.
pub(crate) struct Sequences(BTreeMap<String, String>);

impl Sequences {
    /// Notes where each stands.
    pub fn of(connection: &mut Connection) -> Result<Self, Error> {
        Ok(Self::read(connection)?)
    }

    /// Has those that a migration may draw from write to a file of this transaction's own, which its rollback throws away.
    /// Until then nobody else draws from these.
    ///
    /// A migration may draw from a sequence when its text has the name of the sequence, or of the table whose column it
    /// feeds; and this session can do that to sequences of its own role only.
    pub fn shield(connection: &mut Connection, migration: &Migration) -> Result<(), ServerError> {
        let rows = connection.execute(
            "SELECT class.oid::regclass, class.relname, coalesce(feeds.relname, ''), seqincrement,
                 pg_has_role(class.relowner, 'USAGE')
             FROM pg_sequence
             INNER JOIN pg_class AS class ON class.oid = seqrelid
             LEFT JOIN pg_depend AS depend
                 ON depend.classid = 'pg_class'::regclass AND depend.objid = seqrelid AND depend.deptype IN ('a', 'i')
             LEFT JOIN pg_class AS feeds ON feeds.oid = depend.refobjid AND depend.refclassid = 'pg_class'::regclass
             WHERE class.relpersistence <> 't'",
        )?;
        let text = migration.up.to_lowercase();
        let mentions = |name: &str| !name.is_empty() && text.contains(&name.to_lowercase());
        for row in rows {
            let [Some(sequence), Some(name), Some(table), Some(increment), Some(is_ours)] = row.as_slice() else {
                continue;
            };
            if is_ours == "t" && (mentions(name) || mentions(table)) {
                connection.execute(&format!("ALTER SEQUENCE {sequence} INCREMENT BY {increment}"))?;
            }
        }
        Ok(())
    }

    /// Which stand elsewhere by now.
    pub fn moved(&self, connection: &mut Connection) -> Result<Vec<String>, ServerError> {
        let now = Self::read(connection)?;
        Ok(now.0.into_iter().filter(|(name, value)| self.0.get(name) != Some(value)).map(|(name, _)| name).collect())
    }

    fn read(connection: &mut Connection) -> Result<Self, ServerError> {
        let rows = connection.execute(
            "SELECT seqrelid::regclass, coalesce(pg_sequence_last_value(seqrelid)::text, 'none') FROM pg_sequence
             WHERE has_sequence_privilege(seqrelid, 'SELECT, USAGE')",
        )?;
        let pair = |row: Vec<Option<String>>| {
            let mut values = row.into_iter();
            Some((values.next()??, values.next()??))
        };
        Ok(Self(rows.into_iter().filter_map(pair).collect()))
    }
}
