//! The same stories over a pool with two standbys, of which one is late again and again: who reads in the session that wrote sees
//! what a messenger in memory says, wherever they read.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use diesel::result::Error as DieselError;
use messenger_db::ids::{ChatId, UserId};
use messenger_db::service::{Pool, Session};
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

use super::messenger::Messenger;
use super::story::stories;
use super::{LENGTH, compare, tell};
use crate::queries::standbys::{Cluster, LONG, is_standby, until};

thread_local! {
    static READERS: RefCell<Option<Rc<Readers>>> = const { RefCell::new(None) };
}

/// How many stories are told when nobody says.
const STORIES: u32 = 2;

/// Who reads what was written, through the pool.
struct Readers {
    cluster: Cluster,
    pool: Pool,
    runtime: Runtime,
    on_standbys: Cell<usize>,
    on_primary: Cell<usize>,
}

/// Asks through the pool what there is to ask after an act, where the stories are told over one.
pub fn look(messenger: &Messenger, chat: Option<ChatId>, reader: UserId, place: i64) -> Result<(), String> {
    let Some(readers) = READERS.with_borrow(Clone::clone) else { return Ok(()) };
    readers.look(messenger, chat, reader, place)
}

impl Readers {
    fn new() -> Self {
        let cluster = Cluster::new();
        let pool = cluster.pool(LONG);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { cluster, pool, runtime, on_standbys: Cell::default(), on_primary: Cell::default() }
    }

    fn look(&self, messenger: &Messenger, chat: Option<ChatId>, reader: UserId, place: i64) -> Result<(), String> {
        let session = Session::new();
        self.runtime.block_on(async {
            // Up to here the act has written.
            self.pool.run_in(&session, |_| Ok::<_, DieselError>(())).await.map_err(|error| error.to_string())?;
            match place % 8 {
                // Neither replays what is written next, so that the primary has to be asked.
                0 => self.cluster.replay(false),
                3 => self.cluster.one_replays(0, true),
                // The second is never late for long.
                _ => until(&self.pool, &session, true).await,
            }
            let messenger = messenger.clone();
            let read = move |conn: &mut diesel::PgConnection| {
                let where_read = is_standby(conn)?;
                let of_chat = |conn: &mut _| {
                    chat.map_or(Ok(()), |chat| compare::answers_of(conn, &messenger, chat, reader, place))
                };
                let agreement = compare::answers(conn, &messenger, reader, place).and_then(|()| of_chat(conn));
                Ok::<_, DieselError>((where_read, agreement))
            };
            let (where_read, agreement) = self.pool.read_in(&session, read).await.map_err(|error| error.to_string())?;
            self.cluster.one_replays(1, true);
            let counter = if where_read { &self.on_standbys } else { &self.on_primary };
            counter.set(counter.get() + 1);
            agreement.map_err(|what| format!("{}: {what}", if where_read { "on a standby" } else { "on the primary" }))
        })
    }
}

#[test]
fn every_answer_through_a_pool_with_a_late_standby_is_that_of_the_messenger() {
    let readers = Rc::new(Readers::new());
    READERS.set(Some(Rc::clone(&readers)));
    let conn = RefCell::new(readers.cluster.database.diesel());
    let counted = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config::default();
    let config = Config {
        cases: if counted { default.cases } else { STORIES },
        rng_seed: RngSeed::Fixed(3),
        failure_persistence: None,
        max_shrink_iters: 0,
        ..default
    };
    let outcome = TestRunner::new(config)
        .run(&stories(LENGTH / 2), |story| tell(&mut conn.borrow_mut(), &story, 1).map_err(TestCaseError::fail));
    READERS.set(None);
    readers.cluster.replay(true);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let counts = (readers.on_standbys.get(), readers.on_primary.get());
    assert!(counts.0 > 20 && counts.1 > 0, "{counts:?}");
}
