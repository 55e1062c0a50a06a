//! A pool of a primary and hot standbys: reads go where they see what they must see, whatever fails.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use messenger_db::error::Failure;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::migrate::{self, RunOptions, Silent};
use messenger_db::page::Limit;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft};
use messenger_db::queries::unread;
use messenger_db::seq::Seq;
use messenger_db::service::{Options, Outbox, Pool, Session};

use super::cast::{self, by};
use crate::support::{PgBouncer, Server, TestDatabase};

/// Longer than anything takes that is awaited.
pub(super) const LONG: Duration = Duration::from_mins(1);

/// A primary with two standbys, and a group of two on it.
pub(super) struct Cluster {
    primary: &'static Server,
    standbys: [&'static Server; 2],
    pub database: TestDatabase,
    alice: UserId,
    bob: UserId,
    chat: ChatId,
}

impl Cluster {
    pub fn new() -> Self {
        let primary: &'static Server = Box::leak(Box::new(Server::wanted(|builder| builder)));
        let database = TestDatabase::empty_on(primary);
        migrate::run(&database.pool(), &RunOptions::default(), &mut Silent).unwrap();
        let conn = &mut database.diesel();
        let [alice, bob] = ["alice", "bob"].map(|name| cast::user(conn, name));
        let chat = groups::create(conn, by(alice), &NewGroup::new("Hikers", &[bob])).unwrap().id;
        let standbys = [(); 2].map(|()| &*Box::leak(Box::new(primary.standby())));
        Self { primary, standbys, database, alice, bob, chat }
    }

    pub fn pool(&self, max_lag: Duration) -> Pool {
        let options = Options { connections: 2, wait: LONG, connect: LONG, ..Options::default() };
        let of = |server: &Server| Pool::new(&server.url(self.database.name()), options);
        of(self.primary).with_standbys(self.standbys.map(of), max_lag)
    }

    /// Lets one of the standbys replay what comes, or not.
    pub fn one_replays(&self, number: usize, goes_on: bool) {
        replay(self.standbys[number], goes_on);
    }

