//! Operations from async code: what a pool does with futures that are dropped, and with connections that are lost.

use std::net::TcpListener;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use diesel::connection::{
    AnsiTransactionManager, InstrumentationEvent, SimpleConnection as _, TransactionManager as _,
    set_default_instrumentation,
};
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Integer, Text};
use messenger_db::actor::Actor;
use messenger_db::enums::UserStatus;
use messenger_db::error::{Class, Error, Failure};
use messenger_db::ids::ChatId;
use messenger_db::queries::accounts;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, SendRefused};
use messenger_db::queries::receipts::{self, Mark};
use messenger_db::realtime::{self, Bell, Heard, Listener, Ring};
use messenger_db::seq::Seq;
use messenger_db::service::{Options, Pool};

use super::cast::{self, by};
use crate::support::{PgBouncer, TestDatabase, until};

/// Longer than anything takes that is awaited.
const LONG: Duration = Duration::from_mins(1);

const SECOND: Duration = Duration::from_secs(1);

fn pool(database: &TestDatabase, connections: usize) -> Pool {
    Pool::new(&database.url(), Options { connections, wait: LONG, connect: LONG, ..Options::default() })
}

fn pool_of(url: &str) -> Pool {
    Pool::new(url, Options { connections: 1, wait: LONG, connect: LONG, ..Options::default() })
}

fn backend(conn: &mut PgConnection) -> QueryResult<i32> {
    diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()")).get_result(conn)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// Starts an operation that waits for a word before it does `then`: its task, and the word.
pub(super) async fn held<T: Send + 'static>(
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
        pool.run(move |conn| messages::get(conn, by(alice), chat, Seq::new(2))).await.unwrap().content
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
    // An address that never answers has as long as one of the URL's servers has, and no longer.
    let silent = Silent::new();
    let error =
        block_on(Pool::new(&format!("postgres://u@{silent}/m"), Options { connect: SECOND, ..options }).run(backend));
    assert!(error.unwrap_err().to_string().contains("timeout expired"));
}

#[test]
fn no_error_of_a_pool_tells_a_password() {
    let options = Options { connections: 1, wait: LONG, connect: SECOND, ..Options::default() };
    for url in [
        "postgres//u:s3cret@127.0.0.1/none",
        "postgresql://u:s3cret@[::1/none",
        "postgresql://u:s3cret%zz@127.0.0.1:1/none",
        "postgresql://u:s3\"cret%et@127.0.0.1:1/none",
        "postgresql://u:\"s3cret\"@[::1/none",
        "postgresql://u:a@s3cret/b@127.0.0.1:1/none",
        "postgresql://u:a@s3cret:1/b@127.0.0.1:1/none",
        "postgresql://u:a@127.0.0.1:1?sslmode=s3cret",
        "postgresql://u:a@127.0.0.1:s3cret/none",
        "postgresql://u:a@127.0.0.1:1/none?pass\"s3cret=1",
        "user=u password='a' \"s3cret\" host=127.0.0.1",
        "user=u password=a b\"s3cret host=127.0.0.1",
        "service=s3cret",
        "host=127.0.0.1 password=s3cret\0",
    ] {
        let error = block_on(Pool::new(url, options).run(backend)).unwrap_err();
        assert_eq!(Failure::of(&error), Failure::ConnectionLost);
        let (said, shown) = (error.to_string(), format!("{error:?}"));
        assert!(!said.contains("s3") && !said.contains("cret") && !shown.contains("cret"), "{url}: {said}");
        assert!(said.starts_with("no connection to the database: "), "{said}");
    }
}

/// A server that lets everybody in, and says nothing.
struct Silent(TcpListener);

impl Silent {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }
}

impl std::fmt::Display for Silent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.local_addr().unwrap().fmt(f)
    }
}

