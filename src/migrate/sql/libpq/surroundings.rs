//! Finds what the system's own libpq would find, where the libpq in use looks elsewhere or says too much.
//!
//! A libpq that is built into the binary has other folders compiled in than the system's, and one older than 16 takes
//! `sslrootcert=system` for the name of a file.

use std::env;
use std::ffi::c_int;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use pq_sys::PQlibVersion;

/// A path that cannot exist: libpq warns of no file there.
pub(super) const NO_FILE: &str = "/dev/null/none";

/// The files in which systems keep the certificates of public authorities: Debian, Alpine and Arch; Fedora and Red Hat;
/// openSUSE; older ones; the BSDs and macOS; Homebrew.
const AUTHORITIES: [&str; 7] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/openssl@3/cert.pem",
];

/// The folders in which systems keep the socket: Debian and Red Hat, Alpine, and PostgreSQL as it comes.
const SOCKETS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/// The first version that knows `sslrootcert=system`.
const KNOWS_SYSTEM: c_int = 160_000;

/// The file of the system's authorities, unless libpq finds them by itself.
pub(super) fn authorities() -> Option<String> {
    // SAFETY: it reads a constant.
    let is_new = unsafe { PQlibVersion() } >= KNOWS_SYSTEM;
    let named = env::var("SSL_CERT_FILE").ok().filter(|file| !file.is_empty());
    if is_new && !cfg!(feature = "bundled") { None } else { named.or_else(|| first_file(&AUTHORITIES)) }
}

fn first_file(files: &[&str]) -> Option<String> {
    files.iter().find(|file| Path::new(file).is_file()).map(|file| (*file).to_owned())
}

/// The folder of the socket on this port, unless libpq looks where the system's does.
pub(super) fn socket_folder(port: Option<&str>) -> Option<String> {
    if cfg!(feature = "bundled") { folder_with_socket(&SOCKETS, port.unwrap_or("5432")) } else { None }
}

fn folder_with_socket(folders: &[&str], port: &str) -> Option<String> {
    let has_socket = |folder: &&&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    folders.iter().find(has_socket).map(|folder| (*folder).to_owned())
}

/// A file of passwords that libpq does not use, and warns about on standard error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PasswordFile(PathBuf);

impl PasswordFile {
    /// The file that libpq would look at, when it would not use it.
    pub(super) fn ignored(option: Option<&str>) -> Option<Self> {
        let named = option.map(PathBuf::from).or_else(|| env::var_os("PGPASSFILE").map(PathBuf::from));
        let file = match named.filter(|file| !file.as_os_str().is_empty()) {
            Some(file) => file,
            None => PathBuf::from(env::var_os("HOME")?).join(".pgpass"),
        };
        let metadata = fs::metadata(&file).ok()?;
        (!metadata.is_file() || metadata.mode() & 0o077 != 0).then_some(Self(file))
    }

    /// Why it is not used.
    pub(super) fn remark(&self) -> String {
        format!(
            "the password file {} is not used: it must be a plain file that only its owner may read (chmod 600)",
            self.0.display()
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::PermissionsExt;

    use super::{PasswordFile, first_file, folder_with_socket};

    #[test]
    fn the_first_folder_with_a_socket_on_the_port_is_taken() {
        let [empty, full] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        File::create(full.path().join(".s.PGSQL.5433")).unwrap();
        let folders = ["/no/such", empty.path().to_str().unwrap(), full.path().to_str().unwrap()];
        assert_eq!(folder_with_socket(&folders, "5433").as_deref(), full.path().to_str());
        assert_eq!(folder_with_socket(&folders, "5432"), None);
    }

    #[test]
    fn the_first_file_of_authorities_that_is_there_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.crt");
        File::create(&file).unwrap();
        let names = ["/no/such", folder.path().to_str().unwrap(), file.to_str().unwrap()];
        assert_eq!(first_file(&names).as_deref(), file.to_str());
    }

    #[test]
    fn a_password_file_that_others_may_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgpass");
        File::create(&file).unwrap();
        for (mode, ignored) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true)] {
            fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
            assert_eq!(PasswordFile::ignored(file.to_str()).is_some(), ignored, "{mode:o}");
        }
        assert!(PasswordFile::ignored(folder.path().to_str()).is_some());
        assert!(PasswordFile::ignored(Some("/no/such")).is_none());
    }
}
