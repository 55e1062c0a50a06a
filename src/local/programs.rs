//! The programs of PostgreSQL that are used, and where they are looked for.
//!
//! Guards against programs that are missing, too old, of another major version than the data, or replaced while the server
//! runs.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{env, fs, iter};

use super::owner::{Owner, said};
use super::{LocalError, PG_BIN_VARIABLE};

/// What it takes to make and run a server; distributions that split them would leave one out.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// The oldest PostgreSQL that the schema works on.
const OLDEST_MAJOR: u32 = 15;

/// Where packages put the programs. The `*` is the version, or what comes before it.
const PLACES: [&str; 11] = [
    "/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
    "/usr/pgsql-*/bin",                                   // the PostgreSQL project's packages for Fedora and relatives
    "/usr/lib/postgresql*/bin",                           // SUSE
    "/usr/libexec/postgresql*/",                          // Alpine
    "/opt/homebrew/opt/postgresql*/bin",                  // Homebrew on Apple silicon
    "/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // Homebrew on Linux
    "/opt/local/lib/postgresql*/bin",                     // MacPorts
    "/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
    "/usr/local/pgsql*/bin",                              // built from source
    "/opt/postgresql*/bin",                               // built from source
];

/// A folder of server programs that work.
#[derive(Debug, Clone)]
pub(super) struct Programs {
    /// Where they were found; a link there may lead to other programs tomorrow.
    found: PathBuf,
    /// Where they are.
    folder: PathBuf,
    /// Their major version.
    pub(super) major: u32,
    version: String,
}

