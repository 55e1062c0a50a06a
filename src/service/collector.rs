//! Collects what many callers do at once into one transaction.
//!
//! There is no timer. Whoever comes while less is running than may run at once is served alone and at once; whoever comes
//! while that many transactions are on their way waits in a queue, and the next of them takes the whole queue. So a service
//! with little to do is as fast as without, and the more there is to do, the more callers share a commit.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{PgConnection, QueryResult};
use tokio::sync::oneshot;

use super::Pool;

/// How many transactions run at once: while one waits for the disk, the next one works.
const AT_ONCE: usize = 2;

/// Items of one kind, and what is done with them: `work` gives as many outcomes as it was given items, in their order.
pub(super) struct Collector<Item, Outcome> {
    pool: Pool,
    /// How many items one transaction takes at most.
    most: usize,
    work: fn(&mut PgConnection, Vec<Item>) -> QueryResult<Vec<Outcome>>,
    state: Arc<Mutex<State<Item, Outcome>>>,
}

/// Whoever waits for an outcome.
type Answer<Outcome> = oneshot::Sender<QueryResult<Outcome>>;

struct State<Item, Outcome> {
    waiting: VecDeque<(Item, Answer<Outcome>)>,
    running: usize,
}

impl<Item: Send + 'static, Outcome: Send + 'static> Collector<Item, Outcome> {
    pub(super) fn new(
        pool: Pool,
        most: usize,
        work: fn(&mut PgConnection, Vec<Item>) -> QueryResult<Vec<Outcome>>,
    ) -> Self {
        let state = Arc::new(Mutex::new(State { waiting: VecDeque::new(), running: 0 }));
        Self { pool, most, work, state }
    }

    /// What becomes of an item. It is worked on also when nobody waits for it any more.
    pub(super) async fn give(&self, item: Item) -> QueryResult<Outcome> {
        let (answer, answered) = oneshot::channel();
        let begins = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.waiting.push_back((item, answer));
            let begins = state.running < AT_ONCE;
            state.running += usize::from(begins);
            begins
        };
        if begins {
            let (pool, most, work, state) = (self.pool.clone(), self.most, self.work, Arc::clone(&self.state));
            tokio::spawn(run(pool, most, work, Running { state, is_over: false }));
        }
        // The work panicked, or the runtime shuts down.
        answered.await.unwrap_or_else(|_| Err(lost()))
    }
}

impl<Item, Outcome> Clone for Collector<Item, Outcome> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), most: self.most, work: self.work, state: Arc::clone(&self.state) }
    }
}

/// One of those that run. However it ends, another may begin.
struct Running<Item, Outcome> {
    state: Arc<Mutex<State<Item, Outcome>>>,
    is_over: bool,
}

impl<Item, Outcome> Running<Item, Outcome> {
    /// What waits; when nothing does, it is over, before anybody else can come.
    fn take(&mut self, most: usize) -> Option<(Vec<Item>, Vec<Answer<Outcome>>)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let count = state.waiting.len().min(most);
        self.is_over = count == 0;
        state.running -= usize::from(self.is_over);
        (!self.is_over).then(|| state.waiting.drain(..count).unzip())
    }
}

impl<Item, Outcome> Drop for Running<Item, Outcome> {
    /// When the work panicked, or the runtime shuts down.
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.running -= 1;
        // Without one that runs nobody takes what waits: whoever waits is told.
        let left = if state.running == 0 { mem::take(&mut state.waiting) } else { VecDeque::new() };
        drop(state);
        drop(left);
    }
}

async fn run<Item: Send + 'static, Outcome: Send + 'static>(
    pool: Pool,
    most: usize,
    work: fn(&mut PgConnection, Vec<Item>) -> QueryResult<Vec<Outcome>>,
    mut running: Running<Item, Outcome>,
) {
    while let Some((items, answers)) = running.take(most) {
        // Whoever does not wait any more needs no answer.
        match pool.run(move |conn| work(conn, items)).await {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    drop(answer.send(Ok(outcome)));
                }
            }
            Err(error) => {
                for answer in answers {
                    drop(answer.send(Err(copy(&error))));
                }
            }
        }
    }
}

/// The same error for another caller, as far as an error can be copied: kind and message.
fn copy(error: &DieselError) -> DieselError {
    match error {
        DieselError::DatabaseError(kind, information) => {
            DieselError::DatabaseError(*kind, Box::new(information.message().to_owned()))
        }
        other => DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(other.to_string())),
    }
}

fn lost() -> DieselError {
    let message = "it is not known what became of it: the task that worked on it ended".to_owned();
    DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message))
}
