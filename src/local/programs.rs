//! The programs of PostgreSQL that are used, and where they are looked for.
//!
//! Guards against programs that are missing, too old, or of another major version than the data.

use std::{
    cmp::Reverse,
    collections::BTreeSet,
    env, fs, iter,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use super::{
    LocalError, PG_BIN_VARIABLE,
    owner::{Owner, said},
};

/// What it takes to make and run a server; distributions that split them would leave one out.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// The oldest PostgreSQL that the schema works on.
const OLDEST_MAJOR: u32 = 15;

/// The folders of packages, each as: the folder above, how the package's folder begins, where the programs are in it.
const PACKAGES: [(&str, &str, &str); 11] = [
    // Debian, Ubuntu
    ("/usr/lib/postgresql", "", "bin"),
    // The PostgreSQL project's own packages for Fedora and its relatives
    ("/usr", "pgsql-", "bin"),
    // SUSE
    ("/usr/lib", "postgresql", "bin"),
    // Alpine
    ("/usr/libexec", "postgresql", ""),
    // Homebrew on Apple silicon, on Intel, on Linux
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),
    // MacPorts
    ("/opt/local/lib", "postgresql", "bin"),
    // Postgres.app
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    // Built from source
    ("/usr/local", "pgsql", "bin"),
    ("/opt", "postgresql", "bin"),
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
        let (mut looked, mut others) = (Vec::new(), Vec::new());
        if let Some(folder) = asked() {
            // Folders that were asked for work or are an error: falling back to others would hide the mistake.
            let programs = if !folder.is_absolute() {
                Err("it is not an absolute path".to_owned())
            } else if !folder.is_dir() {
                Err("there is no such folder".to_owned())
            } else {
                Self::probe(&folder, owner)
            };
            others.push(programs.map_err(|why| LocalError::PgBin { path: folder, why })?);
        } else {
            let mut seen = BTreeSet::new();
            for folder in folders(owner).filter(|folder| seen.insert(resolve(folder))) {
                match Self::probe(&folder, owner) {
                    Ok(programs) => others.push(programs),
                    Err(why) => looked.push(format!("{}: {why}", folder.display())),
                }
                if others.last().is_some_and(|programs| made.is_none_or(|made| programs.major == made)) {
                    break;
                }
            }
            looked.push(
                "pg_config --bindir, PATH, and the folders of packages (/usr/lib/postgresql/*/bin, …)".to_owned(),
            );
        }
        let found = others
            .iter()
            .map(|one| format!("{} in {}", one.version, one.folder.display()))
            .collect::<Vec<_>>()
            .join(", ");
        match (others.pop(), made) {
            (Some(programs), None) => Ok(programs),
            (Some(programs), Some(made)) if programs.major == made => Ok(programs),
            (Some(_), Some(made)) => Err(LocalError::OtherVersion { data: data.to_owned(), made, found }),
            (None, _) => Err(LocalError::NoServer(looked)),
        }
    }

    /// Tries the programs of a folder. The error is a phrase that says what is wrong.
    fn probe(found: &Path, owner: &Owner) -> Result<Self, String> {
        let folder = resolve(found);
        if let Some(name) = NEEDED.iter().find(|name| !folder.join(name).is_file()) {
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

    /// What tells these programs from others that take their place, for [`were_replaced`].
    pub(super) fn identity(&self) -> String {
        let program = self.found.join("postgres");
        format!("{}\n{}\n", identity(&program).unwrap_or_default(), program.display())
    }
}

/// Whether other programs than the recorded ones would be started now: a package was upgraded or removed, a link leads
/// elsewhere, or `MESSENGER_DB_PG_BIN` names others.
pub(super) fn were_replaced(recorded: &str) -> bool {
    let Some((then, program)) = recorded.split_once('\n') else { return false };
    match asked().and_then(|folder| identity(&folder.join("postgres"))) {
        Some(now) => now != then,
        None => identity(Path::new(program.trim_end_matches('\n'))).as_deref() != Some(then),
    }
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
    let caller = Owner::caller();
    let mut seen = BTreeSet::new();
    let mut newest: Option<(u32, PathBuf)> = None;
    let all = asked().into_iter().chain(on_path(name)).chain(folders(&caller));
    for program in all.filter(|folder| seen.insert(folder.clone())).map(|folder| folder.join(name)) {
        let Ok((major, _)) = version(&program, &caller) else { continue };
        if major >= server {
            return program;
        }
        if newest.as_ref().is_none_or(|(other, _)| *other < major) {
            newest = Some((major, program));
        }
    }
    newest.map_or_else(|| PathBuf::from(name), |(_, program)| program)
}

/// The folder that `MESSENGER_DB_PG_BIN` names.
fn asked() -> Option<PathBuf> {
    env::var_os(PG_BIN_VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// Every folder that may have programs, the most telling first. Lazy: nothing is run or listed behind the one that has
/// what is needed.
fn folders(owner: &Owner) -> impl Iterator<Item = PathBuf> {
    iter::once_with(|| bindir(owner))
        .flatten()
        .chain(iter::once_with(|| on_path("postgres")).flatten())
        .chain(PACKAGES.into_iter().flat_map(|(above, begins, below)| newest_first(Path::new(above), begins, below)))
}

/// The folders of PATH that have a program. A relative one would mean something else in every folder.
pub(super) fn on_path(program: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).filter(|folder| folder.is_absolute() && folder.join(program).is_file()).collect()
}

/// Where the PostgreSQL of the development files keeps its programs.
fn bindir(owner: &Owner) -> Option<PathBuf> {
    let output = owner.command("pg_config").arg("--bindir").output().ok().filter(|output| output.status.success())?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    folder.is_absolute().then_some(folder)
}

fn newest_first(above: &Path, begins: &str, below: &str) -> Vec<PathBuf> {
    let entries = above.read_dir().into_iter().flatten().flatten();
    let mut found: Vec<(Reverse<Option<u32>>, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            // `15`, `@17`, `-16`, `16-server`; none in `latest`.
            let rest = name.to_str()?.strip_prefix(begins)?.trim_start_matches(|c: char| !c.is_ascii_digit());
            Some((Reverse(leading_number(rest)), entry.path().join(below)))
        })
        .filter(|(_, folder)| folder.is_dir())
        .collect();
    // The path makes the order the same every time.
    found.sort();
    found.into_iter().map(|(_, folder)| folder).collect()
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
    use std::{fs, io, path::Path};

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
        let found = newest_first(&above, "postgresql", "bin");
        fs::remove_dir_all(&above)?;
        let expected = ["postgresql@18", "postgresql@17", "postgresql@9.6", "postgresql"];
        assert_eq!(found, expected.map(|name| above.join(name).join("bin")));
        assert!(newest_first(Path::new("/no/such/folder"), "", "bin").is_empty());
        Ok(())
    }
}
