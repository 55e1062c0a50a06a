//! The cluster of the private server, and its settings.
//!
//! Guards against a data folder that is half made: the cluster is made beside its place, with its database and its
//! settings, and renamed when it is complete.

use std::fs::{self, File};
use std::path::Path;

use super::owner::{Owner, said};
use super::programs::{Programs, leading_number};
use super::state::{self, Lock, StateFolder};
use super::{DATABASE, Local, LocalError, USER};

/// Makes the database with a single-user server, because no client is sure to be installed, and includes the settings.
/// Runs as the server's user, who owns the files: root must not write through a link that this user may have put there.
/// The include is relative, so that the state folder can be moved.
const FINISH: &str = r#"printf '%s\n' "$3" | "$1" --single -D "$2" -c exit_on_error=on $4 postgres &&
printf "include '../settings.conf'\n" >>"$2/postgresql.conf""#;

/// The locales to try: code point order and Unicode's letters as the system has them, then as PostgreSQL 17 has them
/// built in (for systems such as macOS, which lack C.UTF-8), then letters of ASCII only.
const LOCALES: [&[&str]; 3] = [
    &["--locale=C.UTF-8"],
    &["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
    &["--no-locale"],
];

/// The settings of a server whose data nobody will miss.
const THROWAWAY: &str = "max_connections = 200\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n";

/// The major version that made the data folder; `None` if there is no data folder.
pub(super) fn major(folder: &StateFolder) -> Result<Option<u32>, LocalError> {
    let data = folder.data();
    if !data.exists() {
        return Ok(None);
    }
    let damaged = |why| {
        let what = format!("the local database in {} is damaged: {why}.", data.display());
        LocalError::failed(what, "Restore it from a backup, or discard it with: messenger-db local destroy")
    };
    let text = fs::read_to_string(data.join("PG_VERSION")).map_err(|cause| damaged(format!("PG_VERSION: {cause}")))?;
    leading_number(text.trim()).map(Some).ok_or_else(|| damaged(format!("PG_VERSION says {:?}", text.trim())))
}

/// Makes the cluster with its superuser and its database. What an interrupted attempt left is removed first.
pub(super) fn initialise(local: &Local, programs: &Programs, owner: &Owner, lock: &Lock) -> Result<(), LocalError> {
    let (folder, is_throwaway) = (&local.folder, local.is_throwaway);
    // Renamed to data when it is complete.
    let (partial, data) = (folder.root.join("data.partial"), folder.data());
    let root = folder.root.display();
    // PostgreSQL refuses root. Whoever it runs as may be kept out by a folder above.
    let what = format!("making the local database failed, as {} in {root}. It said:", owner.name);
    let failed = |said| folder.failed(&what, said);
    state::remove(&partial)?;
    state::make_folder(&partial, 0o700)?;
    owner.give(&partial)?;

    let mut failures = Vec::new();
    for locale in LOCALES {
        let mut command = owner.command(programs.path("initdb"));
        command.arg(format!("--username={USER}")).args(["--auth=trust", "--encoding=UTF8", "--no-instructions"]);
        command.args(locale).arg("--pgdata").arg(&partial).stdin(lock.stdin()?);
        let output = owner.run(command.args(is_throwaway.then_some("--no-sync")))?;
        if output.status.success() {
            failures.clear();
            break;
        }
        failures.push(said(&output));
    }
    // The first is about the usual locale.
    if let Some(said) = failures.first() {
        return Err(failed(said));
    }

    let mut command = owner.command("/bin/sh");
    command.args(["-c", FINISH, "sh"]).arg(programs.path("postgres")).arg(&partial);
    command.args([&*format!("CREATE DATABASE {DATABASE};"), if is_throwaway { "-F" } else { "" }]).stdin(lock.stdin()?);
    let output = owner.run(&mut command)?;
    if !output.status.success() {
        return Err(failed(&said(&output)));
    }

    fs::rename(&partial, &data).map_err(LocalError::io("rename to data", &partial))?;
    File::open(&folder.root).and_then(|root| root.sync_all()).map_err(LocalError::io("flush to the disk", &folder.root))
}

/// Writes the settings and the access rules. They are in the state folder, which is the caller's, and not in the data
/// folder, which is the server's: root must not write where another user may put a symbolic link.
pub(super) fn configure(local: &Local) -> Result<(), LocalError> {
    let Local { folder, socket, .. } = local;
    let rules = folder.root.join("pg_hba.conf");
    let mut settings = format!(
        "# Written by messenger-db at every start: changes made here are lost.\n\
         cluster_name = 'messenger-db'\n\
         listen_addresses = ''\n\
         port = {port}\n\
         unix_socket_directories = {socket}\n\
         unix_socket_permissions = 0700\n\
         hba_file = {rules}\n\
         logging_collector = off\n\
         log_destination = 'stderr'\n\
         random_page_cost = 1.1\n",
        port = socket.port,
        socket = quote(&list_of_one(&socket.folder)),
        rules = quote(&rules.to_string_lossy()),
    );
    if local.is_throwaway {
        settings.push_str(THROWAWAY);
    }
    // Of two lines for one setting PostgreSQL takes the last, and of two rules that fit the first.
    state::write(&folder.root.join("settings.conf"), &(settings + &local.settings))?;
    // Trust is safe: only the server's user and root reach the socket.
    let usual = "local all all trust\nlocal replication all trust\n";
    state::write(&rules, &format!("{}{usual}", local.rules))
}

/// A list of folders in which commas and spaces belong to the one folder it has.
fn list_of_one(folder: &Path) -> String {
    format!("\"{}\"", folder.to_string_lossy().replace('"', "\"\""))
}

/// A text as postgresql.conf wants it.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{list_of_one, quote};

    #[test]
    fn a_path_with_quotes_of_both_kinds_and_a_backslash_survives_the_quoting() {
        let folder = Path::new("/it's a \"b\\c\"");
        assert_eq!(quote(&list_of_one(folder)), r#"'"/it''s a ""b\\c"""'"#);
    }
}
