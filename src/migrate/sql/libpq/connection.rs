//! A connection of libpq: opening, queries, closing.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{self, NonNull};

use pq_sys::{
    ConnStatusType, ExecStatusType, PGTransactionStatusType, PGVerbosity, PGconn, PGresult, PQbackendPID, PQclear,
    PQconnectStartParams, PQdb, PQerrorMessage, PQfinish, PQfreemem, PQgetCopyData, PQgetResult, PQgetisnull,
    PQgetvalue, PQhost, PQnfields, PQntuples, PQparameterStatus, PQport, PQputCopyEnd, PQresultStatus, PQsendQuery,
    PQsetErrorVerbosity, PQsetNoticeReceiver, PQstatus, PQtransactionStatus, PQuser,
};

use super::negotiation::{self, Failure};
use super::obstacle::Verbose;
use super::{Conninfo, Notice, Obstacle, ServerError, Unconnected, text_at};

/// An open session with a server; dropping it closes it.
#[derive(Debug)]
pub struct Connection {
    raw: NonNull<PGconn>,
    // Boxed, so that the pointer libpq holds stays valid when the connection moves.
    notices: Box<RefCell<Vec<Notice>>>,
    closes_after_use: bool,
    // Asked of the server where a pooler in between made up what libpq was told.
    process: Option<i32>,
}

// SAFETY: libpq lets one thread at a time use a connection, whichever thread that is; this type is not Sync.
unsafe impl Send for Connection {}

/// The rows of the last statement, as text; `None` is null.
pub type Rows = Vec<Vec<Option<String>>>;

/// Called by libpq for every notice; `collector` is the connection's `notices`.
unsafe extern "C" fn collect_notice(collector: *mut c_void, result: *const PGresult) {
    // SAFETY: the collector is the box of a connection that is alive while one of its calls runs, and no borrow of
    // it is held across such a call; the result is alive during this call.
    let (collector, notice) = unsafe { (&*collector.cast::<RefCell<Vec<Notice>>>(), ServerError::of_result(result)) };
    if let Ok(mut notices) = collector.try_borrow_mut() {
        notices.push(notice);
    }
}

impl Connection {
    /// Connects and authenticates, once; takes no longer than the string's `connect_timeout`, or 10 seconds, for each
    /// address that it names.
    ///
    /// # Errors
    ///
    /// What libpq or the server said, without secrets.
    pub fn open(conninfo: &Conninfo) -> Result<Self, ServerError> {
        Self::attempt(conninfo, &|| false).map_err(|failed| failed.error)
    }

    /// As [`Connection::open`], and tells what stood in the way. Ends soon when whoever connects wants to stop.
    ///
    /// # Errors
    ///
    /// [`Unconnected`] says whether another attempt may succeed.
    pub fn attempt(conninfo: &Conninfo, wants_to_stop: &dyn Fn() -> bool) -> Result<Self, Unconnected> {
        // SAFETY: both arrays end with null and outlive the call, as do the strings they point to.
        let raw = conninfo.parameters().with(|keywords, values| unsafe { PQconnectStartParams(keywords, values, 1) });
        let raw = NonNull::new(raw).ok_or_else(|| ServerError::of_connection("libpq is out of memory"))?;
        let connection = Self { raw, notices: Box::default(), closes_after_use: false, process: None };
        let collector: *const RefCell<Vec<Notice>> = &raw const *connection.notices;
        // SAFETY: the collector lives in a box that is freed only after PQfinish. Nobody else has the connection.
        let failure = unsafe {
            PQsetNoticeReceiver(raw.as_ptr(), Some(collect_notice), collector.cast_mut().cast());
            PQsetErrorVerbosity(raw.as_ptr(), PGVerbosity::PQERRORS_VERBOSE);
            let failure = negotiation::finish(raw.as_ptr(), conninfo.timeout(), wants_to_stop);
            PQsetErrorVerbosity(raw.as_ptr(), PGVerbosity::PQERRORS_DEFAULT);
            failure
        };
        let ignored = conninfo.ignored_password_file().map(|file| file.remark());
        let Some(failure) = failure else {
            let remarks =
                ignored.map(|message| Notice { severity: "WARNING".to_owned(), message, ..Notice::default() });
            connection.notices.borrow_mut().extend(remarks);
            return Ok(connection);
        };
        let Verbose { mut text, sqlstate, said } = Verbose::read(&connection.last_message());
        if text.trim().is_empty() {
            text = format!("{} does not answer in time", conninfo.server());
        }
        if let Some(remark) = ignored {
            text = format!("{}\n{remark}", text.trim_end());
        }
        let obstacle = match &sqlstate {
            Some(sqlstate) => Obstacle::of_sqlstate(sqlstate),
            None if matches!(failure, Failure::AtOnce) && !conninfo.is_possible() => Obstacle::Impossible,
            None => failure.obstacle(conninfo.wants_a_kind_of_server()),
        };
        let error = ServerError::of_connection(&conninfo.redact(&text));
        Err(Unconnected { obstacle, error: ServerError { sqlstate: sqlstate.unwrap_or_default(), ..error }, said })
    }