impl Programs {
    /// The programs that the user can run: those of `MESSENGER_DB_PG_BIN` and no others if it is set, else the first that
    /// work in the known places. `made` is the major version that made the data, if there is any: no other will do.
    pub(super) fn find(owner: &Owner, data: &Path, made: Option<u32>) -> Result<Self, LocalError> {
        let (mut looked, mut others, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        let asked = asked();
        // Folders that were asked for work or are an error: falling back to others would hide the mistake.
        let usual = iter::once_with(|| folders("postgres", owner)).take(usize::from(asked.is_none())).flatten();
        for folder in asked.clone().into_iter().chain(usual).filter(|folder| seen.insert(resolve(folder))) {
            match (Self::probe(&folder, owner), &asked) {
                (Ok(programs), _) if made.is_none_or(|made| programs.major == made) => return Ok(programs),
                (Ok(other), _) => others.push(format!("{} in {}", other.version, other.folder.display())),
                (Err(why), Some(path)) => return Err(LocalError::PgBin { path: path.clone(), why }),
                (Err(why), None) => looked.push(format!("{}: {why}", folder.display())),
            }
        }
        if let Some(made) = made.filter(|_| !others.is_empty()) {
            return Err(LocalError::OtherVersion { data: data.to_owned(), made, found: others.join(", ") });
        }
        looked.push("PATH, pg_config --bindir, and the folders of packages (/usr/lib/postgresql/*/bin, …)".to_owned());
        Err(LocalError::NoServer(looked))
    }

    /// Tries the programs of a folder. The error is a phrase that says what is wrong.
    fn probe(found: &Path, owner: &Owner) -> Result<Self, String> {
        let folder = resolve(found);
        if !found.is_absolute() {
            return Err("it is not an absolute path".to_owned());
        } else if !found.is_dir() {
            return Err("there is no such folder".to_owned());
        } else if let Some(name) = NEEDED.iter().find(|name| !folder.join(name).is_file()) {
            return Err(format!("it has no {name}"));
        }
        let (major, version) = version(&folder.join("postgres"), owner)?;
        if major < OLDEST_MAJOR {
            return Err(format!("PostgreSQL {version} is older than {OLDEST_MAJOR}"));
        }
        Ok(Self { found: found.to_owned(), folder, major, version })
    }

    /// The path of one of them, such as `initdb`.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What tells these programs from others that take their place, for [`recorded`].
    pub(super) fn identity(&self) -> String {
        let program = self.found.join("postgres");
        format!("{}\n{}\n", identity(&program).unwrap_or_default(), program.display())
    }
}

/// What was written down of the program that runs: its identity, and where it was found.
pub(super) fn recorded(file: &Path) -> Option<(String, PathBuf)> {
    let text = fs::read_to_string(file).ok()?;
    let (identity, program) = text.trim_end_matches('\n').split_once('\n')?;
    Some((identity.to_owned(), PathBuf::from(program)))
}

/// Whether other programs than the recorded ones would be started now: a package was upgraded or removed, a link leads
/// elsewhere, or `MESSENGER_DB_PG_BIN` names others.
pub(super) fn were_replaced(record: &Path) -> bool {
    let now = || asked().and_then(|folder| identity(&folder.join("postgres")));
    recorded(record).is_some_and(|(then, program)| now().or_else(|| identity(&program)) != Some(then))
}

/// A package manager puts a new file in the place of the old one, which keeps its number while a server runs it.
fn identity(program: &Path) -> Option<String> {
    let file = fs::metadata(program).ok()?;
    Some(format!("{} {} {} {}", file.dev(), file.ino(), file.size(), file.mtime()))
}

/// The first program of that name, such as `pg_dump`, that is at least of a server's major version, where the server's
/// programs are looked for too. Else the newest that is there; else the mere name.
#[must_use]
pub fn client_program(name: &str, server: u32) -> PathBuf {
    let (caller, mut newest) = (Owner::caller(), (0, PathBuf::from(name)));
    for program in asked().into_iter().chain(folders(name, &caller)).map(|folder| folder.join(name)) {
        match version(&program, &caller) {
            Ok((major, _)) if major >= server => return program,
            Ok((major, _)) if major > newest.0 => newest = (major, program),
            _ => {}
        }
    }
    newest.1
}

/// The folder that `MESSENGER_DB_PG_BIN` names.
fn asked() -> Option<PathBuf> {
    env::var_os(PG_BIN_VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// Every folder that may have a program, the most telling first. Lazy: nothing is run or listed behind the one that has
/// what is needed.
fn folders(program: &str, owner: &Owner) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path = env::split_paths(&path).filter(|folder| folder.join(program).is_file()).collect::<Vec<_>>();
    // Where the PostgreSQL of the development files keeps its programs.
    let bindir = || {
        let output = owner.command("pg_config").arg("--bindir").output().ok()?;
        output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
    };
    let guessed = iter::once_with(bindir).flatten().chain(PLACES.into_iter().flat_map(newest_first));
    // A relative one would mean something else in every folder.
    on_path.into_iter().chain(guessed).filter(|folder| folder.is_absolute())
}

/// The folders of a place, the newest version first.
fn newest_first(place: &str) -> Vec<PathBuf> {
    let parts = place.split_once("*/").and_then(|(before, below)| Some((before.rsplit_once('/')?, below)));
    let Some(((above, begins), below)) = parts else { return Vec::new() };
    let entries = Path::new(above).read_dir().into_iter().flatten().flatten();
    let found = entries.filter_map(|entry| {
        let name = entry.file_name();
        // `15`, `@17`, `-16`, `16-server`; none in `latest`.
        let rest = name.to_str()?.strip_prefix(begins)?.trim_start_matches(|c: char| !c.is_ascii_digit());
        Some((Reverse(leading_number(rest)), entry.path().join(below)))
    });
    // Sorted by the path, too: the order is the same every time.
    found.filter(|(_, folder)| folder.is_dir()).collect::<BTreeSet<_>>().into_iter().map(|(_, folder)| folder).collect()
}

/// Where the programs of a folder are: one of them may be linked from /usr/local/bin without the others.
fn resolve(folder: &Path) -> PathBuf {
    let is_complete = |folder: &&Path| NEEDED.iter().all(|name| folder.join(name).is_file());
    let real = folder.join("postgres").canonicalize().ok();
    real.as_deref().and_then(Path::parent).filter(is_complete).unwrap_or(folder).to_owned()
}

/// Asks a program for its version, as the user who will run it and may not be allowed to.
fn version(program: &Path, owner: &Owner) -> Result<(u32, String), String> {
    let name = program.file_name().unwrap_or_default().display();
    let output = owner.command(program).arg("--version").output();
    let output = output.map_err(|cause| format!("{name} does not run as {}: {cause}", owner.name))?;
    if !output.status.success() {
        return Err(format!("{name} does not run as {}: {}", owner.name, said(&output)));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    parse(&text).ok_or_else(|| format!("{name} calls its version {:?}", text.trim()))
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn parse(text: &str) -> Option<(u32, String)> {
    let version = text.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    Some((leading_number(version)?, version.to_owned()))
}

/// The number a text begins with.
pub(super) fn leading_number(text: &str) -> Option<u32> {
    text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::{fs, io};

    use super::{newest_first, parse};

    #[test]
    fn the_version_is_read_from_every_form_of_the_text_and_from_nothing_else() {
        for (text, major, version) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", 15, "15.18"),
            ("initdb (PostgreSQL) 18.4\n", 18, "18.4"),
            ("pg_ctl (PostgreSQL) 19beta1\n", 19, "19beta1"),
            ("postgres (PostgreSQL) 9.6.24", 9, "9.6.24"),
        ] {
            assert_eq!(parse(text), Some((major, version.to_owned())), "{text}");
        }
        for text in ["", "postgres", "postgres (PostgreSQL)", "postgres (PostgreSQL) devel", "psql (EDB) 15.1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_newest_version_comes_first_by_number_and_the_nameless_last() -> io::Result<()> {
        let above = std::env::temp_dir().join(format!("messenger-db-places-{}", std::process::id()));
        for name in ["postgresql@9.6", "postgresql@18", "postgresql", "postgresql@17", "redis@20"] {
            fs::create_dir_all(above.join(name).join("bin"))?;
        }
        let found = newest_first(&format!("{}/postgresql*/bin", above.display()));
        fs::remove_dir_all(&above)?;
        let expected = ["postgresql@18", "postgresql@17", "postgresql@9.6", "postgresql"];
        assert_eq!(found, expected.map(|name| above.join(name).join("bin")));
        assert!(newest_first("/no/such/folder/*/bin").is_empty());
        Ok(())
    }
}
