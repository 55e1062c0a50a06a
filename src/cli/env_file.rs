//! Reads the `.env` file: what can be read of it, and why the rest cannot.
//!
//! The file may be another program's, with another syntax, in another encoding, for other users. So a line that cannot
//! be read is passed over, and is an error only where what it may say is needed.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::args::Connection;
use super::commands::Command;
use super::output::Output;
use super::{Exit, Problem};

/// The variables that name the database, the second beside the first.
pub const DATABASE_URL: &str = "DATABASE_URL";
pub const DIRECT_URL: &str = "DIRECT_URL";

/// Who says whether `exec` migrates.
pub const RUN_MIGRATIONS: &str = "RUN_MIGRATIONS";

/// What all variables of the private PostgreSQL begin with.
const LOCAL: &str = "MESSENGER_DB_";

/// Longer is no list of variables.
const LONGEST: u64 = 1 << 20;

/// What was found in the file of this folder, or of the nearest above that has one.
#[derive(Debug, Default)]
pub struct EnvFile {
    path: PathBuf,
    /// The variables that it added to the environment.
    pub added: Vec<OsString>,
    unread: Vec<Unread>,
}

/// A part of it that cannot be read.
#[derive(Debug, PartialEq, Eq)]
struct Unread {
    /// The line, from 1. `None`: the whole file.
    line: Option<usize>,
    /// The variable that it seems to set. A line without any may hold a secret.
    name: Option<String>,
    reason: String,
}

impl EnvFile {
    /// Reads the file, and adds to the environment what is not set there.
    pub fn load() -> Self {
        let Some(path) = path() else { return Self::default() };
        let before: BTreeSet<_> = env::vars_os().map(|(name, _)| name).collect();
        let (text, unread) = match read(&path) {
            Ok(bytes) => {
                let parsed = parse(&bytes);
                (parsed.text, parsed.unread)
            }
            Err(error) => (String::new(), vec![Unread { line: None, name: None, reason: error.to_string() }]),
        };
        // Each line was read before, alone.
        let _ = dotenvy::from_read(text.as_bytes());
        let added = env::vars_os().map(|(name, _)| name).filter(|name| !before.contains(name)).collect();
        Self { path, added, unread }
    }

    /// Refuses to go on where something that the command needs could only come from what cannot be read.
    pub fn refuse_unread(&self, command: &Command, connection: &Connection) -> Result<(), Problem> {
        let is_set = |name: &str| env::var_os(name).is_some();
        let names = |wanted: &'static str| self.unread.iter().find(|part| part.name.as_deref() == Some(wanted));
        let of_local = || {
            let is_of_local = |name: &str| name.starts_with(LOCAL) && !is_set(name);
            self.unread.iter().find(|part| part.name.as_deref().is_some_and(is_of_local))
        };
        let needed = if matches!(command, Command::Local { .. }) {
            of_local()
        } else if connection.database_url.is_none() && !is_set(DATABASE_URL) {
            names(DATABASE_URL).or_else(of_local).or(self.unread.first())
        } else if matches!(command, Command::Exec(_)) && !is_set(RUN_MIGRATIONS) {
            names(RUN_MIGRATIONS)
        } else {
            None
        };
        let Some(unread) = needed else { return Ok(()) };
        Err(Problem::new(
            Exit::Usage,
            format!("{} cannot be read: {unread}", self.path.display()),
            "Write one NAME=value a line, with quotes around a value that has spaces; .env.sample shows how. Where the \
             file is another program's, name the database in the environment or with --database-url: then nothing of \
             the file is needed.",
        ))
    }

    /// Tells what was passed over, to whoever wants to know everything.
    pub fn tell(&self, output: &Output) {
        for unread in self.unread.iter().filter(|_| output.is_verbose()) {
            output.note(&format!("{}: passed over: {unread}", self.path.display()));
        }
    }
}

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.reason)
    }
}

