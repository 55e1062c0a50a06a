//! Operations from async code: what a pool does with futures that are dropped, and with connections that are lost.

use std::sync::mpsc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager as _};
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::Integer;
use messenger_db::error::{Class, Error, Failure};
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, SendRefused};
use messenger_db::realtime::{self, Bell, Heard, Listener, Ring};
use messenger_db::service::{Options, Pool};

use super::cast::{self, by};
use crate::support::{PgBouncer, TestDatabase, until};

/// Longer than anything takes that is awaited.
const LONG: Duration = Duration::from_mins(1);

fn pool(database: &TestDatabase, connections: usize) -> Pool {
    Pool::new(&database.url(), Options { connections, wait: LONG, connect: LONG, ..Options::default() })
}

fn backend(conn: &mut PgConnection) -> QueryResult<i32> {
    diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()")).get_result(conn)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// Starts an operation that waits for a word before it does `then`: its task, and the word.
async fn held<T: Send + 'static>(
    pool: &Pool,
    then: impl FnOnce(&mut PgConnection) -> QueryResult<T> + Send + 'static,
) -> (tokio::task::JoinHandle<QueryResult<T>>, mpsc::Sender<()>) {
    let (begin, begun) = tokio::sync::oneshot::channel();
    let (go, gone) = mpsc::channel();
    let pool = pool.clone();
    let task = tokio::spawn(async move {
        let operation = move |conn: &mut PgConnection| {
            begin.send(()).unwrap();
            gone.recv_timeout(LONG).unwrap();
            then(conn)
        };
        pool.run(operation).await
    });
    begun.await.unwrap();
    (task, go)
}

#[test]
fn an_operation_whose_future_is_dropped_goes_on_and_its_ring_is_heard() {
    let database = TestDatabase::migrated();
    let (alice, chat) = {
        let conn = &mut database.diesel();
        let alice = cast::user(conn, "alice");
        (alice, groups::create(conn, by(alice), &NewGroup::new("Hikers", &[])).unwrap().id)
    };
    let connect = || {
        let url = database.url();
        move || PgConnection::establish(&url)
    };
    let listener = Listener::start(connect(), realtime::Options::default());
    assert_eq!(listener.next(LONG), Some(Heard::Connected));
    let bell = Bell::start(connect(), realtime::Options::default());
    let pool = pool(&database, 1);
    let text = block_on(async {
        let (task, go) = held(&pool, move |conn| {
            let sent = messages::send(conn, by(alice), chat, &Draft::text("Wait for me")).map_err(database_error)?;
            bell.ring(Ring::Chat(chat, sent.message.version));
            Ok(())
        })
        .await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(pool.status().idle, 0, "the connection is still in use");
        go.send(()).unwrap();
        // The next operation has the connection after that one.
        pool.run(move |conn| messages::get(conn, by(alice), chat, messenger_db::seq::Seq::new(2)))
            .await
            .unwrap()
            .content
    });
    assert_eq!(text.as_deref(), Some("Wait for me"));
    assert!(matches!(listener.next(LONG), Some(Heard::Ring(Ring::Chat(heard, _))) if heard == chat));
}

#[test]
fn an_operation_that_is_given_up_while_it_waits_for_a_connection_does_nothing() {
    let database = TestDatabase::migrated();
    let pool = pool(&database, 1);
    block_on(async {
        let (first, go) = held(&pool, backend).await;
        let waiting = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|conn| diesel::sql_query("CREATE TABLE done ()").execute(conn)).await }
        });
        while pool.status().waiting == 0 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        let session = first.await.unwrap().unwrap();
        assert_eq!(pool.run(backend).await.unwrap(), session);
    });
    assert_eq!(database.value("SELECT to_regclass('done') IS NULL"), "t");
}

