//! Decides whether the server's user can get to the state folder at all, before anything is made there.

use std::path::{Path, PathBuf};

use super::{LocalError, child, owner::Owner, state::StateFolder};

/// Prints the first folder that may not be entered. Asking the system as that user is exact where reading modes is
/// not: access lists, mounts, namespaces.
const FIRST_CLOSED: &str = r#"for folder; do test -x "$folder" || { printf %s "$folder"; exit 1; }; done"#;

/// Refuses a state folder behind a folder that the server's user cannot enter.
pub(super) fn check(folder: &StateFolder, owner: &Owner) -> Result<(), LocalError> {
    if owner.switch.is_none() {
        // The caller's own folders: making ours will tell.
        return Ok(());
    }
    // What does not exist yet will be made so that it can be entered.
    let mut parents: Vec<&Path> = folder.root.ancestors().skip(1).filter(|parent| parent.exists()).collect();
    parents.reverse();
    let mut command = child::command("/bin/sh", owner);
    let output = child::run(command.args(["-c", FIRST_CLOSED, "sh"]).args(parents), owner)?;
    if output.status.success() {
        return Ok(());
    }
    Err(LocalError::Unreachable {
        user: owner.name.clone(),
        parent: PathBuf::from(String::from_utf8_lossy(&output.stdout).into_owned()),
        path: folder.root.clone(),
    })
}