    /// Carries out `sql`, one statement or several, in one round trip, and gives the rows of the last that has any.
    ///
    /// Several statements outside a transaction are one transaction, as PostgreSQL has it for a simple query.
    ///
    /// # Errors
    ///
    /// What the server said of the first statement that failed, and how many had succeeded before it; those after
    /// it were not tried.
    pub fn execute(&mut self, sql: &str) -> Result<Rows, ServerError> {
        let mut last = Rows::new();
        self.send(sql)?;
        self.receive(|rows| last = rows)?;
        Ok(last)
    }

    /// Sends `sql`, one statement or several, whose rows [`received`](Self::received) gives: until then, the caller may do
    /// something else, but nothing with this connection.
    ///
    /// # Errors
    ///
    /// A text that no server would take, or a connection that is lost.
    pub fn send(&mut self, sql: &str) -> Result<(), ServerError> {
        let c_sql = CString::new(sql).map_err(|_| ServerError::of_connection("the SQL has a NUL character in it"))?;
        // SAFETY: the connection is open or in a failed state that libpq handles; the text outlives the call.
        if unsafe { PQsendQuery(self.raw.as_ptr(), c_sql.as_ptr()) } == 0 {
            return Err(ServerError::of_connection(&self.last_message()));
        }
        Ok(())
    }

    /// Waits for what was sent, and gives the rows of each statement that has any.
    ///
    /// # Errors
    ///
    /// As of [`execute`](Self::execute).
    pub fn received(&mut self) -> Result<Vec<Rows>, ServerError> {
        let mut each = Vec::new();
        self.receive(|rows| each.push(rows))?;
        Ok(each)
    }

    /// Waits for what was sent, and gives the rows of each statement that has any to `take`.
    fn receive(&mut self, mut take: impl FnMut(Rows)) -> Result<(), ServerError> {
        let (mut completed, mut failure) = (0, None);
        while let Some(result) = self.next_result() {
            match result.status() {
                ExecStatusType::PGRES_COMMAND_OK => completed += 1,
                ExecStatusType::PGRES_TUPLES_OK => {
                    completed += 1;
                    take(result.rows());
                }
                ExecStatusType::PGRES_EMPTY_QUERY => {}
                ExecStatusType::PGRES_COPY_IN => self.refuse_copy_in(),
                ExecStatusType::PGRES_COPY_OUT | ExecStatusType::PGRES_COPY_BOTH => self.discard_copy_out(),
                _ => failure = failure.or(Some(ServerError { completed, ..result.error() })),
            }
            if !self.is_alive() {
                break;
            }
        }
        match failure {
            Some(error) => Err(error),
            None if self.is_alive() => Ok(()),
            None => Err(ServerError { completed, ..ServerError::of_connection(&self.last_message()) }),
        }
    }

    fn next_result(&mut self) -> Option<ResultGuard> {
        // SAFETY: raw is a connection until drop.
        NonNull::new(unsafe { PQgetResult(self.raw.as_ptr()) }).map(ResultGuard)
    }

    /// Ends a `COPY … FROM STDIN`, which has nothing to read here; the server then reports the statement as failed.
    fn refuse_copy_in(&mut self) {
        // SAFETY: raw is a connection until drop.
        unsafe { PQputCopyEnd(self.raw.as_ptr(), c"COPY FROM STDIN has no data here".as_ptr()) };
    }

    /// Reads a `COPY … TO STDOUT` to its end, for the statements after it to be carried out.
    fn discard_copy_out(&mut self) {
        let mut row: *mut c_char = ptr::null_mut();
        // SAFETY: raw is a connection until drop; row is a valid place for libpq to put a pointer.
        while unsafe { PQgetCopyData(self.raw.as_ptr(), &raw mut row, 0) } > 0 {
            // SAFETY: libpq allocated it and it is not used again.
            unsafe { PQfreemem(row.cast()) };
        }
    }

