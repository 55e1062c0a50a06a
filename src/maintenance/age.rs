//! How old something is, by the clock of the server, which dated it: another machine's may be wrong by years.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::queries::functions::clock_timestamp;
use crate::queries::time;

/// What the clock of the server said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(DateTime<Utc>);

impl Clock {
    pub(super) fn of_server(conn: &mut PgConnection) -> QueryResult<Self> {
        diesel::select(clock_timestamp()).get_result(conn).map(Self)
    }

    /// When what is of that age now was new.
    pub(super) fn before(self, age: TimeDelta) -> DateTime<Utc> {
        let end = if age < TimeDelta::zero() { DateTime::<Utc>::MAX_UTC } else { DateTime::<Utc>::MIN_UTC };
        time::storable(self.0.checked_sub_signed(age).unwrap_or(end))
    }
}
