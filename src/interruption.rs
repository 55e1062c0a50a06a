//! Recognises statements that were cancelled or timed out, which Diesel does not tell apart from other errors.

use std::sync::{PoisonError, RwLock};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

use crate::error::Failure;

/// What PostgreSQL 15 says of a statement that has waited for a lock longer than `lock_timeout`, in each language that it is
/// translated to: one session alone cannot be made to wait, to learn it. It is the message `canceling statement due to lock
/// timeout` in the server's `po` files.
const LOCK_TIMEOUTS: [&str; 13] = [
    "canceling statement due to lock timeout",
    "annulation de la requête à cause du délai écoulé pour l'obtention des verrous",
    "annullamento dell'istruzione a causa di timeout di lock",
    "avbryter sats på grund av lås-timeout",
    "cancelando la sentencia debido a que se agotó el tiempo de espera de candados (locks)",
    "storniere Anfrage wegen Zeitüberschreitung einer Sperre",
    "виконання оператора скасовано через тайм-аут блокування",
    "выполнение оператора отменено из-за тайм-аута блокировки",
    "გამოსახულება გაუქმდება ბლოკის მოლოდინის ვადის ამოწურვის გამო",
    "ロックのタイムアウトのためステートメントをキャンセルしています",
    "由于锁超时，正在取消语句",
    "由於鎖定逾時，正在取消敘述",
    "잠금 대기 시간 초과로 작업을 취소합니다.",
];

/// What the servers say of interrupted statements, each in its own language.
static LEARNED: RwLock<Vec<(String, Failure)>> = RwLock::new(Vec::new());

/// Learns how this server words that a statement was cancelled or timed out, so that [`Failure::of`] recognises both
/// from now on, in the whole process. Call it once when the service starts; without it both are [`Failure::Other`].
///
/// PostgreSQL gives both the SQLSTATE 57014, and Diesel 2.3 passes on the message only, which the server has translated
/// to its `lc_messages`. So this interrupts two statements of its own and keeps what the server said of them. That a
/// statement has waited for a lock longer than `lock_timeout` is recognised by the words of PostgreSQL 15 in each of its
/// languages, whether or not this was called: a later version may have others, but in English.
///
/// Under another language it cannot take one failure for the other: what is compared is the whole message, and the server
/// gives two different ones. A session in a language that was not learned, because the role sets `lc_messages` after this
/// was called, gives [`Failure::Other`]; call it once more on such a session. Only a function that raises exactly the
/// server's words with an SQLSTATE of its own is taken for an interruption.
///
/// Three statements in a transaction, or in a savepoint of the caller's, which is rolled back. It takes two
/// milliseconds, reads no table and needs no right.
///
/// # Errors
///
/// Those of the database, and [`DieselError::NotFound`] when the server did not interrupt what it was told to.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// use diesel::prelude::*;
/// use messenger_db::error::Failure;
/// use messenger_db::interruption;
///
/// interruption::learn(conn)?;
/// diesel::sql_query("SET LOCAL statement_timeout = '1ms'").execute(conn)?;
/// let error = diesel::sql_query("SELECT pg_sleep(60)").execute(conn).unwrap_err();
/// assert_eq!(Failure::of(&error), Failure::Timeout);
/// # Ok::<(), diesel::result::Error>(())
/// ```
pub fn learn(conn: &mut PgConnection) -> QueryResult<()> {
    let timeout = said_of(conn, "SET LOCAL statement_timeout = '1ms'", "SELECT pg_sleep(60)")?;
    // The signal arrives while the statement sleeps.
    let cancelled = "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(60)";
    let cancelled = said_of(conn, "SET LOCAL statement_timeout = 0", cancelled)?;
    let mut learned = LEARNED.write().unwrap_or_else(PoisonError::into_inner);
    for words in [(timeout, Failure::Timeout), (cancelled, Failure::Cancelled)] {
        if !learned.contains(&words) {
            learned.push(words);
        }
    }
    Ok(())
}

/// What the server says of a statement that it interrupts.
fn said_of(conn: &mut PgConnection, setting: &str, interrupted: &str) -> QueryResult<String> {
    let mut said = None;
    let rolled_back = conn.transaction(|conn| {
        // Where a role has a session end at its first error, this one is none.
        conn.batch_execute(&format!("{setting}; SET LOCAL exit_on_error = off"))?;
        if let Err(DieselError::DatabaseError(DatabaseErrorKind::Unknown, information)) =
            diesel::sql_query(interrupted).execute(conn)
        {
            said = Some(information.message().to_owned());
        }
        Err::<(), _>(DieselError::RollbackTransaction)
    });
    match (rolled_back, said) {
        (Err(DieselError::RollbackTransaction), Some(said)) => Ok(said),
        (Err(DieselError::RollbackTransaction) | Ok(()), _) => Err(DieselError::NotFound),
        (Err(error), _) => Err(error),
    }
}

/// What interrupted the statement that this is the error of, if it was interrupted.
pub(crate) fn recognise(error: &DieselError) -> Option<Failure> {
    let DieselError::DatabaseError(DatabaseErrorKind::Unknown, information) = error else { return None };
    if is_lock_timeout(error) {
        return Some(Failure::Timeout);
    }
    let learned = LEARNED.read().unwrap_or_else(PoisonError::into_inner);
    learned.iter().find(|(said, _)| said == information.message()).map(|(_, failure)| *failure)
}

/// Whether the statement that this is the error of has waited for a lock longer than `lock_timeout`.
pub(crate) fn is_lock_timeout(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(_, information) if LOCK_TIMEOUTS.contains(&information.message()))
}
