//! Collects what many callers do at once into one transaction.
//!
//! There is no timer. Whoever comes while the pool has a connection to spare is served alone and at once, as without a
//! collector; whoever comes while all of them work waits, and the next one that is free takes all who wait. So a service with
//! little to do is as fast as without, and the more there is to do, the more callers share a commit.
//!
//! What would wait for the same lock of the database has the same key, and is worked on by one connection at a time: whatever
//! comes meanwhile stands in the key's line, and goes together. So no connection waits for another one, and those that
//! everybody in one busy chat would hold are there for the other chats.
//!
//! A caller waits for an answer and holds nothing else. A thread for blocking work, of a runtime of the collector's own, holds keys
//! and turns: so it does not matter whether a caller gives up, whether its runtime is driven any more, and whether it has one. A
//! turn goes to such a thread at once, and by no other one, so that it costs no more hops than [`Pool::run`].

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, mem, thread};

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};
use diesel::{PgConnection, QueryResult};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::{Pool, Session};

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
    /// Where the turns are, once there was one.
    attendant: Mutex<Option<Attendant>>,
}

/// Whoever waits for an outcome.
type Answer<W> = oneshot::Sender<QueryResult<<W as Work>::Outcome>>;

struct Waiting<W: Work> {
    item: W::Item,
    /// What is to see it afterwards.
    session: Option<Session>,
    answer: Answer<W>,
}

type Line<W> = VecDeque<Waiting<W>>;

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
        Self(Arc::new(Inner { pool, state, attendant: Mutex::new(None) }))
    }

    /// What becomes of an item. Once it was given, it is worked on also when nobody waits for it any more.
    pub(super) async fn give(&self, item: W::Item, session: Option<Session>) -> QueryResult<W::Outcome> {
        let inner = &self.0;
        let key = W::key(&item);
        let (answer, answered) = oneshot::channel();
        let has_turn = inner.state().admit(key, Waiting { item, session, answer }, inner.connections());
        if has_turn {
            Turn { inner: Arc::clone(inner), keys: vec![key] }.begin();
        }
        // The work panicked.
        answered.await.unwrap_or_else(|_| Err(lost()))
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

    /// The runtime of the turns, which begins with the first of them.
    fn attendant(&self) -> io::Result<Handle> {
        let mut attendant = self.attendant.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Attendant { runtime, .. }) = &*attendant {
            return Ok(runtime.clone());
        }
        Ok(attendant.insert(Attendant::start()?).runtime.clone())
    }
}

impl<W: Work> State<W> {
    /// Puts an item into its line, and says whether its key has a turn at once, which is counted.
    fn admit(&mut self, key: W::Key, waiting: Waiting<W>, connections: usize) -> bool {
        match self.lines.entry(key) {
            Entry::Occupied(mut line) => line.get_mut().push_back(waiting),
            Entry::Vacant(line) => {
                line.insert(VecDeque::from([waiting]));
                if self.running < connections {
                    self.running += 1;
                    return true;
                }
                self.ready.push_back(key);
            }
        }
        false
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

    /// What is worked on next of these keys, or where there are none, of those that are ready, which are these then.
    fn take(&mut self, keys: &mut Vec<W::Key>) -> Vec<Waiting<W>> {
        let mut taken = vec![];
        let mut own = mem::take(keys).into_iter();
        let is_own = own.len() > 0;
        while taken.len() < W::MOST
            && let Some(key) = if is_own { own.next() } else { self.ready.pop_front() }
        {
            keys.push(key);
            let line = self.lines.entry(key).or_default();
            let count = line.len().min(W::MOST - taken.len());
            taken.extend(line.drain(..count));
        }
        taken
    }
}

/// A runtime, whose time a thread keeps until this is dropped.
struct Attendant {
    runtime: Handle,
    /// Dropped, it ends the thread.
    _goes_on: oneshot::Sender<()>,
}

impl Attendant {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (goes_on, ended) = oneshot::channel();
        let attend = move || drop(runtime.block_on(ended));
        thread::Builder::new().name("messenger-db".to_owned()).spawn(attend)?;
        Ok(Self { runtime: handle, _goes_on: goes_on })
    }
}

/// A turn to use a connection. However it ends, it is passed on to those who wait.
struct Turn<W: Work> {
    inner: Arc<Inner<W>>,
    /// What it works on.
    keys: Vec<W::Key>,
}

impl<W: Work> Turn<W> {
    /// Begins a turn that is counted already.
    fn begin(self) {
        match self.inner.attendant() {
            Ok(runtime) => {
                let own = runtime.clone();
                drop(runtime.spawn_blocking(move || self.serve(&own)));
            }
            Err(error) => self.refuse(&error),
        }
    }

    /// Works on what waits, until nothing does.
    fn serve(mut self, runtime: &Handle) {
        loop {
            let taken = self.take();
            if taken.is_empty() {
                return;
            }
            let (mut items, mut sessions, mut answers) = (vec![], vec![], vec![]);
            for Waiting { item, session, answer } in taken {
                items.push(item);
                sessions.extend(session);
                answers.push(answer);
            }
            // Whoever does not wait any more needs no answer.
            let Pool { inner: connections, .. } = &self.inner.pool;
            let work = self.inner.pool.noting(sessions, |conn| W::carry_out(conn, items));
            let connection = runtime.block_on(connections.connection());
            match connection.and_then(|connection| connections.carry_out(connection, work)) {
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
            self.inner.state().release(&mut self.keys);
        }
    }

    /// What waits. When there is more than this turn takes, and a connection to spare, there is one more turn.
    fn take(&mut self) -> Vec<Waiting<W>> {
        let mut state = self.inner.state();
        let taken = state.take(&mut self.keys);
        let is_more = !state.ready.is_empty() && state.running < self.inner.connections();
        state.running += usize::from(is_more);
        drop(state);
        if is_more {
            Self { inner: Arc::clone(&self.inner), keys: vec![] }.begin();
        }
        taken
    }

    /// Tells all who wait that there is no thread.
    fn refuse(self, error: &io::Error) {
        let mut state = self.inner.state();
        let waiting = self.keys.iter().copied().chain(mem::take(&mut state.ready));
        let lines: Vec<_> = waiting.filter_map(|key| state.lines.remove(&key)).collect();
        drop(state);
        for Waiting { answer, .. } in lines.into_iter().flatten() {
            drop(answer.send(Err(super::unavailable(format!("no thread to work on: {error}")))));
        }
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
        drop(state);
        // The work panicked.
        Self { inner: Arc::clone(&self.inner), keys: vec![] }.begin();
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