    /// What the server remarked since this was last called.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.notices.take()
    }

    /// Whether the connection was not found broken.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        // SAFETY: raw is a connection until drop.
        unsafe { PQstatus(self.raw.as_ptr()) == ConnStatusType::CONNECTION_OK }
    }

    /// Whether no transaction is open.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        // SAFETY: raw is a connection until drop.
        unsafe { PQtransactionStatus(self.raw.as_ptr()) == PGTransactionStatusType::PQTRANS_IDLE }
    }

    /// Has a pool close the connection when it comes back, for what it holds to go with it.
    pub const fn close_after_use(&mut self) {
        self.closes_after_use = true;
    }

    /// Whether a pool should close it when it comes back: it asked for that, is broken, or is in a transaction.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        self.closes_after_use || !self.is_alive() || !self.is_idle()
    }

    /// The process id of the server process that serves this connection, as the server told libpq; behind a pooler, as
    /// the server itself says, once [`Connection::ask_for_process`] was called.
    #[must_use]
    pub fn backend_pid(&self) -> i32 {
        // SAFETY: raw is a connection until drop.
        self.process.unwrap_or_else(|| unsafe { PQbackendPID(self.raw.as_ptr()) })
    }

    /// Asks the server which process serves this connection. A pooler tells libpq a number that it made up. One round trip;
    /// the answer holds as long as the session is this connection's own.
    ///
    /// # Errors
    ///
    /// What the server said.
    pub fn ask_for_process(&mut self) -> Result<i32, ServerError> {
        let rows = self.execute("SELECT pg_backend_pid()")?;
        let process = rows.into_iter().flatten().next().flatten().and_then(|process| process.parse().ok());
        self.process = process;
        Ok(self.backend_pid())
    }

    /// What the server reports of itself without being asked, such as `server_version`.
    #[must_use]
    pub fn server_parameter(&self, name: &CStr) -> Option<String> {
        // SAFETY: raw is a connection until drop; libpq's text lives until the next call, and is copied.
        unsafe { text_at(PQparameterStatus(self.raw.as_ptr(), name.as_ptr())) }
    }

    /// The host name, address or socket folder that it connected to.
    #[must_use]
    pub fn host(&self) -> String {
        // SAFETY: as in server_parameter.
        unsafe { text_at(PQhost(self.raw.as_ptr())) }.unwrap_or_default()
    }

    /// The port that it connected to.
    #[must_use]
    pub fn port(&self) -> String {
        // SAFETY: as in server_parameter.
        unsafe { text_at(PQport(self.raw.as_ptr())) }.unwrap_or_default()
    }

    /// The role that it connected as.
    #[must_use]
    pub fn user(&self) -> String {
        // SAFETY: as in server_parameter.
        unsafe { text_at(PQuser(self.raw.as_ptr())) }.unwrap_or_default()
    }

    /// The database that it connected to.
    #[must_use]
    pub fn database(&self) -> String {
        // SAFETY: as in server_parameter.
        unsafe { text_at(PQdb(self.raw.as_ptr())) }.unwrap_or_default()
    }

    fn last_message(&self) -> String {
        // SAFETY: as in server_parameter.
        unsafe { text_at(PQerrorMessage(self.raw.as_ptr())) }.unwrap_or_default()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: raw is a connection, and nobody can use it any more.
        unsafe { PQfinish(self.raw.as_ptr()) };
    }
}

/// A result of libpq's, cleared when dropped.
struct ResultGuard(NonNull<PGresult>);

impl ResultGuard {
    fn status(&self) -> ExecStatusType {
        // SAFETY: the result is alive.
        unsafe { PQresultStatus(self.0.as_ptr()) }
    }

    fn error(&self) -> ServerError {
        // SAFETY: the result is alive.
        unsafe { ServerError::of_result(self.0.as_ptr()) }
    }

    fn rows(&self) -> Rows {
        let raw = self.0.as_ptr();
        // SAFETY: the result is alive.
        let (rows, columns) = unsafe { (PQntuples(raw), PQnfields(raw)) };
        let value = |row: c_int, column: c_int| {
            // SAFETY: row and column are within the result, which is alive; the text is copied.
            unsafe { if PQgetisnull(raw, row, column) == 1 { None } else { text_at(PQgetvalue(raw, row, column)) } }
        };
        (0..rows).map(|row| (0..columns).map(|column| value(row, column)).collect()).collect()
    }
}

impl Drop for ResultGuard {
    fn drop(&mut self) {
        // SAFETY: the result is alive, and nobody can use it any more.
        unsafe { PQclear(self.0.as_ptr()) };
    }
}
