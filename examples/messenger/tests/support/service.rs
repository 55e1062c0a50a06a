//! A server of the messenger, on a throwaway database.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::prelude::*;
use messenger_db::local::{DATABASE, Local, Watchdog};

/// The PostgreSQL of all tests, which ends with this process.
struct Cluster {
    local: Local,
    // Held, not read.
    _watchdog: Option<Watchdog>,
    _folder: tempfile::TempDir,
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL's server runs as another user when this runs as root.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let local = Local::open(Some(folder.path().join("state"))).unwrap().throwaway();
        local.start().unwrap();
        let watchdog = local.keep().unwrap();
        Cluster { local, _watchdog: watchdog, _folder: folder }
    })
}

/// An empty database of the tests' PostgreSQL.
pub fn database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let local = &cluster().local;
    let name = format!("chat_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let conn = &mut PgConnection::establish(&local.url(DATABASE)).unwrap();
    diesel::sql_query(format!("CREATE DATABASE {name} TEMPLATE template0")).execute(conn).unwrap();
    local.url(&name)
}

/// A server, which ends with this value.
pub struct Service {
    process: Child,
    /// Such as `127.0.0.1:40123`.
    pub address: String,
    pub database_url: String,
    _files: tempfile::TempDir,
}

impl Service {
    /// A server on a database of its own.
    pub fn start(settings: &[(&str, &str)]) -> Self {
        Self::on(&database(), settings)
    }

    /// A server on that database.
    pub fn on(database_url: &str, settings: &[(&str, &str)]) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_messenger"))
            .env("DATABASE_URL", database_url)
            .env("LISTEN", "127.0.0.1:0")
            .env("FILES", files.path())
            .env("SIGN_INS_PER_MINUTE", "1000")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").expect("the server said where it is").to_owned();
        Self { process, address, database_url: database_url.to_owned(), _files: files }
    }

    /// Ends it as a supervisor does.
    pub fn end(mut self) {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Sends a request as it is written, and gives the whole answer.
    pub fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The answer may come, and the connection end, before all of it is read.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// POSTs JSON from the page itself.
    pub fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let (address, length) = (&self.address, body.len());
        self.raw(&format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
        ))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
