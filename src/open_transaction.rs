//! Whether a transaction is open on a connection, whoever began it: Diesel, or SQL of the caller's.
//!
//! Diesel counts the transactions that it began itself. The server tells with each answer whether a transaction is open, libpq
//! keeps that, and Diesel has no function that gives it. But after each statement, also after one that it could not send, Diesel
//! brings its own count in line with what libpq knows. So here is a statement that cannot be sent, because its value is none, and
//! a count of one before it: without a transaction the count is none afterwards. That costs no round trip.

use std::cell::Cell;

use diesel::connection::{
    AnsiTransactionManager, TransactionDepthChange, TransactionManager as _, TransactionManagerStatus,
};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;

thread_local! {
    static IS_LOOKING: Cell<bool> = const { Cell::new(false) };
}

/// What is known of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Open {
    /// No transaction is open: the next statement is one of its own.
    Nothing,
    /// One is open, also one that has failed.
    Transaction,
    /// The connection is lost, or Diesel does not say.
    Unknown,
}

/// What is open on a connection. No round trip.
pub(crate) fn on(conn: &mut PgConnection) -> Open {
    let status = AnsiTransactionManager::transaction_manager_status_mut(conn);
    let was_in_error = match status.transaction_depth() {
        Ok(Some(_)) => return Open::Transaction,
        Ok(None) => false,
        Err(_) => true,
    };
    *status = TransactionManagerStatus::default();
    if let TransactionManagerStatus::Valid(valid) = status {
        // It fails at a count that is less than none.
        let _ = valid.change_transaction_depth(TransactionDepthChange::IncreaseDepth);
    }
    IS_LOOKING.set(true);
    let _ = diesel::sql_query("SELECT $1").bind::<Text, _>(Unsendable).execute(conn);
    IS_LOOKING.set(false);
    let status = AnsiTransactionManager::transaction_manager_status_mut(conn);
    let open = match status.transaction_depth() {
        Ok(None) => Open::Nothing,
        Ok(Some(_)) => Open::Transaction,
        Err(_) => Open::Unknown,
    };
    *status = TransactionManagerStatus::default();
    if was_in_error || open == Open::Unknown {
        status.set_in_error();
    }
    open
}

/// Whether this thread looks what is open: what an [`Instrumentation`](diesel::connection::Instrumentation) hears meanwhile is no
/// statement.
#[cfg(feature = "tokio")]
pub(crate) fn is_looking() -> bool {
    IS_LOOKING.get()
}

/// A value that is none.
#[derive(Debug)]
struct Unsendable;

impl ToSql<Text, Pg> for Unsendable {
    fn to_sql<'b>(&'b self, _: &mut Output<'b, '_, Pg>) -> serialize::Result {
        Err("it is not sent: it looks whether a transaction is open".into())
    }
}
