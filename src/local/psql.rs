//! Decides which psql is run on the local server, and what it is told.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::{DATABASE, Local, LocalError, find, places};

impl Local {
    /// A command that opens psql on the local database: the psql beside the server's binaries, else the one on PATH.
    /// It runs as the caller, in the caller's folder and terminal; arguments can be added.
    ///
    /// # Errors
    ///
    /// [`LocalError::NoPsql`] if there is none.
    pub fn psql_command(&self) -> Result<Command, LocalError> {
        let url = self.url(DATABASE);
        let Some(program) = self.psql() else { return Err(LocalError::NoPsql { url }) };
        let mut command = Command::new(program);
        // Each of these could lead psql to another server or stop it: PGSERVICE, PGREQUIREAUTH, …
        for (variable, _) in env::vars_os() {
            let name = variable.as_encoded_bytes();
            if name.starts_with(b"PG") && !name.starts_with(b"PG_COLOR") {
                command.env_remove(variable);
            }
        }
        // No such file, so libpq warns about none that others may read.
        command.env("PGPASSFILE", "/dev/null/none").arg(url);
        Ok(command)
    }

    fn psql(&self) -> Option<PathBuf> {
        let beside = || {
            let owner = self.owner().ok()?;
            let data = self.folder.data();
            let made = super::cluster::major(&self.folder).ok()?.map(|major| (data.as_path(), major));
            // Any failure here is about the server; psql may be on PATH all the same.
            Some(find::find(&owner, made).ok()?.folder.join("psql")).filter(|psql| psql.is_file())
        };
        beside().or_else(|| places::on_path("psql").first().map(|folder| Path::new(folder).join("psql")))
    }
}
