//! Durations as people write and read them: `500ms`, `2s`, `10m`.

use std::time::Duration;

use chrono::TimeDelta;

use super::output::in_words;

/// Longer makes no sense, and PostgreSQL's own timeouts end here.
const LONGEST: Duration = Duration::from_millis(2_147_483_647);

/// Older is nothing: the times of messages begin in the year 1.
const OLDEST: TimeDelta = TimeDelta::days(365_250);

/// Reads a duration whose plain numbers are seconds, with a fraction or without.
pub fn of_seconds(text: &str) -> Result<Duration, String> {
    read(text, |number| number.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}

/// Reads a duration whose plain numbers are whole milliseconds.
pub fn of_milliseconds(text: &str) -> Result<Duration, String> {
    read(text, |number| number.parse().ok().map(Duration::from_millis))
}

/// Reads how often something is done: a duration as [`of_seconds`] reads it, and a second at least.
pub fn of_period(text: &str) -> Result<Duration, String> {
    let period = of_seconds(text)?;
    if period < Duration::from_secs(1) { Err("it is shorter than a second".to_owned()) } else { Ok(period) }
}

/// Reads how old something becomes, with its unit: `30d`, `6months`, `1y`.
pub fn of_age(text: &str) -> Result<TimeDelta, String> {
    let age = humantime::parse_duration(text.trim()).ok().and_then(|age| TimeDelta::from_std(age).ok());
    match age {
        Some(age) if age <= OLDEST => Ok(age),
        Some(_) => Err("it is longer than 1,000 years".to_owned()),
        None => Err("an age with its unit is needed, such as 12h, 30d, 6months or 1y".to_owned()),
    }
}

/// Reads how old messages become. `m` is a minute and `M` a month, so an age that is hardly meant is refused.
pub fn of_messages(text: &str) -> Result<TimeDelta, String> {
    let age = of_age(text)?;
    if age < TimeDelta::days(1) {
        Err("it is shorter than a day: 6m is six minutes, 6months six months".to_owned())
    } else {
        Ok(age)
    }
}

/// Reads how old changes become. Without those of the last hour, every device that lost its connection loads everything anew.
pub fn of_changes(text: &str) -> Result<TimeDelta, String> {
    let age = of_age(text)?;
    if age < TimeDelta::hours(1) { Err("it is shorter than an hour".to_owned()) } else { Ok(age) }
}

/// PostgreSQL and the waiting count in milliseconds: less than one is one, so that it does not become zero, which is for ever.
fn read(text: &str, plain: impl FnOnce(&str) -> Option<Duration>) -> Result<Duration, String> {
    let text = text.trim();
    let read = if text.ends_with(|c: char| c.is_ascii_alphabetic()) {
        humantime::parse_duration(text).ok()
    } else {
        plain(text)
    };
    match read {
        Some(duration) if duration.is_zero() => Ok(duration),
        Some(duration) if duration <= LONGEST => Ok(duration.max(Duration::from_millis(1))),
        Some(_) => Err("it is longer than 24 days".to_owned()),
        None => Err("a duration is needed, such as 500ms, 2s or 10m".to_owned()),
    }
}

/// The duration in words, without a fraction where there is none: `60 s`.
pub fn text(duration: Duration) -> String {
    if duration.subsec_nanos() == 0 { format!("{} s", duration.as_secs()) } else { in_words(duration) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::TimeDelta;

    use super::{of_age, of_changes, of_messages, of_milliseconds, of_period, of_seconds, text};

    #[test]
    fn a_duration_is_read_with_its_unit_and_a_plain_number_with_that_of_the_option() {
        for (written, milliseconds) in
            [("500ms", 500), ("2s", 2_000), ("10m", 600_000), ("1h 30min", 5_400_000), ("1m30s", 90_000), ("0s", 0)]
        {
            let wanted = Ok(Duration::from_millis(milliseconds));
            assert_eq!((of_seconds(written), of_milliseconds(written)), (wanted.clone(), wanted), "{written}");
        }
        assert_eq!(of_seconds("30"), Ok(Duration::from_secs(30)));
        assert_eq!(of_seconds("0.3"), Ok(Duration::from_millis(300)));
        assert_eq!(of_milliseconds("50"), Ok(Duration::from_millis(50)));
        // What is not nothing does not become nothing, which is for ever.
        assert_eq!(of_milliseconds("1us"), Ok(Duration::from_millis(1)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for written in ["", "s", "-1", "-2s", "nan", "inf", "2 parsecs", "1e9999", "99999999999", "2s 3", "é", "25d"] {
            assert!(of_seconds(written).is_err(), "{written}");
        }
        for written in ["1.5", "2147483648", "25days"] {
            assert!(of_milliseconds(written).is_err(), "{written}");
        }
    }

    #[test]
    fn an_age_has_a_unit_and_messages_are_kept_for_a_day_at_least() {
        for (written, days) in [("36h", 1), ("30d", 30), ("2weeks", 14), ("6months", 182), ("1y", 365), ("0s", 0)] {
            assert_eq!(of_age(written).map(|age| age.num_days()), Ok(days), "{written}");
        }
        for written in ["", "30", "d", "-1d", "1001y", "99999999999y", "99999999999999999999y"] {
            assert!(of_age(written).is_err() && of_messages(written).is_err(), "{written}");
        }
        assert_eq!(of_messages("24h"), Ok(TimeDelta::days(1)));
        assert_eq!(of_changes("1h"), Ok(TimeDelta::hours(1)));
        for written in ["0s", "59m", "1y 1parsec"] {
            assert!(of_changes(written).is_err(), "{written}");
        }
        for written in ["6m", "0d", "23h"] {
            assert!(of_messages(written).is_err(), "{written}");
        }
    }

    #[test]
    fn a_period_is_a_second_at_least() {
        assert_eq!(of_period("1"), Ok(Duration::from_secs(1)));
        for written in ["0", "0s", "999ms", "1us", "25d"] {
            assert!(of_period(written).is_err(), "{written}");
        }
    }

    #[test]
    fn whole_seconds_are_told_without_a_fraction() {
        assert_eq!(
            [0, 60_000, 300, 1_500].map(|ms| text(Duration::from_millis(ms))),
            ["0 s", "60 s", "300 ms", "1.5 s"]
        );
    }
}
