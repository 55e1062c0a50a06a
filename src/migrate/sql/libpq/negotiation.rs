//! Connects step by step, as libpq's own `PQconnectdb` does in one, so that it is known which step failed.

use std::ffi::c_int;
use std::net::ToSocketAddrs;
use std::time::{Duration, Instant};

use pq_sys::{
    ConnStatusType, PGconn, PQconnectPoll, PQconninfo, PQconninfoFree, PQhost, PQhostaddr, PQparameterStatus, PQport,
    PQreset, PQsocket, PQstatus, PostgresPollingStatusType,
};

use super::Obstacle;
use super::conninfo::options_at;
use super::text_at;

/// Goes on with what `PQconnectStart` began until there is a session, or none. Gives the step that came last, where there
/// is none. Whoever connects may want to stop, which is asked ten times a second.
///
/// # Safety
///
/// `raw` is a connection that nobody else uses until this returns.
pub(super) unsafe fn finish(
    raw: *mut PGconn,
    timeout: Option<Duration>,
    wants_to_stop: &dyn Fn() -> bool,
) -> Option<Failure> {
    // SAFETY: raw is a connection; so it is below.
    if unsafe { PQstatus(raw) } == ConnStatusType::CONNECTION_BAD {
        return Some(Failure::AtOnce);
    }
    let mut events = libc::POLLOUT;
    let mut address = None;
    let mut deadline = None;
    loop {
        // SAFETY: as above.
        let (current, socket) = unsafe { (place(raw), PQsocket(raw)) };
        // As in libpq, the time counts for each address.
        if address.as_ref() != Some(&current) {
            deadline = timeout.map(|timeout| Instant::now() + timeout);
            address = Some(current);
        }
        let is_ready = loop {
            let step = Instant::now() + STEP;
            let is_last = deadline.is_some_and(|deadline| deadline <= step);
            if wait(socket, events, deadline.filter(|_| is_last).unwrap_or(step)) {
                break true;
            } else if wants_to_stop() {
                return Some(Failure::Stopped);
            } else if is_last {
                break false;
            }
        };
        if !is_ready {
            // SAFETY: as above. What libpq does in one step goes on to the next address when one is silent.
            return unsafe {
                has_further_addresses(raw).then(|| PQreset(raw));
                (PQstatus(raw) != ConnStatusType::CONNECTION_OK).then_some(Failure::TimedOut)
            };
        }
        // SAFETY: as above.
        let (step, outcome) = unsafe { (PQstatus(raw), PQconnectPoll(raw)) };
        match outcome {
            PostgresPollingStatusType::PGRES_POLLING_READING => events = libc::POLLIN,
            PostgresPollingStatusType::PGRES_POLLING_WRITING => events = libc::POLLOUT,
            PostgresPollingStatusType::PGRES_POLLING_OK => return None,
            _ => {
                // SAFETY: as above. Authenticated sessions begin with the server's parameters.
                let (is_gone, is_let_in) = unsafe {
                    (is_closed(PQsocket(raw)), !PQparameterStatus(raw, c"server_version".as_ptr()).is_null())
                };
                return Some(if is_let_in { Failure::Inside } else { Failure::During(step, is_gone) });
            }
        }
    }
}

/// How long to wait until it is asked whether to go on.
const STEP: Duration = Duration::from_millis(100);

/// How an attempt failed on this side.
#[derive(Debug, Clone, Copy)]
pub(super) enum Failure {
    /// Before anything was waited for: there is no such socket or host, or the connection string cannot work.
    AtOnce,
    /// Nothing came in time.
    TimedOut,
    /// Whoever connects wanted to stop.
    Stopped,
    /// In this step, and whether the other side has closed the connection by then.
    During(ConnStatusType, bool),
    /// Once the server had let it in.
    Inside,
}

impl Failure {
    /// What stood in the way, for a failure without a SQLSTATE.
    pub(super) fn obstacle(self, wants_a_kind_of_server: bool) -> Obstacle {
        use ConnStatusType as Step;
        match self {
            // libpq itself leaves a server that is not of the kind that is asked for.
            Self::Inside if wants_a_kind_of_server => Obstacle::Unfit,
            Self::During(Step::CONNECTION_SSL_STARTUP | Step::CONNECTION_GSS_STARTUP, false) => Obstacle::Encryption,
            Self::During(Step::CONNECTION_AWAITING_RESPONSE | Step::CONNECTION_AUTHENTICATING, false) => {
                Obstacle::Credentials
            }
            Self::AtOnce | Self::TimedOut | Self::Stopped | Self::During(..) | Self::Inside => Obstacle::Silent,
        }
    }
}

/// Where it connects to now.
///
/// # Safety
///
/// `raw` is a connection.
unsafe fn place(raw: *const PGconn) -> [Option<String>; 3] {
    // SAFETY: libpq's texts live until the next call, and are copied.
    unsafe { [text_at(PQhost(raw)), text_at(PQport(raw)), text_at(PQhostaddr(raw))] }
}

/// Waits until the socket is ready; false when the time is over.
fn wait(socket: c_int, events: i16, deadline: Instant) -> bool {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        // Rounded up, so that it is not asked again and again in the last millisecond.
        let milliseconds = c_int::try_from(left.as_millis() + 1).unwrap_or(c_int::MAX);
        let mut polled = libc::pollfd { fd: socket, events, revents: 0 };
        // SAFETY: one entry, which lives until the call returns.
        let ready = unsafe { libc::poll(&raw mut polled, 1, milliseconds) };
        if ready > 0 {
            return true;
        }
        if left.is_zero() {
            return false;
        }
    }
}

/// Whether libpq has closed the socket, as it does when the other side is gone, or the other side has closed it.
fn is_closed(socket: c_int) -> bool {
    let mut byte = 0_u8;
    // SAFETY: the place is one byte; nothing is taken from the socket, and the call does not wait.
    socket < 0 || unsafe { libc::recv(socket, (&raw mut byte).cast(), 1, libc::MSG_PEEK | libc::MSG_DONTWAIT) } == 0
}

/// Whether there is more than one address to try.
///
/// # Safety
///
/// `raw` is a connection.
unsafe fn has_further_addresses(raw: *mut PGconn) -> bool {
    // SAFETY: the array comes from libpq, ends with an entry without a keyword, and is freed once.
    let (options, _) = unsafe {
        let first = PQconninfo(raw);
        let options = options_at(first);
        PQconninfoFree(first);
        options
    };
    let option = |name: &str| options.get(name).map_or("", String::as_str);
    let (host, address) = (option("host"), option("hostaddr"));
    if host.contains(',') || address.contains(',') {
        return true;
    }
    // A host may have several addresses, such as one of either IP.
    let port = option("port").parse().unwrap_or(5432);
    address.is_empty()
        && !host.is_empty()
        && !host.starts_with(['/', '@'])
        && (host, port).to_socket_addrs().is_ok_and(|addresses| addresses.count() > 1)
}
