//! Reads on hot standbys that are near enough.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Bool, Nullable};

use super::Pool;
use super::position::Position;

/// How long a standby that failed, or is none any more, is left alone.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a server has to say how far it is.
const LOOK: Duration = Duration::from_secs(1);

/// The standbys of a pool, and what is known of them.
pub(super) struct Standbys {
    each: Vec<Standby>,
    next: AtomicUsize,
    /// Whether somebody asks the primary where it is.
    is_asked: AtomicBool,
    /// While the primary did not say where it is, until when nobody waits for it.
    not_waited_for_until: Mutex<Option<Instant>>,
    max_lag: Duration,
    /// Where the primary was, and when that was known; the last of each tenth of `max_lag`.
    primary: Mutex<VecDeque<(Instant, Position)>>,
}

struct Standby {
    pool: Pool,
    left_alone_until: Mutex<Option<Instant>>,
    /// How far it had replayed when it last said so: by it a read chooses whom to ask, and asks nevertheless.
    replayed: Arc<AtomicU64>,
}

impl Standbys {
    pub(super) fn new(pools: impl IntoIterator<Item = Pool>, max_lag: Duration) -> Self {
        let standby = |pool| Standby { pool, left_alone_until: Mutex::new(None), replayed: Arc::default() };
        let each = pools.into_iter().map(standby).collect();
        let is_asked = AtomicBool::new(false);
        Self {
            each,
            is_asked,
            next: AtomicUsize::new(0),
            not_waited_for_until: Mutex::new(None),
            max_lag,
            primary: Mutex::new(VecDeque::new()),
        }
    }

    /// Notes where the primary is now.
    pub(super) fn note(&self, position: Position) {
        let now = Instant::now();
        *self.not_waited_for_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let mut primary = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        let is_soon = |(last, _): &(Instant, Position)| now.duration_since(*last) < self.max_lag / 10;
        if primary.len() > 1 && primary.iter().rev().nth(1).is_some_and(is_soon) {
            primary.pop_back();
        }
        primary.push_back((now, position));
        // One that is old enough is kept: a standby must have come so far.
        while primary.get(1).is_some_and(|(then, _)| now.duration_since(*then) >= self.max_lag) {
            primary.pop_front();
        }
    }

    /// How far a standby must be for no reader to see what is older than `max_lag`: where the primary was at a moment that is
    /// not longer ago. `None`: it was not heard of since.
    fn horizon(&self) -> Option<Position> {
        let now = Instant::now();
        let primary = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        primary.iter().find(|(then, _)| now.duration_since(*then) < self.max_lag).map(|(_, position)| *position)
    }