#[test]
fn a_server_of_the_url_that_hangs_is_left_for_the_next() {
    let database = TestDatabase::migrated();
    let (silent, session) = (Silent::new(), database.connect());
    let (address, port) = (silent.0.local_addr().unwrap().ip(), silent.0.local_addr().unwrap().port());
    let url = |more: &str| {
        format!(
            "host={address},{address},{} port={port},{port},5432 user={} dbname={} {more}",
            session.host(),
            session.user(),
            database.name()
        )
    };
    let options = Options { connections: 1, wait: SECOND, connect: SECOND, ..Options::default() };
    block_on(async {
        for (url, options) in [
            (url("target_session_attrs=read-write"), options),
            (url("connect_timeout=3"), options),
            (url(""), Options { connect: SECOND * 3, ..options }),
        ] {
            let pool = Pool::new(&url, options);
            let running = pool.run(|conn| diesel::sql_query("SELECT 1").execute(conn));
            let done = tokio::time::timeout(Duration::from_secs(20), running).await.expect("it is bounded");
            assert_eq!(done, Ok(1), "{url}");
        }
    });
}

#[test]
fn a_pool_takes_every_url_that_libpq_takes() {
    let database = TestDatabase::migrated();
    let session = database.connect();
    let (host, user, name) = (session.host(), session.user(), database.name());
    let folder = host.replace('/', "%2F");
    let shown = |conn: &mut PgConnection| -> QueryResult<String> {
        diesel::select(diesel::dsl::sql::<Text>("current_setting('application_name')")).get_result(conn)
    };
    for (url, application) in [
        (format!("postgresql://{user}:p?w@{folder}/{name}"), ""),
        (format!("postgresql://{user}:a%3Fb%26c@{folder}/{name}?application_name=a%20b"), "a b"),
        (format!("host={host} user={user} password=x://y dbname={name}"), ""),
        (format!("host={host} user={user} password=x://y?z dbname={name} application_name='it\\'s \\\\'"), "it's \\"),
        (format!("postgresql:///{name}?host={host}&user={user}&application_name=connect_timeout"), "connect_timeout"),
        (format!("postgres:///{name}?host={host}&user={user}&"), ""),
        (format!("  host = '{host}' user={user}  dbname='{name}'  "), ""),
        (format!("postgresql://{user}@{folder}/{name}?options=-c%20application_name%3Dset"), "set"),
    ] {
        assert!(PgConnection::establish(&url).is_ok() || url.ends_with('&'), "{url}");
        let pool = pool_of(&url);
        assert_eq!(block_on(pool.run(shown)).as_deref(), Ok(application), "{url}");
    }
}

/// One that need not wait for the disk when it is alone.
type Relaxed = fn(&mut PgConnection, Actor, ChatId, Seq);

#[test]
fn what_a_closure_begins_with_sql_waits_for_the_disk_as_a_whole() {
    let database = TestDatabase::migrated();
    // The tests' server itself waits for nothing.
    database.execute(&format!("ALTER DATABASE {} SET synchronous_commit = on", database.name())).unwrap();
    let (alice, chat, seq) = {
        let conn = &mut database.diesel();
        let [alice, bob] = ["alice", "bob"].map(|name| cast::user(conn, name));
        let chat = groups::create(conn, by(bob), &NewGroup::new("Hikers", &[alice])).unwrap().id;
        (by(alice), chat, messages::send(conn, by(bob), chat, &Draft::text("…")).unwrap().message.seq)
    };
    let options = Options { connections: 1, wait: LONG, connect: LONG, relaxed_receipts: true, ..Options::default() };
    let pool = Pool::new(&database.url(), options);
    let operations: [Relaxed; 5] = [
        |conn, alice, chat, seq| _ = receipts::mark_delivered(conn, alice, chat, seq).unwrap(),
        |conn, alice, chat, seq| _ = receipts::mark_read(conn, alice, chat, seq).unwrap(),
        |conn, alice, chat, seq| _ = receipts::mark_many(conn, &[Mark::read(alice, chat, seq)]).unwrap(),
        |conn, alice, _, _| accounts::set_presence(conn, alice, UserStatus::Online).unwrap(),
        |conn, alice, _, _| accounts::mark_seen(conn, alice).unwrap(),
    ];
    let setting = |conn: &mut PgConnection| -> QueryResult<String> {
        diesel::select(diesel::dsl::sql::<Text>("current_setting('synchronous_commit')")).get_result(conn)
    };
    for operation in operations {
        for begin in ["BEGIN", "BEGIN; SELECT 1", "BEGIN; SAVEPOINT before"] {
            let waits = block_on(pool.run(move |conn| {
                conn.batch_execute(begin)?;
                operation(conn, alice, chat, seq);
                let waits = setting(conn);
                conn.batch_execute("ROLLBACK")?;
                waits
            }));
            assert_eq!(waits.as_deref(), Ok("on"), "{begin}");
        }
        let waits = block_on(pool.run(move |conn| {
            conn.transaction(|conn| {
                operation(conn, alice, chat, seq);
                setting(conn)
            })
        }));
        assert_eq!(waits.as_deref(), Ok("on"));
    }
}

