//! What PostgreSQL says to repeat is repeated, and nothing else is.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use messenger_db::error::Error;
use messenger_db::ids::UserId;
use messenger_db::queries::accounts::{self, PresenceRefused};
use messenger_db::queries::contacts::{self, RequestRefused};
use messenger_db::retry::{self, Retry, Transient};
use messenger_db::schema::users;
use pretty_assertions::assert_eq;

use super::cast;
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// Waits for nothing.
fn at_once() -> Retry {
    Retry::default().pauses(Duration::ZERO, Duration::ZERO)
}

fn rename(conn: &mut PgConnection, user: UserId, name: &str) -> QueryResult<usize> {
    diesel::update(users::table.find(user)).set(users::display_name.eq(name)).execute(conn)
}

/// Two transactions that each change two users, in opposite order, and meet in the middle at their first attempts.
/// Gives what both came to, and how many attempts they took together.
fn deadlock(retry: Retry) -> ([QueryResult<usize>; 2], u32) {
    let database = TestDatabase::migrated();
    let pair = cast::users(&mut database.diesel(), ["alice", "bob"]);
    let (middle, attempts) = (Barrier::new(2), AtomicU32::new(0));
    let run = |order: [UserId; 2]| {
        let mut conn = database.diesel();
        let mut is_first = true;
        retry.transaction(&mut conn, |conn| {
            attempts.fetch_add(1, Ordering::Relaxed);
            rename(conn, order[0], "one")?;
            if std::mem::take(&mut is_first) {
                middle.wait();
            }
            rename(conn, order[1], "two")
        })
    };
    let results = thread::scope(|scope| {
        let other = scope.spawn(|| run([pair[1], pair[0]]));
        [run(pair), other.join().unwrap()]
    });
    (results, attempts.into_inner())
}

#[test]
fn a_deadlock_is_recognised_and_the_victim_tried_again() {
    let (results, attempts) = deadlock(Retry::default());
    assert_eq!(results, [Ok(1), Ok(1)]);
    // The victim may be back before the other has what it waited for, and be in its way once more.
    assert!(attempts >= 3, "{attempts}");
}

#[test]
fn a_deadlock_is_the_callers_when_no_attempt_is_left() {
    let (results, attempts) = deadlock(Retry::default().attempts(0));
    assert_eq!(attempts, 2);
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(error.is_transient());
}

#[test]
fn a_serialization_failure_is_repeated_with_a_new_snapshot() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let mut attempts = 0;
    at_once()
        .transaction(conn, |conn| {
            attempts += 1;
            diesel::sql_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").execute(conn)?;
            let _: Option<String> = users::table.find(alice).select(users::display_name).first(conn)?;
            if attempts == 1 {
                rename(&mut database.diesel(), alice, "another's")?;
            }
            rename(conn, alice, "mine")
        })
        .unwrap();
    assert_eq!(attempts, 2);
    assert_eq!(accounts::get(conn, by(alice)).unwrap().display_name.as_deref(), Some("mine"));
}

#[test]
fn attempts_are_bounded_and_each_is_rolled_back() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    for (retry, expected) in [(at_once(), 5), (at_once().attempts(3), 3), (at_once().attempts(0), 1)] {
        let mut attempts = 0;
        let error = retry
            .transaction(conn, |conn| {
                attempts += 1;
                rename(conn, alice, "never")?;
                diesel::sql_query("DO $$ BEGIN RAISE 'again' USING ERRCODE = '40001'; END $$").execute(conn)
            })
            .unwrap_err();
        assert_eq!(attempts, expected);
        assert!(matches!(error, DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)));
    }
    assert_eq!(accounts::get(conn, by(alice)).unwrap().display_name, None);
}

#[test]
fn pauses_are_no_longer_than_was_said() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let retry = Retry::default().attempts(40).pauses(Duration::from_millis(1), Duration::from_millis(2));
    let start = Instant::now();
    let always: QueryResult<usize> = retry.transaction(conn, |conn| {
        diesel::sql_query("DO $$ BEGIN RAISE 'again' USING ERRCODE = '40001'; END $$").execute(conn)
    });
    assert!(always.is_err());
    // Doubling without a bound would have taken longer than the age of the universe.
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn other_errors_and_refusals_are_not_repeated() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let mut attempts = 0;
    let refused = at_once().transaction(conn, |conn| {
        attempts += 1;
        contacts::request(conn, by(alice), alice)
    });
    assert_eq!(refused, Err(Error::Refused(RequestRefused::Oneself)));
    let failed: Result<(), Error<PresenceRefused>> = at_once().transaction(conn, |conn| {
        attempts += 1;
        // Of unknown kind, as a deadlock is.
        diesel::sql_query("SELECT 1 / 0").execute(conn)?;
        Ok(())
    });
    assert!(matches!(failed, Err(Error::Database(DieselError::DatabaseError(DatabaseErrorKind::Unknown, _)))));
    assert_eq!(attempts, 2);
}