/// The nearest file of that name; a folder with something in it, such as Python's, or a link that leads nowhere, is none. An
/// empty folder is what Docker makes of a file that it is to mount and that is not there.
fn path() -> Option<PathBuf> {
    let is_empty = |folder: &Path| folder.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    let folder = env::current_dir().ok()?;
    folder.ancestors().map(|folder| folder.join(".env")).find(|file| file.is_file() || is_empty(file))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    if path.is_dir() {
        return Err(io::Error::other("it is an empty folder, as Docker makes of a file that is not there"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(bytes)
}

#[derive(Debug, Default)]
struct Parsed {
    /// The assignments that can be read, as they stand in the file.
    text: String,
    unread: Vec<Unread>,
}

/// Reads one assignment after the other; where one cannot be read, goes on with the next line, because what looks
/// like the value's end may be another program's apostrophe.
fn parse(bytes: &[u8]) -> Parsed {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    let mut parsed = Parsed::default();
    let mut swallowed = Vec::new();
    let mut has_url = false;
    let mut next = 0;
    while let Some((line, rest)) = lines.get(next..).and_then(<[_]>::split_first) {
        let number = next + 1;
        next += 1;
        let unread = |reason: &str| {
            let name = name(line).map(ToOwned::to_owned);
            Unread { line: Some(number), name, reason: reason.to_owned() }
        };
        let text = match str::from_utf8(line).map(str::trim) {
            Ok(text) if text.is_empty() || text.starts_with('#') => continue,
            Ok(text) => text,
            Err(_) if line.trim_ascii_start().starts_with(b"#") => continue,
            Err(_) => {
                parsed.unread.push(unread("it is not encoded in UTF-8"));
                continue;
            }
        };
        match first_assignment(line, rest) {
            Ok((lines, _, value)) if value.contains('\0') || text.contains('\0') => {
                // In an environment it would be a panic that quotes the value.
                parsed.unread.push(unread("it has a NUL character in it"));
                next += lines - 1;
            }
            Ok((count, name, _)) => {
                has_url |= name == DATABASE_URL;
                // What is set wins, even where it is no text, which dotenvy would take for not set.
                let is_set = |name: &str| env::var_os(name).is_some();
                // Nor does a file's second URL go with a first of the environment, which may be of another database.
                let taken = !is_set(&name) && (name != DIRECT_URL || !is_set(DATABASE_URL));
                for (offset, line) in lines.iter().enumerate().skip(number - 1).take(count) {
                    let inside = offset + 1 > number && self::name(line) == Some(DATABASE_URL);
                    swallowed.extend(inside.then_some((offset + 1, number)));
                    parsed.text.extend(taken.then(|| String::from_utf8_lossy(line)));
                }
                parsed.text.push('\n');
                next += count - 1;
            }
            Err(()) => parsed.unread.push(unread("it is no NAME=value")),
        }
    }
    if !has_url {
        parsed.unread.extend(swallowed.into_iter().map(|(line, from)| Unread {
            line: Some(line),
            name: Some(DATABASE_URL.to_owned()),
            reason: format!("it stands within the quotes that open in line {from}"),
        }));
    }
    parsed
}

/// The assignment that begins in the first line: how many lines it has, its name and its value.
fn first_assignment(first: &[u8], rest: &[&[u8]]) -> Result<(usize, String, String), ()> {
    if !first.contains(&b'=') {
        return Err(());
    }
    let mut count = 0;
    let lines = LineByLine { lines: std::iter::once(&first).chain(rest), current: &[], count: &mut count };
    let (name, value) = dotenvy::from_read_iter(lines).next().and_then(Result::ok).ok_or(())?;
    Ok((count, name, value))
}

/// Gives no line before it is asked for, so that the count tells how far somebody has read.
struct LineByLine<'a, I> {
    lines: I,
    current: &'a [u8],
    count: &'a mut usize,
}

impl<'a, 'b: 'a, I: Iterator<Item = &'a &'b [u8]>> Read for LineByLine<'a, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.current.is_empty()
            && let Some(line) = self.lines.next()
        {
            self.current = line;
            *self.count += 1;
        }
        self.current.read(buffer)
    }
}

/// The variable that a line sets, as far as can be seen.
fn name(line: &[u8]) -> Option<&str> {
    let before = line.split(|&byte| byte == b'=').next().filter(|before| before.len() < line.len())?;
    let name = str::from_utf8(before).ok()?.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_plain)).then_some(name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::parse;

    /// What is read, and the lines that are not.
    fn read(bytes: &[u8]) -> (Vec<(String, String)>, Vec<usize>) {
        let parsed = parse(bytes);
        let read = dotenvy::from_read_iter(parsed.text.as_bytes()).collect::<Result<_, _>>().unwrap();
        (read, parsed.unread.iter().filter_map(|unread| unread.line).collect())
    }

    #[test]
    fn a_line_that_cannot_be_read_does_not_hide_the_others() {
        let url = ("DATABASE_URL_".to_owned(), "postgresql://h/d".to_owned());
        for (before, after, unread) in [
            (&b""[..], &b""[..], &[][..]),
            (b"APP_NAME_=My App\n", b"", &[1]),
            (b"APP_NAME_=Bob's App\n", b"", &[1]),
            (b"", b"APP_NAME_=Bob's App\nNEXT_=1 2\n", &[2, 3]),
            (b"# caf\xe9\n", b"# caf\xe9", &[]),
            (b"A_=caf\xe9\n", b"B_=a\0b\n", &[1, 3]),
            (b"KEY_=-----BEGIN PRIVATE KEY-----\nMIIE/+v\n-----END PRIVATE KEY-----\n", b"", &[1, 2, 3]),
            (b"key: value\n[section]\nexport\n  \n", b"<<EOF\n", &[1, 2, 3, 6]),
        ] {
            for (line, end) in
                [("DATABASE_URL_=postgresql://h/d", "\n"), ("export DATABASE_URL_='postgresql://h/d'", "\r\n")]
            {
                let text = [before, line.as_bytes(), end.as_bytes(), after].concat();
                let (read, lines) = read(&text);
                assert!(read.contains(&url), "{:?}: {read:?}", String::from_utf8_lossy(&text));
                assert_eq!(lines, unread, "{:?}", String::from_utf8_lossy(&text));
            }
        }
    }

    #[test]
    fn a_value_may_have_many_lines() {
        let (read, unread) = read(b"KEY_=\"-----BEGIN-----\nabc=\n-----END-----\"\nNEXT_=1\n");
        assert_eq!(read.len(), 2, "{read:?}");
        assert_eq!(read.first().unwrap().1, "-----BEGIN-----\nabc=\n-----END-----");
        assert_eq!(unread, [] as [usize; 0]);
    }

    #[test]
    fn a_url_that_two_apostrophes_enclose_by_chance_is_told() {
        let parsed = parse(b"A_=Bob's\nDATABASE_URL=postgresql://h/d\nB_=don't\n");
        let told: Vec<_> = parsed.unread.iter().map(ToString::to_string).collect();
        assert_eq!(told, ["line 2: it stands within the quotes that open in line 1"]);
    }

    #[test]
    fn a_large_file_is_read_in_no_time() {
        let text = "APP_=Bob's App\n".repeat(10_000);
        assert_eq!(parse(text.as_bytes()).unread.len(), 10_000);
    }
}
