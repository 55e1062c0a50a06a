//! The times that the database stores: those of the years 1 to 9999, which everybody can read again.

use chrono::{DateTime, TimeDelta, Utc};

/// The first time that is stored.
const FIRST: DateTime<Utc> = match DateTime::from_timestamp(-62_135_596_800, 0) {
    Some(time) => time,
    None => DateTime::<Utc>::MIN_UTC,
};

/// The last time that is stored.
const LAST: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 999_999_000) {
    Some(time) => time,
    None => DateTime::<Utc>::MAX_UTC,
};

/// The time, or the nearest that is stored: to compare with what is.
pub(crate) fn storable(time: DateTime<Utc>) -> DateTime<Utc> {
    time.clamp(FIRST, LAST)
}

/// The longest length of time that is taken from a caller, in years of 365.25 days: 100.
const LONGEST: TimeDelta = TimeDelta::days(36_525);

/// The length of time, or the nearest that is an interval of PostgreSQL's.
pub(super) fn interval(time: TimeDelta) -> TimeDelta {
    time.clamp(-LONGEST, LONGEST)
}

/// Whether the time can be stored.
pub(super) fn is_storable(time: DateTime<Utc>) -> bool {
    (FIRST..=LAST).contains(&time)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::{FIRST, LAST, is_storable, storable};

    #[test]
    fn the_years_1_to_9999_are_stored() {
        assert_eq!(FIRST.to_rfc3339(), "0001-01-01T00:00:00+00:00");
        assert_eq!(LAST.to_rfc3339(), "9999-12-31T23:59:59.999999+00:00");
        assert_eq!(storable(DateTime::<Utc>::MAX_UTC), LAST);
        assert_eq!(storable(DateTime::<Utc>::MIN_UTC), FIRST);
        assert!(is_storable(Utc::now()) && !is_storable(DateTime::<Utc>::MAX_UTC));
    }
}
