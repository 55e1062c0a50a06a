//! The server's socket: where it is, who can reach it, and the URL that leads there.
//!
//! Guards against a path that is too long for a socket, a folder in `/tmp` that others prepared, and variables that lead
//! libpq to another server.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use super::{LocalError, USER, owner::Owner, state};

/// The longest path of a socket that every system takes: macOS has room for 104 bytes, the last of them zero.
const LONGEST: usize = 103;
const MODE: u32 = 0o700;

/// What libpq would otherwise read from `PGHOSTADDR`, `PGOPTIONS`, `PGSSLMODE` and the like, which can lead to another
/// server or refuse this one. An empty value means "none". Every libpq from 15 on knows these options. `PGSERVICE` cannot
/// be overruled in a URL.
const STATED: &str = "hostaddr=&options=&sslmode=disable&gssencmode=disable&channel_binding=disable&requirepeer=\
                      &target_session_attrs=any&connect_timeout=10&client_encoding=UTF8";

/// A socket in a folder that only the server's user (and root) can enter. That is all the protection there is.
#[derive(Debug, Clone)]
pub(super) struct Socket {
    pub(super) folder: PathBuf,
    pub(super) port: u16,
    /// Whether the folder is in the state folder, where nobody else can have made it.
    is_inside: bool,
}

impl Socket {
    /// Chooses the folder by the state folder's path and the port alone: every process must come to the same one, so
    /// `XDG_RUNTIME_DIR` and `TMPDIR` do not count.
    pub(super) fn place(root: &Path, port: u16) -> Self {
        let inside = Self { folder: root.join("socket"), port, is_inside: true };
        // libpq splits hosts at commas.
        let bytes = inside.folder.as_os_str().as_encoded_bytes();
        if inside.file("").as_os_str().len() <= LONGEST && !bytes.contains(&b',') {
            return inside;
        }
        // FNV-1a: the same in every build, which the standard library's hasher does not promise.
        let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let fingerprint = root.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325, mix);
        let name = format!("messenger-db-{}-{fingerprint:016x}", geteuid().as_raw());
        Self { folder: Path::new("/tmp").join(name), port, is_inside: false }
    }

    /// The socket (`""`), or the file by which servers keep each other off it (`".lock"`).
    fn file(&self, suffix: &str) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}{suffix}", self.port))
    }

    /// The socket in the same folder that is named after another port.
    pub(super) fn named_after(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// Whether a server listens.
    pub(super) fn accepts(&self) -> bool {
        UnixStream::connect(self.file("")).is_ok()
    }

    /// Makes the folder, private to the server's user, and removes what a dead server left in it.
    pub(super) fn prepare(&self, owner: &Owner) -> Result<(), LocalError> {
        if state::make_folder(&self.folder, MODE)? || self.is_inside {
            state::allow(&self.folder, MODE)?;
            owner.give(&self.folder)?;
        }
        self.verify(owner)?;
        state::remove(&self.file(""))?;
        state::remove(&self.file(".lock"))
    }

    /// Removes the folder, if it is there and ours.
    pub(super) fn remove(&self, owner: &Owner) -> Result<(), LocalError> {
        if !self.is_inside && fs::symlink_metadata(&self.folder).is_ok() {
            self.verify(owner)?;
        }
        state::remove(&self.folder)
    }

    /// Refuses a folder that others have made or can enter.
    fn verify(&self, owner: &Owner) -> Result<(), LocalError> {
        let found = fs::symlink_metadata(&self.folder).map_err(LocalError::io("look at", &self.folder))?;
        if found.is_dir() && found.uid() == owner.uid && found.mode() & 0o7777 == MODE {
            return Ok(());
        }
        let why = format!("the socket needs a folder there that belongs to {} and is closed to all others", owner.name);
        let help = "Remove it if it is yours, or set MESSENGER_DB_STATE_DIR to a shorter path without a comma.";
        Err(LocalError::folder(&self.folder, why, help))
    }

    /// The URL of a database for libpq, and so for Diesel, psql and `pg_dump`. It states every option that matters, so
    /// that the environment does not count. The user comes last: what a caller adds behind it, or puts in its place, wins.
    pub(super) fn url(&self, database: &str) -> String {
        let database = encode(database.as_bytes());
        let host = encode(self.folder.as_os_str().as_encoded_bytes());
        format!("postgresql:///{database}?host={host}&port={}&{STATED}&user={USER}", self.port)
    }
}

/// Percent-encodes every byte but the unreserved ones of RFC 3986.
fn encode(bytes: &[u8]) -> String {
    let encoded = bytes.iter().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(*byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{LONGEST, Socket, encode};

    #[test]
    fn the_socket_stays_in_the_state_folder_while_its_path_fits_and_has_no_comma() {
        let place = |root: String| Socket::place(Path::new(&root), 5432);
        let rest = "/socket/.s.PGSQL.5432".len();
        let longest = place(format!("/{}", "x".repeat(LONGEST - rest - 1)));
        assert_eq!((longest.is_inside, longest.file("").as_os_str().len()), (true, LONGEST));
        let longer = place(format!("/{}", "x".repeat(LONGEST - rest)));
        assert!(!longer.is_inside && longer.folder.starts_with("/tmp"), "{}", longer.folder.display());
        let (one, other) = (place("/srv/a,b".to_owned()), place("/srv/a,c".to_owned()));
        assert!(!one.is_inside && !other.is_inside && one.folder != other.folder);
    }

    #[test]
    fn the_url_names_socket_port_and_user_with_every_special_character_encoded() {
        assert_eq!(encode("/a b'\"%&?#+,:@ü-._~".as_bytes()), "%2Fa%20b%27%22%25%26%3F%23%2B%2C%3A%40%C3%BC-._~");
        let url = Socket::place(Path::new("/var/lib/messenger-db"), 5432).url("messenger");
        let place = "postgresql:///messenger?host=%2Fvar%2Flib%2Fmessenger-db%2Fsocket&port=5432&";
        assert!(url.starts_with(place) && url.ends_with("&user=messenger"), "{url}");
    }
}