#[test]
fn inside_a_transaction_it_is_the_outer_one_that_is_repeated() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let (mut outer, mut inner) = (0, 0);
    let result: QueryResult<usize> = at_once().attempts(3).transaction(conn, |conn| {
        outer += 1;
        retry::transaction(conn, |conn| {
            inner += 1;
            diesel::sql_query("DO $$ BEGIN RAISE 'again' USING ERRCODE = '40001'; END $$").execute(conn)
        })
    });
    assert!(result.is_err());
    assert_eq!((outer, inner), (3, 3));
}

/// An error as a server of another language reports it.
struct Report(String);

impl DatabaseErrorInformation for Report {
    fn message(&self) -> &str {
        "?"
    }
    fn details(&self) -> Option<&str> {
        Some(&self.0)
    }
    fn hint(&self) -> Option<&str> {
        None
    }
    fn table_name(&self) -> Option<&str> {
        None
    }
    fn column_name(&self) -> Option<&str> {
        None
    }
    fn constraint_name(&self) -> Option<&str> {
        None
    }
    fn statement_position(&self) -> Option<i32> {
        None
    }
}

fn is_transient(detail: String) -> bool {
    DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(Report(detail))).is_transient()
}

/// "Process %d waits for %s on %s; blocked by process %d." in the languages that PostgreSQL 15 speaks.
const WAITS: [&str; 11] = [
    "Process {1} waits for {2} on {3}; blocked by process {4}.",
    "Prozess {1} wartet auf {2}-Sperre auf {3}; blockiert von Prozess {4}.",
    "プロセス {1} は {2} を {3} で待機していましたが、プロセス {4} でブロックされました",
    "{1} 프로세스가 {2} 상태로 지연되고 있음(해당 작업: {3}); {4} 프로세스에 의해 블록킹되었음",
    "El proceso {1} espera {2} en {3}; bloqueado por proceso {4}.",
    "Процесс {1} ожидает в режиме {2} блокировку \"{3}\"; заблокирован процессом {4}.",
    "Процес {1} очікує в режимі {2} блокування \"{3}\"; заблокований процесом {4}.",
    "Le processus {1} attend {2} sur {3} ; bloqué par le processus {4}.",
    "Il processo {1} è in attesa di {2} su {3}; bloccato dal processo {4}.",
    "Process {1} väntar på {2} för {3}; blockerad av process {4}.",
    "进程{1}等待在{3}上的{2}; 由进程{4}阻塞.",
];

#[test]
fn a_deadlock_is_recognised_in_every_language() {
    for wait in WAITS {
        let line = |process: &str, object: &str, blocker: &str| {
            let mut line = wait.to_owned();
            for (place, value) in [("{1}", process), ("{2}", "ShareLock"), ("{3}", object), ("{4}", blocker)] {
                line = line.replace(place, value);
            }
            line
        };
        let tuple = "tuple (0,7) of relation 16456 of database 5";
        let [one, two] = [line("812", tuple, "815"), line("815", "transaction 744", "812")];
        let three = line("815", "transaction 744", "9000");
        let back = line("9000", "transaction 700", "812");
        assert!(is_transient(format!("{one}\n{two}")), "{one}");
        assert!(is_transient(format!("{one}\n{three}\n{back}")), "{one}");
        // Not a circle.
        assert!(!is_transient(format!("{one}\n{three}")));
        assert!(!is_transient(format!("{two}\n{back}")));
        assert!(!is_transient(one));
    }
    for other in ["", "\n", "Key (id)=(1) already exists.", "7\n7", "1 and 2\nand nothing"] {
        assert!(!is_transient(other.to_owned()), "{other:?}");
    }
}

#[test]
fn a_deadlock_between_servers_is_recognised_by_its_message() {
    let of = |message: &str| DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()));
    assert!(of("canceling the transaction since it was involved in a distributed deadlock").is_transient());
    assert!(!of("canceling the transaction").is_transient());
}