    /// Lets the standbys replay what comes, or not.
    pub fn replay(&self, goes_on: bool) {
        for standby in self.standbys {
            replay(standby, goes_on);
        }
    }
}

/// Lets a standby replay what comes, or not.
fn replay(standby: &Server, goes_on: bool) {
    let function = if goes_on { "pg_wal_replay_resume()" } else { "pg_wal_replay_pause()" };
    let mut session = standby.connect();
    session.execute(&format!("SELECT {function}")).unwrap();
    let state = "SELECT pg_get_wal_replay_pause_state()";
    let wanted = if goes_on { "not paused" } else { "paused" };
    while session.execute(state).unwrap()[0][0].as_deref() != Some(wanted) {}
}

/// Whether it runs on a standby.
pub(super) fn is_standby(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(sql::<Bool>("pg_is_in_recovery()")).get_result(conn)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(future)
}

/// Waits until reads run on a standby, or no longer do.
pub(super) async fn until(pool: &Pool, session: &Session, wanted: bool) {
    let end = Instant::now() + LONG;
    while pool.read_in(session, is_standby).await.unwrap() != wanted {
        assert!(Instant::now() < end);
    }
}

#[test]
fn a_session_reads_what_it_wrote_and_others_what_may_be_a_moment_old() {
    let cluster = Cluster::new();
    let (alice, bob, chat) = (by(cluster.alice), by(cluster.bob), cluster.chat);
    let pool = cluster.pool(LONG);
    let unread = move |conn: &mut PgConnection| unread::find(conn, bob, chat);
    let read_all = move |conn: &mut PgConnection| messenger_db::queries::receipts::mark_read(conn, bob, chat, Seq::MAX);
    block_on(async {
        let (reader, other) = (Session::new(), Session::new());
        until(&pool, &other, true).await;
        cluster.replay(false);
        pool.run(move |conn| messages::send(conn, alice, chat, &Draft::text("Hello!"))).await.unwrap();
        pool.run_in(&reader, read_all).await.unwrap();
        assert_eq!(pool.read_in(&reader, unread).await.unwrap(), Some(0));
        assert!(!pool.read_in(&reader, is_standby).await.unwrap());
        // Neither what was sent nor that it was read has come there.
        assert!(pool.read_in(&other, is_standby).await.unwrap());
        // As a text, it goes with the client to another server of the service.
        let carried: Session = reader.position().to_string().parse::<messenger_db::service::Position>().unwrap().into();
        assert!(!pool.read_in(&carried, is_standby).await.unwrap());
        cluster.replay(true);
        until(&pool, &reader, true).await;
        assert_eq!(pool.read_in(&reader, unread).await.unwrap(), Some(0));

        let error = pool.read(move |conn| messages::send(conn, alice, chat, &Draft::text("…"))).await.unwrap_err();
        assert_eq!(error.failure(), Some(Failure::ReadOnly));

        // The same through a pooler in transaction mode before the primary, while one standby is late every other time.
        let pooler = PgBouncer::before(&cluster.database, "transaction", 2);
        let near = Options { connections: 2, wait: LONG, connect: LONG, ..Options::default() };
        let options = Options { connections: 4, through_pooler: true, ..near };
        let standbys = cluster.standbys.map(|standby| Pool::new(&standby.url(cluster.database.name()), near));
        let pool = Pool::new(&pooler.url(), options).with_standbys(standbys, LONG);
        let session = Session::new();
        for said in 1..=10 {
            cluster.one_replays(0, said % 2 == 0);
            pool.run_in(&session, move |conn| messages::send(conn, alice, chat, &Draft::text("…"))).await.unwrap();
            assert_eq!(pool.read_in(&session, unread).await.unwrap(), Some(said));
        }
        until(&pool, &session, true).await;
        assert_eq!(pool.read_in(&session, unread).await.unwrap(), Some(10));
    });
}

#[test]
fn a_session_whose_operation_panics_after_its_commit_reads_what_that_wrote() {
    let cluster = Cluster::new();
    let (alice, bob, chat) = (by(cluster.alice), by(cluster.bob), cluster.chat);
    let pool = cluster.pool(LONG);
    let unread = move |conn: &mut PgConnection| unread::find(conn, bob, chat);
    block_on(async {
        let session = Session::new();
        until(&pool, &session, true).await;
        cluster.replay(false);
        let panicking = tokio::spawn({
            let (pool, session) = (pool.clone(), session.clone());
            async move {
                let operation = move |conn: &mut PgConnection| -> QueryResult<()> {
                    messages::send(conn, alice, chat, &Draft::text("Hello!")).unwrap();
                    panic!("after the commit, on purpose")
                };
                pool.run_in(&session, operation).await
            }
        });
        assert!(panicking.await.unwrap_err().is_panic());
        assert_eq!(pool.read_in(&session, unread).await.unwrap(), Some(1));
        cluster.replay(true);
        // With the next write it is known again where the session stands.
        let outbox = Outbox::new(pool.clone());
        outbox.send_in(&session, alice, chat, Draft::text("…")).await.unwrap();
        until(&pool, &session, true).await;
        assert_eq!(pool.read_in(&session, unread).await.unwrap(), Some(2));
        // What is sent through an outbox in the session is seen as well, and nothing is noted of what is sent without it.
        cluster.replay(false);
        outbox.send(alice, chat, Draft::text("…")).await.unwrap();
        assert!(pool.read_in(&session, is_standby).await.unwrap());
        outbox.send_in(&session, alice, chat, Draft::text("…")).await.unwrap();
        assert_eq!(pool.read_in(&session, unread).await.unwrap(), Some(4));
        cluster.replay(true);
    });
}

#[test]
fn a_read_of_what_was_just_written_asks_one_standby_and_then_the_primary() {
    let cluster = Cluster::new();
    let (alice, chat) = (by(cluster.alice), cluster.chat);
    let transactions = || {
        let sql = format!("SELECT xact_commit FROM pg_stat_database WHERE datname = '{}'", cluster.database.name());
        let of = |standby: &Server| standby.connect().execute(&sql).unwrap()[0][0].as_deref().unwrap().parse::<i64>();
        cluster.standbys.iter().map(|standby| of(standby).unwrap()).sum::<i64>()
    };
    // A session that ends tells what it did.
    let others = format!(
        "SELECT FROM pg_stat_activity WHERE datname = '{}' AND backend_type = 'client backend'",
        cluster.database.name()
    );
    let gone = || {
        for standby in cluster.standbys {
            let mut watcher = standby.connect();
            crate::support::until("the pool is gone", || watcher.execute(&others).unwrap().is_empty());
        }
    };
    let asked = block_on(async {
        let session = Session::new();
        until(&cluster.pool(LONG), &session, true).await;
        gone();
        let pool = cluster.pool(LONG);
        cluster.replay(false);
        pool.run_in(&session, move |conn| messages::send(conn, alice, chat, &Draft::text("…"))).await.unwrap();
        let before = transactions();
        for _ in 0..100 {
            assert!(!pool.read_in(&session, is_standby).await.unwrap());
        }
        drop(pool);
        before
    });
    gone();
    let asked = transactions() - asked;
    // Beside what the connections did before.
    assert!((100..150).contains(&asked), "{asked}");
    cluster.replay(true);
}

#[test]
fn a_standby_that_is_far_behind_gone_or_promoted_is_passed_over() {
    let cluster = Cluster::new();
    let (alice, chat) = (by(cluster.alice), cluster.chat);
    let nobody = Session::new();
    block_on(async {
        let pool = cluster.pool(Duration::ZERO);
        until(&pool, &nobody, true).await;
        cluster.replay(false);
        pool.run_in(&Session::new(), move |conn| messages::send(conn, alice, chat, &Draft::text("…"))).await.unwrap();
        assert!(!pool.read(is_standby).await.unwrap());
        cluster.replay(true);
        until(&pool, &nobody, true).await;

        let pool = cluster.pool(LONG);
        cluster.standbys[0].crash();
        for _ in 0..4 {
            assert!(pool.read(is_standby).await.unwrap());
        }
        let promote = "SELECT pg_promote()";
        assert_eq!(cluster.standbys[1].connect().execute(promote).unwrap()[0][0].as_deref(), Some("t"));
        for _ in 0..4 {
            assert!(!pool.read(is_standby).await.unwrap());
        }
        // It is written to meanwhile, and nobody reads that.
        let stray = format!("CREATE TABLE stray_{} ()", cluster.alice.as_uuid().simple());
        cluster.standbys[1].connect().execute(&stray).unwrap();
        pool.run(move |conn| messages::send(conn, alice, chat, &Draft::text("…"))).await.unwrap();
    });
}

/// A server that hangs, until it is dropped.
struct Frozen(Vec<String>);

impl Frozen {
    fn of(server: &Server) -> Self {
        let folder = server.connect().execute("SHOW data_directory").unwrap()[0][0].clone().unwrap();
        let postmaster =
            fs::read_to_string(format!("{folder}/postmaster.pid")).unwrap().lines().next().unwrap().to_owned();
        let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap();
        let frozen = Self([postmaster].into_iter().chain(children.split_whitespace().map(str::to_owned)).collect());
        frozen.signal("STOP");
        frozen
    }

