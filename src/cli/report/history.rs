//! The objects of `list` and `pending`.

use serde::Serialize;

use crate::migrate::{Applied, Migration, Owner};

/// Every migration.
#[derive(Debug, Serialize)]
pub struct List<'a> {
    /// The database's name.
    pub database: &'a str,
    /// The embedded ones, the service's own, and then those that only the database knows.
    pub migrations: Vec<Listed<'a>>,
    /// How many versions in the history are other programs'. The first few are among the migrations.
    pub foreign: usize,
}

/// A migration, and what is known of its application.
#[derive(Debug, Serialize)]
pub struct Listed<'a> {
    name: Option<&'a str>,
    version: &'a str,
    owner: Option<&'static str>,
    applied_at: Option<&'a str>,
    seconds: Option<f64>,
    origin: Option<&'a str>,
    applied_by: Option<&'a str>,
    binary_version: Option<&'a str>,
}

impl<'a> Listed<'a> {
    /// One that is embedded or the service's own, and its row in the history, if it is applied.
    pub fn known(migration: &'a Migration, row: Option<&'a Applied>) -> Self {
        Self::new(Some(migration.name), migration.version.as_str(), Some(migration.owner), row)
    }

    /// One that is another program's.
    pub fn foreign(row: &'a Applied) -> Self {
        Self::new(None, &row.version, row.record.as_ref().map(|record| record.owner), Some(row))
    }

    /// One that is applied and not embedded.
    pub fn ahead(row: &'a Applied) -> Self {
        Self::new(None, &row.version, Some(Owner::Messenger), Some(row))
    }

    fn new(name: Option<&'a str>, version: &'a str, owner: Option<Owner>, row: Option<&'a Applied>) -> Self {
        let record = row.and_then(|row| row.record.as_ref());
        Self {
            name: name.or(record.map(|record| record.name.as_str())),
            version,
            owner: owner.map(Owner::as_str),
            applied_at: row.map(|row| row.run_on.as_str()),
            seconds: record.and_then(|record| record.duration).map(|duration| duration.as_secs_f64()),
            origin: record.map(|record| record.origin.as_str()),
            applied_by: record.and_then(|record| record.applied_by.as_deref()),
            binary_version: record.map(|record| record.binary_version.as_str()),
        }
    }
}

/// What `run` would apply.
#[derive(Debug, Serialize)]
pub struct Pending<'a> {
    /// The database's name.
    pub database: &'a str,
    /// Names of migrations, oldest first.
    pub pending: Vec<&'a str>,
}
