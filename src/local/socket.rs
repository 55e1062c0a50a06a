//! Decides where the socket lies: in the state folder, or, where its path would not fit, in a private folder under /tmp.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};

use super::{LocalError, files, owner::Owner, state::StateFolder};

/// The longest path of a socket that every system takes: macOS has room for 104 bytes, the last of them zero.
const LONGEST: usize = 103;
const MODE: u32 = 0o700;

/// The folder of the socket, which only the server's user (and root) can enter: that is all the protection there is.
#[derive(Debug, Clone)]
pub(super) struct Socket {
    pub(super) folder: PathBuf,
    pub(super) port: u16,
    /// Whether the folder lies in the state folder, where nobody else can have made it.
    inside: bool,
}

impl Socket {
    /// Settles on the folder. The choice depends on nothing but the state folder's path and the port: every process
    /// must come to the same one, in a login session or not, so `XDG_RUNTIME_DIR` and `TMPDIR` have no part in it.
    pub(super) fn place(state: &StateFolder, port: u16) -> Self {
        let natural = Self { folder: state.socket(), port, inside: true };
        if fits(&natural.file()) {
            return natural;
        }
        let name =
            format!("messenger-db-{}-{:016x}", state.caller, fingerprint(state.root.as_os_str().as_encoded_bytes()));
        Self { folder: Path::new("/tmp").join(name), port, inside: false }
    }

    /// The socket itself, under the name that libpq looks for.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}", self.port))
    }

    /// The file by which servers keep each other off the socket.
    pub(super) fn lock_file(&self) -> PathBuf {
        self.folder.join(format!(".s.PGSQL.{}.lock", self.port))
    }

    /// Whether a server listens.
    pub(super) fn accepts(&self) -> bool {
        UnixStream::connect(self.file()).is_ok()
    }

    /// Makes the folder, private to the server's user; refuses one in /tmp that somebody else may look into.
    pub(super) fn prepare(&self, owner: &Owner) -> Result<(), LocalError> {
        match DirBuilder::new().mode(MODE).create(&self.folder) {
            Ok(()) => self.own(owner)?,
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {
                if self.inside {
                    self.own(owner)?;
                }
            }
            Err(cause) => return Err(LocalError::io("make the folder", &self.folder)(cause)),
        }
        self.verify(owner)
    }

    /// Removes what a dead server left, so that the next one does not take it for a living one's.
    pub(super) fn clear(&self) -> Result<(), LocalError> {
        files::remove_file(&self.file())?;
        files::remove_file(&self.lock_file())
    }

    /// Removes the folder, if it is there and ours.
    pub(super) fn remove(&self, owner: &Owner) -> Result<(), LocalError> {
        if fs::symlink_metadata(&self.folder).is_err() {
            return Ok(());
        }
        if !self.inside {
            self.verify(owner)?;
        }
        files::remove_folder(&self.folder)
    }

    fn own(&self, owner: &Owner) -> Result<(), LocalError> {
        files::allow(&self.folder, MODE)?;
        owner.give(&self.folder)
    }

    fn verify(&self, owner: &Owner) -> Result<(), LocalError> {
        let metadata = fs::symlink_metadata(&self.folder).map_err(LocalError::io("look at", &self.folder))?;
        let why = if !metadata.is_dir() {
            "it is no folder".to_owned()
        } else if metadata.uid() != owner.uid {
            format!("it does not belong to {}", owner.name)
        } else if metadata.mode() & 0o077 != 0 {
            format!("others may enter it (its mode is {:o})", metadata.mode() & 0o7777)
        } else {
            return Ok(());
        };
        Err(LocalError::SocketFolder { path: self.folder.clone(), why })
    }
}

/// Whether the system takes a socket of that path and libpq takes its folder for one folder: it splits hosts at commas.
fn fits(file: &Path) -> bool {
    let bytes = file.as_os_str().as_encoded_bytes();
    bytes.len() <= LONGEST && !bytes.contains(&b',')
}

/// FNV-1a: the same for every build, which the standard library's hasher does not promise.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{LONGEST, Socket, fingerprint};
    use crate::local::state::StateFolder;

    fn place(root: String) -> Socket {
        Socket::place(&StateFolder { root: PathBuf::from(root), caller: 7 }, 5432)
    }

    #[test]
    fn the_socket_stays_in_the_state_folder_while_its_path_fits() {
        let rest = "/socket/.s.PGSQL.5432".len();
        let longest = place(format!("/{}", "x".repeat(LONGEST - rest - 1)));
        assert_eq!((longest.inside, longest.file().as_os_str().len()), (true, LONGEST));
        let longer = place(format!("/{}", "x".repeat(LONGEST - rest)));
        assert!(!longer.inside && longer.folder.starts_with("/tmp"), "{}", longer.folder.display());
    }

    #[test]
    fn a_comma_sends_the_socket_elsewhere_because_libpq_would_split_the_path() {
        let one = place("/srv/a,b".to_owned());
        let other = place("/srv/a,c".to_owned());
        assert!(!one.inside && !other.inside && one.folder != other.folder);
    }

    #[test]
    fn the_fingerprint_is_fnv_1a() {
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