    fn signal(&self, signal: &str) {
        // Of the shell: no other program is needed.
        let kill = format!("kill -{signal} {}", self.0.join(" "));
        let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("CONT");
    }
}

#[test]
fn a_standby_that_hangs_keeps_nobody_from_reading() {
    let cluster = Cluster::new();
    let options = Options { connections: 4, wait: LONG, connect: Duration::from_secs(1), ..Options::default() };
    let of = |server: &Server| Pool::new(&server.url(cluster.database.name()), options);
    block_on(async {
        let pool = of(cluster.primary).with_standbys([of(cluster.standbys[0])], LONG);
        until(&pool, &Session::new(), true).await;
        let frozen = Frozen::of(cluster.standbys[0]);
        // Through the connection that is there, and through new ones.
        for _ in 0..3 {
            let reads: Vec<_> = (0..40)
                .map(|_| {
                    tokio::spawn({
                        let pool = pool.clone();
                        async move { pool.read(is_standby).await }
                    })
                })
                .collect();
            for read in reads {
                assert!(!read.await.unwrap().unwrap());
            }
            tokio::time::sleep(Duration::from_millis(1_100)).await;
        }
        drop(frozen);
        until(&pool, &Session::new(), true).await;
    });
}

#[test]
fn a_primary_that_hangs_is_not_waited_for_by_each_reader() {
    let cluster = Cluster::new();
    block_on(async {
        let pool = cluster.pool(Duration::from_millis(100));
        until(&pool, &Session::new(), true).await;
        let frozen = Frozen::of(cluster.primary);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let begun = Instant::now();
        for _ in 0..8 {
            assert!(pool.read(is_standby).await.unwrap());
        }
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        drop(frozen);
        // It says where it is again, and a standby that is behind is passed over.
        cluster.replay(false);
        let (alice, chat) = (by(cluster.alice), cluster.chat);
        pool.run(move |conn| messages::send(conn, alice, chat, &Draft::text("…"))).await.unwrap();
        until(&pool, &Session::new(), false).await;
        cluster.replay(true);
    });
}

#[test]
fn what_was_written_while_nobody_read_is_seen_at_once() {
    let cluster = Cluster::new();
    let (alice, chat) = (by(cluster.alice), cluster.chat);
    let lag = Duration::from_millis(500);
    block_on(async {
        let pool = cluster.pool(lag);
        until(&pool, &Session::new(), true).await;
        cluster.replay(false);
        let sent = messages::send(&mut cluster.database.diesel(), alice, chat, &Draft::text("…")).unwrap().message.seq;
        // A quiet time.
        tokio::time::sleep(lag * 2).await;
        for pool in [pool, cluster.pool(lag)] {
            let latest =
                pool.read(move |conn| messenger_db::queries::history::latest(conn, alice, chat, Limit::default()));
            let page = latest.await.unwrap();
            assert!(page.entries.iter().any(|entry| entry.message.seq == sent));
        }
        cluster.replay(true);
    });
}

#[test]
fn a_failover_loses_nothing_that_was_acknowledged() {
    let cluster = Cluster::new();
    let (alice, chat) = (by(cluster.alice), cluster.chat);
    let mut session = cluster.primary.connect();
    for statement in ["ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (standby)'", "SELECT pg_reload_conf()"] {
        session.execute(statement).unwrap();
    }
    let host = |server: &Server| server.connect().host();
    let url = format!(
        "postgresql:///{}?user={}&host={},{}&target_session_attrs=read-write",
        cluster.database.name(),
        session.user(),
        host(cluster.primary),
        host(cluster.standbys[0]),
    );
    // The one that is promoted is the one that has everything.
    cluster.standbys[1].crash();
    block_on(async {
        let pool = Pool::new(&url, Options { connections: 2, wait: LONG, connect: LONG, ..Options::default() });
        let mut acknowledged = vec![];
        for number in 0..20 {
            if number == 10 {
                cluster.primary.crash();
                assert_eq!(
                    cluster.standbys[0].connect().execute("SELECT pg_promote()").unwrap()[0][0].as_deref(),
                    Some("t")
                );
            }
            let draft = Draft::text(format!("{number}"));
            // Again with the same draft, as long as it is not known whether it was sent.
            let sent = loop {
                let draft = draft.clone();
                match pool.run(move |conn| messages::send(conn, alice, chat, &draft)).await {
                    Ok(sent) => break sent,
                    Err(error) => assert_eq!(error.failure(), Some(Failure::ConnectionLost), "{error}"),
                }
            };
            acknowledged.push((sent.message.seq, number.to_string()));
        }
        for (seq, text) in acknowledged {
            let message = pool.run(move |conn| messages::get(conn, alice, chat, seq)).await.unwrap();
            assert_eq!(message.content, Some(text));
        }
    });
}
