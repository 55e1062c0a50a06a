//! Decides where server binaries are looked for, and in which order.

use std::{
    cmp::Reverse,
    env,
    path::{Path, PathBuf},
    process::Command,
};

use super::{binaries::leading_number, child, owner::Owner};

/// A place to look at: what to call it, and the folders that it turned out to mean here.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: String,
    pub(super) folders: Vec<PathBuf>,
}

/// The folders of packages, each as: the folder above, how the package's folder begins, where the binaries are in it.
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

/// Every place, the most telling first.
pub(super) fn all(owner: &Owner) -> impl Iterator<Item = Place> {
    let asked = || Place { name: "pg_config --bindir".to_owned(), folders: bindir(owner).into_iter().collect() };
    let path = || Place { name: "PATH".to_owned(), folders: on_path("postgres") };
    let packages = PACKAGES.into_iter().map(|(above, begins, below)| {
        let name = Path::new(above).join(format!("{begins}*")).join(below).display().to_string();
        Place { name, folders: newest_first(Path::new(above), begins, below) }
    });
    // Lazily: nothing is run or listed behind the place that has what is needed.
    std::iter::once_with(asked).chain(std::iter::once_with(path)).chain(packages)
}

/// The folders of PATH that have a program. A relative one would mean something else in every folder.
pub(super) fn on_path(program: &str) -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).filter(|folder| folder.is_absolute() && folder.join(program).is_file()).collect()
}

/// Where the PostgreSQL of the development files keeps its programs.
fn bindir(owner: &Owner) -> Option<PathBuf> {
    let mut command: Command = child::command("pg_config", owner);
    let output = command.arg("--bindir").output().ok().filter(|output| output.status.success())?;
    let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end());
    folder.is_absolute().then_some(folder)
}

fn newest_first(above: &Path, begins: &str, below: &str) -> Vec<PathBuf> {
    let Ok(entries) = above.read_dir() else { return Vec::new() };
    let mut found: Vec<(Reverse<Option<u32>>, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let rest = name.to_str()?.strip_prefix(begins)?;
            Some((Reverse(number(rest)), entry.path().join(below)))
        })
        .filter(|(_, folder)| folder.is_dir())
        .collect();
    // The path makes the order the same every time.
    found.sort();
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// The version in the rest of a folder's name: `15`, `@17`, `-16`, `16-server`; none in `latest`.
fn number(rest: &str) -> Option<u32> {
    leading_number(rest.trim_start_matches(|c: char| !c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::{fs, io, path::Path};

    use super::{newest_first, number};

    #[test]
    fn the_version_is_read_from_a_folders_name() {
        assert_eq!(
            ["15", "@17", "-16", "9.6", "", "latest"].map(number),
            [Some(15), Some(17), Some(16), Some(9), None, None]
        );
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
