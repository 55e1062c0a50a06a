//! Decides whether a folder holds server binaries that can be used: all three of them, running, of one version, not
//! too old.

use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use super::{OLDEST_MAJOR, child, owner::Owner};

/// What it takes to make and run a server; distributions that split them would leave one out.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// A folder of server binaries that work.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub(super) folder: PathBuf,
    pub(super) version: Version,
}

impl Binaries {
    /// Tries the binaries in a folder as the user who will run them, who may not be allowed to. The error is a
    /// phrase that says what is wrong.
    pub(super) fn probe(folder: &Path, owner: &Owner) -> Result<Self, String> {
        let mut agreed: Option<Version> = None;
        for name in NEEDED {
            let version = version_of(&folder.join(name), name, owner)?;
            match &agreed {
                Some(other) if *other != version => return Err(format!("{name} is {version}, the rest is {other}")),
                _ => agreed = Some(version),
            }
        }
        match agreed {
            Some(version) if version.major >= OLDEST_MAJOR => Ok(Self { folder: folder.to_owned(), version }),
            Some(version) => Err(format!("PostgreSQL {version} is older than {OLDEST_MAJOR}")),
            None => Err("nothing to try".to_owned()),
        }
    }

    /// A command that runs one of the binaries as the server's user.
    pub(super) fn command(&self, name: &str, owner: &Owner) -> Command {
        child::command(self.folder.join(name), owner)
    }
}

/// Where the binaries of a folder really are: one of them may be linked from /usr/local/bin without its siblings.
pub(super) fn resolve(folder: &Path) -> PathBuf {
    let complete = |folder: &Path| NEEDED.iter().all(|name| folder.join(name).is_file());
    let real = folder.join("postgres").canonicalize().ok();
    match real.as_deref().and_then(Path::parent) {
        Some(real) if complete(real) => real.to_owned(),
        _ => folder.to_owned(),
    }
}

pub(super) fn version_of(program: &Path, name: &str, owner: &Owner) -> Result<Version, String> {
    if !program.exists() {
        return Err(format!("it has no {name}"));
    }
    let output = child::command(program, owner)
        .arg("--version")
        .output()
        .map_err(|cause| format!("{name} does not run as {}: {cause}", owner.name))?;
    if !output.status.success() {
        return Err(format!("{name} does not run as {}: {}", owner.name, child::said(&output)));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    Version::parse(&said).ok_or_else(|| format!("{name} calls its version {:?}", said.trim()))
}

/// A version of PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) major: u32,
    text: String,
}

impl Version {
    /// Reads what `postgres --version` prints, such as `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
    fn parse(said: &str) -> Option<Self> {
        let (_, rest) = said.split_once("(PostgreSQL)")?;
        let text = rest.split_whitespace().next()?;
        Some(Self { major: leading_number(text)?, text: text.to_owned() })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// The number a text begins with.
pub(super) fn leading_number(text: &str) -> Option<u32> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.get(..end)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn the_major_version_is_read_from_every_form_of_the_text() {
        for (said, major, text) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", 15, "15.18"),
            ("initdb (PostgreSQL) 18.4\n", 18, "18.4"),
            ("pg_ctl (PostgreSQL) 19beta1\n", 19, "19beta1"),
            ("postgres (PostgreSQL) 19devel", 19, "19devel"),
            ("postgres (PostgreSQL) 9.6.24", 9, "9.6.24"),
        ] {
            assert_eq!(Version::parse(said), Some(Version { major, text: text.to_owned() }), "{said}");
        }
    }

    #[test]
    fn what_is_no_version_is_not_taken_for_one() {
        for said in ["", "postgres", "postgres (PostgreSQL)", "postgres (PostgreSQL) devel", "psql (EDB) 15.1"] {
            assert_eq!(Version::parse(said), None, "{said}");
        }
    }
}