    /// The same, asking the primary where it must. While that does not answer, it is where it was last, and one reader at a time
    /// waits for it.
    async fn needed(&self, primary: &Pool) -> Position {
        if let Some(position) = self.horizon() {
            return position;
        }
        if is_over(&self.not_waited_for_until, LOOK + PAUSE) {
            let _ = tokio::time::timeout(LOOK, self.ask(primary)).await;
            if self.horizon().is_none() {
                *self.not_waited_for_until.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Instant::now() + PAUSE);
            }
        }
        let last = || self.primary.lock().unwrap_or_else(PoisonError::into_inner).back().map(|(_, position)| *position);
        self.horizon().or_else(last).unwrap_or(Position::ZERO)
    }

    /// Whether the primary is to be asked where it is: the last answer is old, and nobody asks.
    pub(super) fn is_outdated(&self) -> bool {
        let primary = self.primary.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = primary.back().is_none_or(|(last, _)| last.elapsed() >= self.max_lag / 10);
        is_old && !self.is_asked.swap(true, Ordering::AcqRel)
    }

    /// Asks the primary where it is.
    pub(super) async fn ask(&self, primary: &Pool) {
        // Not known, it stays what it was: a primary that does not answer keeps nobody from reading.
        if let Ok(position) = primary.run(position).await {
            self.note(position);
        }
        self.is_asked.store(false, Ordering::Release);
    }

    /// The standbys, beginning with another one each time, and those first that had everything up to a position.
    fn in_turn(&self, needed: Position) -> impl Iterator<Item = &Standby> {
        let first = self.next.fetch_add(1, Ordering::Relaxed) % self.each.len().max(1);
        let (before, after) = self.each.split_at(first);
        let (had, others): (Vec<_>, Vec<_>) = after.iter().chain(before).partition(|standby| standby.had(needed));
        had.into_iter().chain(others)
    }

    /// Runs an operation on a standby that has everything up to a position; gives it back when there is none.
    pub(super) async fn read<T, E, F>(
        &self,
        primary: &Pool,
        position: Position,
        operation: F,
    ) -> Result<Result<T, E>, F>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DieselError> + Send + 'static,
    {
        if position == Position::UNKNOWN {
            return Err(operation);
        }
        let needed = position.max(self.needed(primary).await);
        let mut left = Some(operation);
        let mut is_one_behind = false;
        for standby in self.in_turn(needed) {
            // What one does not have yet, the next has not either, as a rule: the primary answers sooner.
            if is_one_behind && !standby.had(needed) || !standby.may_be_tried() {
                continue;
            }
            // Whoever takes the operation out of it runs it: the standby when it has answered, or whoever comes next.
            let slot = Arc::new(Mutex::new(left.take()));
            let (waiting, noted) = (Arc::clone(&slot), Arc::clone(&standby.replayed));
            let attempt = standby.pool.run(move |conn| {
                let (is_standby, replayed) = state(conn)?;
                noted.store(replayed.bytes(), Ordering::Relaxed);
                if !is_standby || replayed < needed {
                    return Ok(Attempt::Unfit { is_standby });
                }
                Ok(take(&waiting).map_or(Attempt::Unfit { is_standby }, |operation| Attempt::Done(operation(conn))))
            });
            let mut attempt = pin!(attempt);
            let attempted = if let Ok(attempted) = tokio::time::timeout(LOOK, &mut attempt).await {
                attempted
            } else {
                left = take(&slot);
                if left.is_some() {
                    standby.leave_alone();
                    continue;
                }
                attempt.await
            };
            left = left.or_else(|| take(&slot));
            match attempted {
                Ok(Attempt::Done(result)) => {
                    standby.answered();
                    return Ok(result);
                }
                // The next look may find it near enough.
                Ok(Attempt::Unfit { is_standby: true }) => {
                    standby.answered();
                    is_one_behind = true;
                }
                Ok(Attempt::Unfit { is_standby: false }) => standby.leave_alone(),
                Err(error) => {
                    let _: DieselError = error;
                    standby.leave_alone();
                }
            }
            if left.is_none() {
                break;
            }
        }
        // It was taken, and its connection was lost before it could give anything.
        left.map_or_else(|| Ok(Err(super::unavailable("the standby was lost".to_owned()).into())), Err)
    }
}

impl Standby {
    /// Whether it had everything up to a position when it last said so.
    fn had(&self, position: Position) -> bool {
        Position::new(self.replayed.load(Ordering::Relaxed)) >= position
    }

    /// Whether this reader may try it. When the time is over for which it is left alone, the first who asks may, and the others
    /// leave it alone meanwhile.
    fn may_be_tried(&self) -> bool {
        is_over(&self.left_alone_until, PAUSE)
    }

    /// It is not left alone any more.
    fn answered(&self) {
        *self.left_alone_until.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn leave_alone(&self) {
        *self.left_alone_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + PAUSE);
    }
}

/// Whether a time is over, if there is one. For whoever asks then it is, and for the others it is that much longer.
fn is_over(until: &Mutex<Option<Instant>>, longer: Duration) -> bool {
    let mut until = until.lock().unwrap_or_else(PoisonError::into_inner);
    let (Some(end), now) = (*until, Instant::now()) else { return true };
    if now < end {
        return false;
    }
    *until = Some(now + longer);
    true
}

/// The operation, unless somebody has taken it.
fn take<F>(slot: &Mutex<Option<F>>) -> Option<F> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What became of an operation on a standby.
enum Attempt<T, E> {
    Done(Result<T, E>),
    Unfit { is_standby: bool },
}

/// Whether a server is a standby, and how far it has replayed.
fn state(conn: &mut PgConnection) -> QueryResult<(bool, Position)> {
    let replayed = "(pg_last_wal_replay_lsn() - '0/0')::bigint";
    let state = diesel::select((sql::<Bool>("pg_is_in_recovery()"), sql::<Nullable<BigInt>>(replayed)));
    let (is_standby, replayed) = state.get_result::<(bool, Option<i64>)>(conn)?;
    Ok((is_standby, replayed.map_or(Position::ZERO, |bytes| Position::new(bytes.unsigned_abs()))))
}

/// Where a primary is.
pub(super) fn position(conn: &mut PgConnection) -> QueryResult<Position> {
    let written = diesel::select(sql::<BigInt>("(pg_current_wal_insert_lsn() - '0/0')::bigint"));
    Ok(Position::new(written.get_result::<i64>(conn)?.unsigned_abs()))
}
