//! Decides how a cluster is made: beside its place, and renamed to it when nothing can go wrong any more.

use std::{
    fs::{self, DirBuilder, File},
    os::unix::fs::DirBuilderExt,
    path::Path,
    process::Command,
};

use super::{
    DATABASE, LocalError, USER,
    binaries::{Binaries, leading_number},
    child, files,
    lock::Lock,
    owner::Owner,
    settings,
    state::StateFolder,
};

/// Hands a line to a program. Through a shell, because the program's own standard input cannot be the line and the
/// lock at once: so the shell keeps the lock while the program works.
const FEED: &str = r#"printf '%s\n' "$1" | { shift; "$@"; }"#;
const APPEND: &str = r#"printf '%s\n' "$1" >> "$2""#;

/// The major version that made the data folder; `None` if there is no data folder.
pub(super) fn major(folder: &StateFolder) -> Result<Option<u32>, LocalError> {
    let data = folder.data();
    if !data.exists() {
        return Ok(None);
    }
    let damaged = |why| LocalError::Damaged { data: data.clone(), why };
    let text = fs::read_to_string(data.join("PG_VERSION")).map_err(|cause| damaged(format!("PG_VERSION: {cause}")))?;
    leading_number(text.trim()).map(Some).ok_or_else(|| damaged(format!("PG_VERSION says {:?}", text.trim())))
}

/// Makes the cluster with its superuser and its database. What an interrupted attempt left is thrown away first.
pub(super) fn initialise(
    folder: &StateFolder,
    binaries: &Binaries,
    owner: &Owner,
    throwaway: bool,
    lock: &Lock,
) -> Result<(), LocalError> {
    let (partial, data) = (folder.partial(), folder.data());
    files::remove_folder(&partial)?;
    DirBuilder::new().mode(0o700).create(&partial).map_err(LocalError::io("make the folder", &partial))?;
    owner.give(&partial)?;

    initdb(&partial, binaries, owner, throwaway, lock)?;
    create_database(&partial, binaries, owner, throwaway, lock)?;
    include_settings(&partial, owner)?;

    fs::rename(&partial, &data).map_err(LocalError::io("rename to data", &partial))?;
    File::open(&folder.root).and_then(|root| root.sync_all()).map_err(LocalError::io("flush to the disk", &folder.root))
}

fn initdb(partial: &Path, binaries: &Binaries, owner: &Owner, throwaway: bool, lock: &Lock) -> Result<(), LocalError> {
    let mut locales = locales(binaries.version.major).iter().peekable();
    while let Some(locale) = locales.next() {
        let mut command = binaries.command("initdb", owner);
        command.arg(format!("--username={USER}")).args(["--auth=trust", "--encoding=UTF8", "--no-instructions"]);
        command.args(*locale).arg("--pgdata").arg(partial).stdin(lock.stdin()?);
        if throwaway {
            command.arg("--no-sync");
        }
        let output = child::run(&mut command, owner)?;
        if output.status.success() {
            return Ok(());
        }
        let said = child::said(&output);
        // Any other failure would only repeat itself.
        if locales.peek().is_none() || !said.contains("locale") {
            return Err(LocalError::Initialise { program: "initdb", said });
        }
    }
    Ok(())
}

/// The locales to try: code point order and Unicode's letters as the system has them, then as PostgreSQL has them
/// built in (for systems such as macOS, which lack C.UTF-8), then letters of ASCII only.
fn locales(major: u32) -> &'static [&'static [&'static str]] {
    const ALL: &[&[&str]] = &[
        &["--locale=C.UTF-8"],
        &["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
        &["--no-locale"],
    ];
    const BEFORE_17: &[&[&str]] = &[&["--locale=C.UTF-8"], &["--no-locale"]];
    if major >= 17 { ALL } else { BEFORE_17 }
}

/// Creates the database with a single-user server, because no client is sure to be there.
fn create_database(
    partial: &Path,
    binaries: &Binaries,
    owner: &Owner,
    throwaway: bool,
    lock: &Lock,
) -> Result<(), LocalError> {
    let mut command: Command = child::command("/bin/sh", owner);
    command.args(["-c", FEED, "sh", &format!("CREATE DATABASE {DATABASE};")]);
    command.arg(binaries.folder.join("postgres")).arg("--single").arg("-D").arg(partial);
    // Without this it reports an error and ends well.
    command.args(["-c", "exit_on_error=on"]);
    if throwaway {
        command.arg("-F");
    }
    let output = child::run(command.arg("postgres").stdin(lock.stdin()?), owner)?;
    if output.status.success() {
        return Ok(());
    }
    Err(LocalError::Initialise { program: "postgres --single", said: child::said(&output) })
}

/// As the server's user, who owns the file: root must not write through a link that user may have put there.
fn include_settings(partial: &Path, owner: &Owner) -> Result<(), LocalError> {
    let mut command = child::command("/bin/sh", owner);
    command.args(["-c", APPEND, "sh", settings::INCLUDE]).arg(partial.join("postgresql.conf"));
    let output = child::run(&mut command, owner)?;
    if output.status.success() {
        return Ok(());
    }
    Err(LocalError::Initialise { program: "sh", said: child::said(&output) })
}
