//! Collects what many callers do at once into one transaction.
//!
//! There is no timer. Whoever comes while the pool has a connection to spare is served alone and at once, as without a
//! collector; whoever comes while all of them work waits, and the next one that is free takes all who wait. So a service with
//! little to do is as fast as without, and the more there is to do, the more callers share a commit.
//!
//! What would wait for the same lock of the database has the same key, and is worked on by one connection at a time: whatever
//! comes meanwhile stands in the key's line, and goes together. So no connection waits for another one, and those that
//! everybody in one busy chat would hold are there for the other chats.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use diesel::{PgConnection, QueryResult};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::Pool;

/// What is collected, and what is done with it.
pub(super) trait Work: 'static {
    type Key: Copy + Eq + Hash + Send;
    type Item: Send;
    type Outcome: Send;

    /// How many items one transaction takes at most.
    const MOST: usize;

    fn key(item: &Self::Item) -> Self::Key;

    /// Gives as many outcomes as it was given items, in their order.
    fn carry_out(conn: &mut PgConnection, items: Vec<Self::Item>) -> QueryResult<Vec<Self::Outcome>>;
}

/// Items of one kind. Its clones are the same collector.
pub(super) struct Collector<W: Work>(Arc<Inner<W>>);

struct Inner<W: Work> {
    pool: Pool,
    state: Mutex<State<W>>,
}

/// Whoever waits for an outcome.
type Answer<W> = oneshot::Sender<QueryResult<<W as Work>::Outcome>>;

type Line<W> = VecDeque<(<W as Work>::Item, Answer<W>)>;

struct State<W: Work> {
    /// What waits, of each key that is worked on or waits.
    lines: HashMap<W::Key, Line<W>>,
    /// The keys that wait and are not worked on, first those that have waited longest.
    ready: VecDeque<W::Key>,
    /// How many have a turn.
    running: usize,
}

impl<W: Work> Collector<W> {
    pub(super) fn new(pool: Pool) -> Self {
        let state = Mutex::new(State { lines: HashMap::new(), ready: VecDeque::new(), running: 0 });
        Self(Arc::new(Inner { pool, state }))
    }

    /// What becomes of an item. Once it waits for others, it is worked on also when nobody waits for it any more.
    pub(super) async fn give(&self, item: W::Item) -> QueryResult<W::Outcome> {
        let inner = &self.0;
        let key = W::key(&item);
        let admitted = inner.state().admit(key, item, inner.connections());
        match admitted {
            Ok(item) => {
                let runtime = Handle::current();
                let _turn = Turn { inner: Arc::clone(inner), runtime, keys: vec![key], is_passed: false };
                inner.pool.run(move |conn| W::carry_out(conn, vec![item])).await?.pop().ok_or_else(lost)
            }
            // The work panicked, or the runtime shuts down.
            Err(answered) => answered.await.unwrap_or_else(|_| Err(lost())),
        }
    }
}

impl<W: Work> Clone for Collector<W> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<W: Work> Inner<W> {
    fn state(&self) -> MutexGuard<'_, State<W>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> usize {
        self.pool.status().connections
    }
}

impl<W: Work> State<W> {
    /// Gives the item back, with a turn, or puts it into its line.
    fn admit(
        &mut self,
        key: W::Key,
        item: W::Item,
        connections: usize,
    ) -> Result<W::Item, oneshot::Receiver<QueryResult<W::Outcome>>> {
        let (answer, answered) = oneshot::channel();
        match self.lines.entry(key) {
            Entry::Occupied(mut line) => line.get_mut().push_back((item, answer)),
            Entry::Vacant(line) if self.running < connections => {
                line.insert(VecDeque::new());
                self.running += 1;
                return Ok(item);
            }
            Entry::Vacant(line) => {
                line.insert(VecDeque::from([(item, answer)]));
                self.ready.push_back(key);
            }
        }
        Err(answered)
    }

    /// The keys are not worked on any more.
    fn release(&mut self, keys: &mut Vec<W::Key>) {
        for key in keys.drain(..) {
            if self.lines.get(&key).is_some_and(|line| !line.is_empty()) {
                self.ready.push_back(key);
            } else {
                self.lines.remove(&key);
            }
        }
    }

    /// What is worked on next, and its keys.
    fn take(&mut self, keys: &mut Vec<W::Key>) -> (Vec<W::Item>, Vec<Answer<W>>) {
        let mut taken = (vec![], vec![]);
        while taken.0.len() < W::MOST
            && let Some(key) = self.ready.pop_front()
        {
            keys.push(key);
            let line = self.lines.entry(key).or_default();
            let count = line.len().min(W::MOST - taken.0.len());
            taken.extend(line.drain(..count));
        }
        taken
    }
}

/// A turn to use a connection. However it ends, it is passed on to those who wait.
struct Turn<W: Work> {
    inner: Arc<Inner<W>>,
    /// Where it is passed on when it ends outside of any runtime.
    runtime: Handle,
    /// What it works on.
    keys: Vec<W::Key>,
    /// Whether it was passed on to a task that has not begun. A runtime that shuts down drops such a task at once.
    is_passed: bool,
}

