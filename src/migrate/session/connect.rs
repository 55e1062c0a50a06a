//! Connects to a database: waits for a server that is starting, and reads what was reached.

use std::thread;
use std::time::{Duration, Instant};

use crate::migrate::error::Error;
use crate::migrate::model::target::Target;
use crate::migrate::observer::{Event, Observer};
use crate::migrate::session::manager::{Manager, Unopened, open};
use crate::migrate::session::options::ConnectOptions;
use crate::migrate::session::pool::Pool;
use crate::migrate::source::embedded;
use crate::migrate::sql::libpq::{Connection, Conninfo, Obstacle, Unconnected};

/// Connects to the database of a connection string.
///
/// # Errors
///
/// [`Error::Connect`] when there is no session in the time given, or when what stands in the way does not pass, such as a
/// wrong password ([`Obstacle::passes`]), which is never waited for; [`Error::TransactionPooling`] when a pooler in
/// transaction mode is in between; [`Error::Interrupted`] when the observer stopped the wait.
pub fn connect(conninfo: &Conninfo, options: &ConnectOptions, observer: &mut dyn Observer) -> Result<Pool, Error> {
    let migrations = embedded::all()?.into();
    let mut first =
        wait_for(conninfo, options.wait, observer, |conninfo, wants_to_stop| open(conninfo, options, wants_to_stop))?;
    tell_remarks(&mut first, observer);
    observer.on(&Event::Connected { target: &Target::of(&first) });
    let manager = Manager::new(conninfo.clone(), options.clone(), first);
    let connections = r2d2::Pool::builder()
        .connection_timeout(Duration::from_secs(10))
        .max_size(2)
        .min_idle(Some(0))
        .test_on_check_out(false)
        .build_unchecked(manager);
    Ok(Pool::new(connections, conninfo.clone(), options.clone(), migrations))
}

/// Connects to the database of a pool once more, in sessions that only read, for the same migrations.
///
/// # Errors
///
/// As [`connect`].
#[cfg(feature = "studio")]
pub(crate) fn read_only(pool: &Pool, statement_timeout: Duration) -> Result<Pool, Error> {
    let options = ConnectOptions {
        wait: Duration::ZERO,
        statement_timeout: Some(statement_timeout),
        read_only: true,
        ..pool.options().clone()
    };
    let connected = connect(pool.conninfo(), &options, &mut crate::migrate::observer::Silent)?;
    Ok(connected
        .with_migrations(pool.migrations().to_vec())
        .with_own(pool.own().to_vec())
        .with_allowed_drift(pool.allowed_drift().clone()))
}

/// Waits until a database can be used, by whatever way: through a pooler of any mode, too. Gives what it is.
///
/// # Errors
///
/// As [`connect`], but for the pooler.
pub fn wait_for_server(conninfo: &Conninfo, wait: Duration, observer: &mut dyn Observer) -> Result<Ready, Error> {
    let ask = |conninfo: &Conninfo, wants_to_stop: &dyn Fn() -> bool| {
        let mut connection = Connection::attempt(conninfo, wants_to_stop)?;
        // A pooler has let everybody in before it asks the server.
        connection.execute("SELECT 1")?;
        Ok(connection)
    };
    let mut connection = wait_for(conninfo, wait, observer, ask)?;
    tell_remarks(&mut connection, observer);
    let target = Target::of(&connection);
    observer.on(&Event::Connected { target: &target });
    // A role may be forbidden to know it.
    let identity = connection.execute(IDENTITY).ok().and_then(|rows| rows.into_iter().flatten().next().flatten());
    Ok(Ready { target, identity })
}

/// A database that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// What the connection was connected to.
    pub target: Target,
    /// The same for each way to one database, its replicas and poolers included, and no other. `None`: not known.
    pub identity: Option<String>,
}

const IDENTITY: &str = "SELECT system_identifier || ' ' || oid FROM pg_control_system(), pg_database
    WHERE datname = current_database()";

fn tell_remarks(connection: &mut Connection, observer: &mut dyn Observer) {
    for notice in connection.take_notices() {
        observer.on(&Event::Remarked { notice: &notice });
    }
}

/// Tries again as long as what stands in the way may pass.
fn wait_for(
    conninfo: &Conninfo,
    wait: Duration,
    observer: &mut dyn Observer,
    open: impl Fn(&Conninfo, &dyn Fn() -> bool) -> Result<Connection, Unopened>,
) -> Result<Connection, Error> {
    let deadline = Instant::now() + wait;
    let within = conninfo.clone().within(wait);
    loop {
        let failed = match open(&within, &|| observer.wants_to_stop()) {
            Ok(connection) => return Ok(connection),
            Err(Unopened::Pooling) => return Err(Error::TransactionPooling),
            Err(Unopened::Failed(failed)) => failed,
        };
        if observer.wants_to_stop() {
            return Err(Error::Interrupted { done: 0, left: 0 });
        }
        let remaining = deadline.saturating_duration_since(Instant::now());
        if !failed.obstacle.passes() || remaining.is_zero() {
            let Unconnected { obstacle, error, .. } = *failed;
            return Err(Error::Connect { conninfo: conninfo.clone(), obstacle, waited: wait, source: error });
        }
        let reason = match (failed.obstacle, failed.said) {
            (_, Some(said)) => format!("the server says: {said}"),
            (Obstacle::Unfit, None) => "no server there is what target_session_attrs asks for".to_owned(),
            _ => "nothing answers there".to_owned(),
        };
        observer.on(&Event::Waiting { server: &conninfo.server(), reason: &reason, remaining });
        thread::sleep(remaining.min(Duration::from_millis(250)));
    }
}
