//! Decides which of the installed server binaries are used.

use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
};

use super::{
    LocalError, PG_BIN_VARIABLE,
    binaries::{self, Binaries},
    owner::Owner,
    places,
};

/// Finds binaries that run as this user: those of `MESSENGER_DB_PG_BIN` and no others if it is set, else the first
/// that work in the known places. `data` is the data folder with the major version that made it, if there is one:
/// then only that version will do.
pub(super) fn find(owner: &Owner, data: Option<(&Path, u32)>) -> Result<Binaries, LocalError> {
    let fits = |binaries: &Binaries| data.is_none_or(|(_, major)| binaries.version.major == major);
    let other = |found: &[Binaries]| other_version(found, data);

    if let Some(folder) = env::var_os(PG_BIN_VARIABLE).filter(|folder| !folder.is_empty()) {
        let binaries = asked(Path::new(&folder), owner)?;
        return if fits(&binaries) { Ok(binaries) } else { Err(other(&[binaries]).unwrap_or_else(|| none(vec![]))) };
    }

    let mut seen = BTreeSet::new();
    let mut unfit = Vec::new();
    let mut looked = Vec::new();
    let mut empty = Vec::new();
    for place in places::all(owner) {
        if place.folders.is_empty() {
            empty.push(place.name.clone());
        }
        for folder in place.folders.iter().map(|folder| binaries::resolve(folder)) {
            if !seen.insert(folder.clone()) {
                continue;
            }
            match Binaries::probe(&folder, owner) {
                Ok(binaries) if fits(&binaries) => return Ok(binaries),
                Ok(binaries) => unfit.push(binaries),
                Err(why) => looked.push(format!("{}: {}: {why}", place.name, folder.display())),
            }
        }
    }
    looked.push(format!("nothing in: {}", empty.join(", ")));
    Err(other(&unfit).unwrap_or_else(|| none(looked)))
}

/// A folder that was asked for by name either works or is an error: falling back to another would hide the mistake.
fn asked(folder: &Path, owner: &Owner) -> Result<Binaries, LocalError> {
    let unusable = |why: String| LocalError::PgBin { path: folder.to_owned(), why };
    if !folder.is_absolute() {
        return Err(unusable("it is not an absolute path".to_owned()));
    }
    if !folder.is_dir() {
        return Err(unusable("there is no such folder".to_owned()));
    }
    Binaries::probe(&binaries::resolve(folder), owner).map_err(unusable)
}

fn other_version(found: &[Binaries], data: Option<(&Path, u32)>) -> Option<LocalError> {
    let (data, made) = data?;
    let found: Vec<String> = found.iter().map(|one| format!("{} in {}", one.version, one.folder.display())).collect();
    (!found.is_empty()).then(|| LocalError::OtherVersion { data: PathBuf::from(data), made, found: found.join(", ") })
}

fn none(looked: Vec<String>) -> LocalError {
    LocalError::NoServer { looked }
}
