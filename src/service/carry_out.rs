//! Carries an operation out on a connection of a pool, and looks in what state it left that.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering;

use deadpool_diesel::postgres::Object;
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Instrumentation, InstrumentationEvent, SimpleConnection as _,
    TransactionManager as _, get_default_instrumentation,
};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{Connection as _, PgConnection};

use super::{Inner, unavailable};
use crate::interruption;
use crate::open_transaction::{self, Open};
use crate::queries::durability;

/// How an operation leaves its connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// As it was.
    Fit,
    /// With a transaction open.
    Open,
    /// Of no use any more.
    Broken,
}

impl Inner {
    /// Runs an operation on a connection, and gives that back, or closes it where it is of no use any more.
    pub(super) fn carry_out<T, E: From<DieselError>>(
        &self,
        connection: Object,
        operation: impl FnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let outcome = catch_unwind(AssertUnwindSafe(|| match connection.lock() {
            Ok(mut conn) => {
                if Object::metrics(&connection).recycle_count == 0 {
                    self.prepare(&mut conn);
                }
                if self.relaxed_receipts { durability::relaxed(|| operation(&mut conn)) } else { operation(&mut conn) }
            }
            // Whoever panicked with it had it out of the pool.
            Err(_) => Err(unavailable("the connection is of no use any more".to_owned()).into()),
        }));
        let left = connection.lock().map_or(Left::Broken, |mut conn| self.left(&mut conn));
        if left == Left::Fit {
            drop(connection);
        } else {
            // Its locks end with it, and not when the pool comes to look at it.
            drop(Object::take(connection));
        }
        match outcome {
            Ok(Ok(_)) if left == Left::Open => {
                let message = "the operation left a transaction open: what it wrote in it is rolled back".to_owned();
                Err(DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message)).into())
            }
            Ok(result) => result,
            Err(panic) => resume_unwind(panic),
        }
    }

    /// How an operation has left a connection. No round trip.
    fn left(&self, conn: &mut PgConnection) -> Left {
        let is_broken = AnsiTransactionManager::is_broken_transaction_manager(conn);
        let depth = AnsiTransactionManager::transaction_manager_status_mut(conn).transaction_depth();
        if matches!(depth, Ok(Some(_))) {
            // That of a test is there to stay.
            return if is_broken { Left::Open } else { Left::Fit };
        }
        match open_transaction::on(conn) {
            Open::Transaction if self.sees_transactions.load(Ordering::Relaxed) => Left::Open,
            Open::Unknown => Left::Broken,
            Open::Nothing | Open::Transaction if is_broken => Left::Broken,
            Open::Nothing | Open::Transaction => Left::Fit,
        }
    }

    /// Prepares a connection that is new.
    fn prepare(&self, conn: &mut PgConnection) {
        if let Some(theirs) = get_default_instrumentation() {
            conn.set_instrumentation(Quiet(theirs));
        }
        // There is none. A release of Diesel's that says otherwise does not say it at all.
        self.sees_transactions.store(open_transaction::on(conn) == Open::Nothing, Ordering::Relaxed);
        if self.through_pooler {
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        } else if self.relaxed_receipts {
            // Where it fails, receipts wait for the disk.
            let _ = conn.batch_execute("SET messenger_db.relaxed = on");
        }
        // A server that does not say it is asked again on the next connection; meanwhile a timeout is of the kind `Other`.
        if !self.has_learned.load(Ordering::Relaxed) {
            self.has_learned.store(interruption::learn(conn).is_ok(), Ordering::Relaxed);
        }
    }
}

/// What hears of Diesel's statements, of those that are sent.
struct Quiet(Box<dyn Instrumentation>);

impl Instrumentation for Quiet {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if !open_transaction::is_looking() {
            self.0.on_connection_event(event);
        }
    }
}
