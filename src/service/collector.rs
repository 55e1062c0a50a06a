//! Collects what many callers do at once into one transaction.
//!
//! There is no timer. Whoever comes while the pool has a connection to spare is served alone and at once, as without a
//! collector; whoever comes while all of them work waits in a queue, and the next one that is free takes the whole queue. So a
//! service with little to do is as fast as without, and the more there is to do, the more callers share a commit.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{PgConnection, QueryResult};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::Pool;

/// Items of one kind, and what is done with them. Its clones are the same collector.
pub(super) struct Collector<Item, Outcome>(Arc<Inner<Item, Outcome>>);

struct Inner<Item, Outcome> {
    pool: Pool,
    /// How many items one transaction takes at most.
    most: usize,
    /// Gives as many outcomes as it was given items, in their order.
    work: fn(&mut PgConnection, Vec<Item>) -> QueryResult<Vec<Outcome>>,
    state: Mutex<State<Item, Outcome>>,
}

/// Whoever waits for an outcome.
type Answer<Outcome> = oneshot::Sender<QueryResult<Outcome>>;

struct State<Item, Outcome> {
    waiting: VecDeque<(Item, Answer<Outcome>)>,
    /// How many have a turn.
    running: usize,
}

impl<Item: Send + 'static, Outcome: Send + 'static> Collector<Item, Outcome> {
    pub(super) fn new(
        pool: Pool,
        most: usize,
        work: fn(&mut PgConnection, Vec<Item>) -> QueryResult<Vec<Outcome>>,
    ) -> Self {
        let state = Mutex::new(State { waiting: VecDeque::new(), running: 0 });
        Self(Arc::new(Inner { pool, most, work, state }))
    }

    /// What becomes of an item. Once it waits for others, it is worked on also when nobody waits for it any more.
    pub(super) async fn give(&self, item: Item) -> QueryResult<Outcome> {
        let inner = &self.0;
        let waits = {
            let mut state = inner.state();
            if state.running < inner.pool.status().connections {
                state.running += 1;
                Ok(item)
            } else {
                let (answer, answered) = oneshot::channel();
                state.waiting.push_back((item, answer));
                Err(answered)
            }
        };
        match waits {
            Ok(item) => {
                let _turn = Turn { inner: Arc::clone(inner), is_over: false, is_passed: false };
                let work = inner.work;
                inner.pool.run(move |conn| work(conn, vec![item])).await?.pop().ok_or_else(lost)
            }
            // The work panicked, or the runtime shuts down.
            Err(answered) => answered.await.unwrap_or_else(|_| Err(lost())),
        }
    }
}

impl<Item, Outcome> Clone for Collector<Item, Outcome> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Item, Outcome> Inner<Item, Outcome> {
    fn state(&self) -> MutexGuard<'_, State<Item, Outcome>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A turn to use a connection. However it ends, it is passed on to those who wait.
struct Turn<Item: Send + 'static, Outcome: Send + 'static> {
    inner: Arc<Inner<Item, Outcome>>,
    is_over: bool,
    /// Whether it was passed on to a task that has not begun. A runtime that shuts down drops such a task at once.
    is_passed: bool,
}

impl<Item: Send + 'static, Outcome: Send + 'static> Turn<Item, Outcome> {
    /// Works on what waits, until nothing does.
    async fn serve(mut self) {
        self.is_passed = false;
        while let Some((items, answers)) = self.take() {
            let work = self.inner.work;
            // Whoever does not wait any more needs no answer.
            match self.inner.pool.run(move |conn| work(conn, items)).await {
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

    /// What waits; when nothing does, the turn is over, before anybody else can come.
    fn take(&mut self) -> Option<(Vec<Item>, Vec<Answer<Outcome>>)> {
        let mut state = self.inner.state();
        let count = state.waiting.len().min(self.inner.most);
        self.is_over = count == 0;
        state.running -= usize::from(self.is_over);
        (!self.is_over).then(|| state.waiting.drain(..count).unzip())
    }
}

impl<Item: Send + 'static, Outcome: Send + 'static> Drop for Turn<Item, Outcome> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut state = self.inner.state();
        let runtime = Handle::try_current().ok().filter(|_| !self.is_passed && !state.waiting.is_empty());
        let Some(runtime) = runtime else {
            state.running -= 1;
            // Nobody serves them any more, and whoever waits is told.
            let left = mem::take(&mut state.waiting);
            drop(state);
            drop(left);
            return;
        };
        drop(state);
        runtime.spawn(Self { inner: Arc::clone(&self.inner), is_over: false, is_passed: true }.serve());
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
