//! Decides which of the installed client programs, such as `pg_dump`, is used on a server.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use super::binaries::{self, Version};
use super::owner::{self, Owner};
use super::{PG_BIN_VARIABLE, places};

/// The first program of that name that is at least of a server's major version, where the server's binaries are
/// looked for too. Else the newest that is there; else the mere name.
#[must_use]
pub fn client_program(name: &str, server: u32) -> PathBuf {
    let caller = owner::caller().map_or_else(|_| Owner::myself(u32::MAX), Owner::myself);
    let asked = env::var_os(PG_BIN_VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let path = places::on_path(name);
    let places = places::all(&caller).flat_map(|place| place.folders);
    let mut seen = BTreeSet::new();
    let mut newest: Option<(Version, PathBuf)> = None;
    for folder in asked.into_iter().chain(path).chain(places).filter(|folder| seen.insert(folder.clone())) {
        let program = folder.join(name);
        let Some(version) = version(&program, name, &caller) else { continue };
        if version.major >= server {
            return program;
        }
        if newest.as_ref().is_none_or(|(other, _)| other.major < version.major) {
            newest = Some((version, program));
        }
    }
    newest.map_or_else(|| PathBuf::from(name), |(_, program)| program)
}

fn version(program: &Path, name: &str, caller: &Owner) -> Option<Version> {
    binaries::version_of(program, name, caller).ok()
}