#[test]
fn a_server_that_ends_a_session_at_its_first_error_is_learned_from_without_one() {
    let database = TestDatabase::migrated();
    database.execute(&format!("ALTER DATABASE {} SET exit_on_error = on", database.name())).unwrap();
    let pool = pool(&database, 1);
    block_on(async {
        let session = pool.run(backend).await.unwrap();
        assert_eq!(pool.run(backend).await.unwrap(), session);
        // It is as it was set.
        let error = pool.run(|conn| diesel::sql_query("SELECT 1 / 0").execute(conn)).await.unwrap_err();
        assert_eq!(Failure::of(&error), Failure::ConnectionLost);
        assert_ne!(pool.run(backend).await.unwrap(), session);
    });
}

#[test]
fn the_default_instrumentation_hears_of_what_is_sent_and_of_nothing_else() {
    static HEARD: Mutex<Vec<String>> = Mutex::new(vec![]);
    let database = TestDatabase::migrated();
    set_default_instrumentation(|| {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                HEARD.lock().unwrap().push(query.to_string());
            }
        }))
    })
    .unwrap();
    let pool = pool(&database, 1);
    for _ in 0..2 {
        block_on(pool.run(|conn| diesel::sql_query("SELECT 'heard'").execute(conn))).unwrap();
    }
    set_default_instrumentation(|| None).unwrap();
    let heard = HEARD.lock().unwrap();
    assert_eq!(heard.iter().filter(|query| query.contains("SELECT 'heard'")).count(), 2);
    assert!(!heard.iter().any(|query| query.starts_with("SELECT $1 --")), "{heard:#?}");
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
        let is_gone = |backend: i32| {
            assert_eq!(pool.status().open, 0);
            let query = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {backend}");
            until("its connection is closed", || database.value(&query) == "0");
        };
        let of_diesel = |conn: &mut PgConnection| -> QueryResult<usize> {
            AnsiTransactionManager::begin_transaction(conn)?;
            diesel::sql_query("CREATE TABLE left_open ()").execute(conn)
        };
        let of_sql = |conn: &mut PgConnection| -> QueryResult<usize> {
            conn.batch_execute("BEGIN")?;
            diesel::sql_query("CREATE TABLE left_open ()").execute(conn)
        };
        let failed = |conn: &mut PgConnection| -> QueryResult<usize> {
            conn.batch_execute("BEGIN; CREATE TABLE left_open ()")?;
            Ok(diesel::sql_query("SELECT 1 / 0").execute(conn).unwrap_or_default())
        };
        for left in [of_diesel, of_sql, failed] {
            let next = pool.run(backend).await.unwrap();
            // What it wrote is lost, and nobody is told that it was done.
            let error = pool.run(left).await.unwrap_err();
            assert_eq!(Failure::of(&error), Failure::Other, "{error}");
            assert!(error.to_string().contains("left a transaction open"), "{error}");
            is_gone(next);
        }
        assert_eq!(database.value("SELECT to_regclass('left_open') IS NULL"), "t");
        // An error of its own is the one that is told.
        let error = pool.run(|conn| conn.batch_execute("BEGIN; SELECT no_such_column")).await.unwrap_err();
        assert!(error.to_string().contains("no_such_column"), "{error}");
        // One that it ends is its own affair, and so is a transaction of a test.
        let session = pool.run(backend).await.unwrap();
        let ended = |conn: &mut PgConnection| conn.batch_execute("BEGIN; CREATE TABLE ended (); COMMIT");
        pool.run(ended).await.unwrap();
        pool.run(diesel::Connection::begin_test_transaction).await.unwrap();
        assert_eq!(pool.run(backend).await.unwrap(), session);
        assert_eq!(database.value("SELECT to_regclass('ended') IS NOT NULL"), "t");
        pool.run(AnsiTransactionManager::rollback_transaction).await.unwrap();
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
