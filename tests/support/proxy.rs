//! Stands between the binary and the server, and counts: connections, and the times the server is asked. It can interfere
//! with any message on its way to the server.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;

/// What libpq asks before it asks for a session: for TLS, and for GSSAPI encryption.
const REQUESTS: [u32; 2] = [80_877_103, 80_877_104];

/// A socket that leads to another socket.
pub struct Proxy {
    folder: TempDir,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    round_trips: AtomicUsize,
    closed: AtomicBool,
    interference: Option<Interference>,
    watcher: Option<Watcher>,
}

/// When something interferes with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The client has sent it, and the server has not got it.
    Before,
    /// The server has got it, and the client has no answer.
    After,
}

/// Is told each message that asks the server for something, and whether it got there already. What it refuses is not
/// passed on, and the connection is closed.
type Interference = Box<dyn Fn(Moment, &[u8]) -> bool + Send + Sync>;

/// Is told each message of a session, also those that wait for no answer.
type Watcher = Box<dyn Fn(&[u8]) + Send + Sync>;

impl Proxy {
    /// A proxy for the server whose socket is in this folder, under the usual name.
    pub fn to(server: &Path) -> Self {
        Self::starting_up(server, 0)
    }

    /// One that says it is starting up, so many times, before it lets anybody through.
    pub fn starting_up(server: &Path, refusals: usize) -> Self {
        Self::listening(server, refusals, Counts::default())
    }

    /// One that asks, for each message, whether to pass it on, and tells when it did.
    pub fn interfering(server: &Path, with: impl Fn(Moment, &[u8]) -> bool + Send + Sync + 'static) -> Self {
        Self::listening(server, 0, Counts { interference: Some(Box::new(with)), ..Counts::default() })
    }

    /// One that shows each message of the sessions.
    pub fn watching(server: &Path, with: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        Self::listening(server, 0, Counts { watcher: Some(Box::new(with)), ..Counts::default() })
    }

    fn listening(server: &Path, refusals: usize, counts: Counts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let counts = Arc::new(counts);
        let listener = UnixListener::bind(socket(folder.path())).unwrap();
        let (server, counting) = (socket(server), Arc::clone(&counts));
        thread::spawn(move || {
            for client in listener.incoming() {
                if counting.closed.load(Ordering::SeqCst) {
                    return;
                }
                if counting.connections.fetch_add(1, Ordering::SeqCst) < refusals {
                    refuse(client.unwrap());
                } else {
                    relay(client.unwrap(), &server, &counting);
                }
            }
        });
        Self { folder, counts }
    }

    /// The folder of its socket, to be used as the host.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// How many times somebody had to wait for the server: the start of each session, each step of authentication,
    /// each simple query and each Sync.
    pub fn round_trips(&self) -> usize {
        self.counts.round_trips.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.counts.closed.store(true, Ordering::SeqCst);
        // Wakes the thread that listens.
        let _ = UnixStream::connect(socket(self.folder.path()));
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join(".s.PGSQL.5432")
}

/// Answers as a server does that is not ready: FATAL, `cannot_connect_now`.
fn refuse(mut client: UnixStream) {
    let fields = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0";
    let length = u32::try_from(fields.len() + 4).unwrap().to_be_bytes();
    let mut startup = [0; 4];
    client.read_exact(&mut startup).unwrap();
    let mut rest = vec![0; u32::from_be_bytes(startup) as usize - 4];
    client.read_exact(&mut rest).unwrap();
    client.write_all(&[&b"E"[..], &length, fields].concat()).unwrap();
}

fn relay(client: UnixStream, server: &Path, counts: &Arc<Counts>) {
    // A server that crashed is not there; the client then finds its connection closed.
    let Ok(upstream) = UnixStream::connect(server) else { return };
    let (mut answers, mut listener) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
    thread::spawn(move || {
        // Either may hang up at any time.
        let _ = io::copy(&mut answers, &mut listener);
        let _ = listener.shutdown(Shutdown::Both);
    });
    let counts = Arc::clone(counts);
    thread::spawn(move || {
        let _ = forward(client, &upstream, &counts);
        let _ = upstream.shutdown(Shutdown::Both);
    });
}

/// Passes on message after message (<https://www.postgresql.org/docs/current/protocol-message-formats.html>).
fn forward(mut client: UnixStream, mut server: &UnixStream, counts: &Counts) -> io::Result<()> {
    let mut in_session = false;
    loop {
        let mut message = vec![0; if in_session { 5 } else { 4 }];
        client.read_exact(&mut message)?;
        let length = u32::from_be_bytes(*message.last_chunk().unwrap()) as usize - 4;
        let head = message.len();
        message.resize(head + length, 0);
        client.read_exact(&mut message[head..])?;

        let asks = !in_session || b"QSFp".contains(&message[0]);
        if asks {
            counts.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        if let Some(watcher) = counts.watcher.as_ref().filter(|_| in_session) {
            watcher(&message);
        }
        in_session = in_session || !REQUESTS.contains(&u32::from_be_bytes(*message[head..].first_chunk().unwrap()));
        let may_go_on = |moment| !asks || counts.interference.as_ref().is_none_or(|asked| asked(moment, &message));
        if !may_go_on(Moment::Before) {
            return Ok(());
        }
        server.write_all(&message)?;
        if !may_go_on(Moment::After) {
            return Ok(());
        }
    }
}