#[test]
fn an_operation_for_which_there_is_no_connection_in_time_fails_and_says_why() {
    let database = TestDatabase::migrated();
    let options = Options { connections: 1, wait: Duration::from_millis(50), connect: LONG, ..Options::default() };
    let pool = Pool::new(&database.url(), options);
    block_on(async {
        let (held, go) = held(&pool, backend).await;
        let error = pool.run(|_| Err::<(), Error<SendRefused>>(DieselError::NotFound.into())).await.unwrap_err();
        assert_eq!((error.failure(), error.class()), (Some(Failure::ConnectionLost), Some(Class::Busy)));
        assert!(error.to_string().contains("Timeout occurred while waiting for a slot"), "{error}");
        go.send(()).unwrap();
        held.await.unwrap().unwrap();
    });
    let nowhere = Pool::new("postgres://nobody@127.0.0.1:1/none", options);
    let error = block_on(nowhere.run(backend)).unwrap_err();
    assert_eq!(Failure::of(&error), Failure::ConnectionLost);
    assert!(error.to_string().contains("Failed to establish connection"), "{error}");
    assert!(error.to_string().contains("connection to server at \"127.0.0.1\", port 1 failed"), "{error}");
    assert!(!format!("{nowhere:?}").contains("nobody"));
    for (url, shown) in [
        ("postgres//u:s3cret@127.0.0.1/none", "missing \"=\" after \"…\""),
        ("postgresql://u:s3cret@[::1/none", "in IPv6 host address in URI: \"…\""),
    ] {
        let error = block_on(Pool::new(url, options).run(backend)).unwrap_err().to_string();
        assert!(error.contains(shown) && !error.contains("s3cret"), "{error}");
    }
}

#[test]
fn a_connection_that_is_killed_is_replaced_whether_it_rests_or_works() {
    let database = TestDatabase::migrated();
    let pool = pool(&database, 1);
    let kill =
        |session: i32| assert_eq!(database.value(&format!("SELECT pg_terminate_backend({session}, 60000)")), "t");
    block_on(async {
        let first = pool.run(backend).await.unwrap();
        kill(first);
        let second = pool.run(backend).await.unwrap();
        assert_ne!(second, first);
        let (working, go) = held(&pool, backend).await;
        kill(second);
        go.send(()).unwrap();
        assert_eq!(Failure::of(&working.await.unwrap().unwrap_err()), Failure::ConnectionLost);
        let third = pool.run(backend).await.unwrap();
        assert_ne!(third, second);
    });
}

#[test]
fn a_statement_that_takes_too_long_is_a_timeout_and_its_connection_goes_on() {
    let database = TestDatabase::migrated();
    database.execute(&format!("ALTER DATABASE {} SET statement_timeout = '50ms'", database.name())).unwrap();
    let pool = pool(&database, 1);
    block_on(async {
        let session = pool.run(backend).await.unwrap();
        let error = pool.run(|conn| diesel::sql_query("SELECT pg_sleep(60)").execute(conn)).await.unwrap_err();
        assert_eq!(Failure::of(&error), Failure::Timeout);
        assert_eq!(pool.run(backend).await.unwrap(), session);
    });
}

#[test]
fn a_connection_with_a_transaction_left_open_or_a_panic_is_closed_at_once() {
    let database = TestDatabase::migrated();
    let pool = pool(&database, 1);
    block_on(async {
        let first = pool.run(backend).await.unwrap();
        let open = |conn: &mut PgConnection| {
            AnsiTransactionManager::begin_transaction(conn)?;
            diesel::sql_query("CREATE TABLE left_open ()").execute(conn)
        };
        let is_gone = |backend: i32| {
            assert_eq!(pool.status().open, 0);
            let query = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {backend}");
            until("its connection is closed", || database.value(&query) == "0");
        };
        pool.run(open).await.unwrap();
        is_gone(first);
        for in_transaction in [false, true] {
            let next = pool.run(backend).await.unwrap();
            let panicking = tokio::spawn({
                let pool = pool.clone();
                let panic =
                    |_: &mut PgConnection| -> QueryResult<()> { panic!("an operation that panics, on purpose") };
                async move { pool.run(move |conn| if in_transaction { conn.transaction(panic) } else { panic(conn) }).await }
            });
            assert!(panicking.await.unwrap_err().is_panic());
            is_gone(next);
        }
    });
}

#[test]
fn through_a_pooler_in_transaction_mode_nothing_is_kept_prepared() {
    let database = TestDatabase::migrated();
    let pooler = PgBouncer::before(&database, "transaction", 1);
    let options = Options { connections: 4, wait: LONG, connect: LONG, through_pooler: true, ..Options::default() };
    let pool = Pool::new(&pooler.url(), options);
    let alice = cast::user(&mut database.diesel(), "alice");
    block_on(async {
        for _ in 0..5 {
            let together: Vec<_> = (0..4)
                .map(|_| {
                    let pool = pool.clone();
                    tokio::spawn(async move {
                        pool.run(move |conn| messenger_db::queries::unread::total(conn, by(alice))).await
                    })
                })
                .collect();
            for total in together {
                assert_eq!(total.await.unwrap(), Ok(0));
            }
        }
    });
}

fn database_error(error: Error<SendRefused>) -> DieselError {
    match error {
        Error::Database(error) => error,
        Error::Refused(refused) => panic!("{refused}"),
    }
}
