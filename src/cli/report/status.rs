//! The object of `status`.

use serde::Serialize;

use super::Difference;
use crate::migrate::{Migration, Target, Verification};

/// Where a database stands.
#[derive(Debug, Serialize)]
pub struct Status<'a> {
    server: Server<'a>,
    database: &'a str,
    user: &'a str,
    version: Option<&'a str>,
    applied: usize,
    pending: Vec<&'a str>,
    ahead: Vec<&'a str>,
    edited: Vec<&'a str>,
    drift: Option<Vec<Difference<'a>>>,
}

/// The server.
#[derive(Debug, Serialize)]
pub struct Server<'a> {
    version: &'a str,
    host: &'a str,
    port: &'a str,
}

impl<'a> From<&'a Target> for Server<'a> {
    fn from(target: &'a Target) -> Self {
        Self { version: &target.server_version, host: &target.host, port: &target.port }
    }
}

impl<'a> From<&'a Verification> for Status<'a> {
    fn from(found: &'a Verification) -> Self {
        let status = &found.status;
        let names = |migrations: &'a [Migration]| migrations.iter().map(|migration| migration.name).collect();
        Self {
            server: Server::from(&status.target),
            database: &status.target.database,
            user: &status.target.user,
            version: status.version(),
            applied: status.applied.len(),
            pending: names(&status.pending),
            ahead: status.ahead.iter().map(|row| row.version.as_str()).collect(),
            edited: names(&status.edited),
            drift: super::differences(&found.catalog),
        }
    }
}