impl<W: Work> Turn<W> {
    /// Works on what waits, until nothing does.
    async fn serve(mut self) {
        self.is_passed = false;
        loop {
            let (items, answers) = self.take();
            if items.is_empty() {
                return;
            }
            // Whoever does not wait any more needs no answer.
            match self.inner.pool.run(move |conn| W::carry_out(conn, items)).await {
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

    /// What waits. When there is more than this turn takes, and a connection to spare, there is one more turn.
    fn take(&mut self) -> (Vec<W::Item>, Vec<Answer<W>>) {
        let mut state = self.inner.state();
        state.release(&mut self.keys);
        let taken = state.take(&mut self.keys);
        let is_more = !state.ready.is_empty() && state.running < self.inner.connections();
        state.running += usize::from(is_more);
        drop(state);
        if is_more {
            self.pass(&Handle::current());
        }
        taken
    }

    /// Begins a turn that is counted already.
    fn pass(&self, runtime: &Handle) {
        let turn = Self { inner: Arc::clone(&self.inner), runtime: runtime.clone(), keys: vec![], is_passed: true };
        runtime.spawn(turn.serve());
    }
}

impl<W: Work> Drop for Turn<W> {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        state.release(&mut self.keys);
        if state.ready.is_empty() {
            state.running -= 1;
            return;
        }
        if !self.is_passed {
            drop(state);
            self.pass(&Handle::try_current().unwrap_or_else(|_| self.runtime.clone()));
            return;
        }
        state.running -= 1;
        // Nobody serves them any more, and whoever waits is told.
        let State { lines, ready, .. } = &mut *state;
        let left: Vec<_> = ready.drain(..).map(|key| lines.remove(&key)).collect();
        drop(state);
        drop(left);
    }
}

/// The same error for another caller.
fn copy(error: &DieselError) -> DieselError {
    match error {
        DieselError::DatabaseError(kind, information) => {
            DieselError::DatabaseError(*kind, Box::new(Information::of(&**information)))
        }
        DieselError::RollbackErrorOnCommit { rollback_error, commit_error } => DieselError::RollbackErrorOnCommit {
            rollback_error: Box::new(copy(rollback_error)),
            commit_error: Box::new(copy(commit_error)),
        },
        DieselError::BrokenTransactionManager => DieselError::BrokenTransactionManager,
        DieselError::SerializationError(cause) => DieselError::SerializationError(cause.to_string().into()),
        other => DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(other.to_string())),
    }
}

/// What the server said. A deadlock is recognised by the details.
struct Information {
    message: String,
    details: Option<String>,
    hint: Option<String>,
    table_name: Option<String>,
    column_name: Option<String>,
    constraint_name: Option<String>,
    statement_position: Option<i32>,
}

impl Information {
    fn of(information: &dyn DatabaseErrorInformation) -> Self {
        Self {
            message: information.message().to_owned(),
            details: information.details().map(str::to_owned),
            hint: information.hint().map(str::to_owned),
            table_name: information.table_name().map(str::to_owned),
            column_name: information.column_name().map(str::to_owned),
            constraint_name: information.constraint_name().map(str::to_owned),
            statement_position: information.statement_position(),
        }
    }
}

impl DatabaseErrorInformation for Information {
    fn message(&self) -> &str {
        &self.message
    }

    fn details(&self) -> Option<&str> {
        self.details.as_deref()
    }

    fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    fn table_name(&self) -> Option<&str> {
        self.table_name.as_deref()
    }

    fn column_name(&self) -> Option<&str> {
        self.column_name.as_deref()
    }

    fn constraint_name(&self) -> Option<&str> {
        self.constraint_name.as_deref()
    }

    fn statement_position(&self) -> Option<i32> {
        self.statement_position
    }
}

fn lost() -> DieselError {
    let message = "it is not known what became of it: the task that worked on it ended".to_owned();
    DieselError::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new(message))
}

#[cfg(test)]
mod tests {
    use diesel::result::{DatabaseErrorKind, Error as DieselError};

    use super::{Information, copy};
    use crate::error::Failure;
    use crate::retry::Transient as _;

    #[test]
    fn a_deadlock_is_one_for_each_caller() {
        let information = Information {
            message: "deadlock detected".to_owned(),
            details: Some(
                "Process 1 waits for ShareLock on transaction 3; blocked by process 2.\n\
                 Process 2 waits for ShareLock on transaction 4; blocked by process 1."
                    .to_owned(),
            ),
            hint: None,
            table_name: None,
            column_name: None,
            constraint_name: None,
            statement_position: None,
        };
        let error = DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(information));
        for error in [at_commit(copy(&error)), error] {
            assert!(error.is_transient() && copy(&error).is_transient() && copy(&copy(&error)).is_transient());
        }
    }

    #[test]
    fn how_the_database_failed_is_the_same_for_each_caller() {
        let unknown = |what: &str| DieselError::DatabaseError(DatabaseErrorKind::Unknown, Box::new(what.to_owned()));
        let look_up = "Failed to find a type oid for `message_kind`";
        for (error, failure) in [
            (DieselError::BrokenTransactionManager, Failure::ConnectionLost),
            (DieselError::SerializationError(look_up.into()), Failure::ConnectionLost),
            (at_commit(unknown("division by zero")), Failure::ConnectionLost),
            (unknown("division by zero"), Failure::Other),
        ] {
            assert_eq!([Failure::of(&error), Failure::of(&copy(&error))], [failure; 2], "{error}");
        }
    }

    /// An error of a commit that could not be rolled back either.
    fn at_commit(error: DieselError) -> DieselError {
        DieselError::RollbackErrorOnCommit { rollback_error: Box::new(copy(&error)), commit_error: Box::new(error) }
    }
}
