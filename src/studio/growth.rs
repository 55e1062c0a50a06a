//! What has grown since the studio was started: the sizes of the tables, once a minute, in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection as _;
use maud::{Markup, html};
use serde::Deserialize;

use super::database::{Database, Statement};
use super::failure::Failure;
use super::{layout, tables, words};

/// How often sizes are read.
pub(super) const INTERVAL: Duration = Duration::from_mins(1);

/// How many readings are kept. When there are more, every other one is forgotten, so that a week fits too.
const KEPT: usize = 720;

/// How many tables are listed.
const LISTED: usize = 10;

/// The sizes of all tables at a moment.
#[derive(Debug, Clone)]
struct Reading {
    at: DateTime<Utc>,
    since: Instant,
    bytes: BTreeMap<String, i64>,
}

impl Reading {
    fn total(&self) -> i64 {
        self.bytes.values().sum()
    }
}

/// The readings, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Growth {
    readings: Mutex<Vec<Reading>>,
}

#[derive(Debug, Deserialize)]
struct Size {
    name: String,
    /// `None`: another session holds the table for itself.
    bytes: Option<i64>,
}

// Whoever holds a table for himself is not waited for: then its last size stands.
const SIZES: &str = "
    WITH held AS (
        SELECT lock.relation FROM pg_locks AS lock
        INNER JOIN pg_database AS own ON own.oid = lock.database
        WHERE lock.locktype = 'relation' AND lock.mode = 'AccessExclusiveLock' AND own.datname = current_database()
            AND lock.pid IS DISTINCT FROM pg_backend_pid()
    )
    SELECT class.relname AS name,
        CASE WHEN class.oid NOT IN (SELECT held.relation FROM held WHERE held.relation IS NOT NULL)
            THEN pg_total_relation_size(class.oid) END AS bytes
    FROM pg_class AS class
    WHERE class.relnamespace = to_regnamespace(quote_ident(current_schema())) AND class.relkind IN ('r', 'm')";

impl Growth {
    fn readings(&self) -> MutexGuard<'_, Vec<Reading>> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the sizes, unless they were read a moment ago and nobody looks.
    pub(super) fn read(&self, database: &Database, is_looked_at: bool) -> Result<(), Failure> {
        let is_recent = self.readings().last().is_some_and(|last| last.since.elapsed() < INTERVAL / 2);
        if is_recent && !is_looked_at {
            return Ok(());
        }
        let found: Vec<Size> = database.read(|conn| {
            conn.batch_execute("SET LOCAL lock_timeout = 200")?;
            Statement::new(SIZES).objects(conn)
        })?;
        let known = self.readings().last().map(|last| last.bytes.clone()).unwrap_or_default();
        let bytes = found
            .into_iter()
            .filter_map(|size| Some((size.bytes.or_else(|| known.get(&size.name).copied())?, size.name)))
            .map(|(bytes, name)| (name, bytes))
            .collect();
        self.add(Reading { at: Utc::now(), since: Instant::now(), bytes });
        Ok(())
    }

    fn add(&self, reading: Reading) {
        let mut readings = self.readings();
        // Two looks within a minute are one reading, but for the first one, from which everything is counted.
        if let [.., before, last] = readings.as_slice()
            && last.since - before.since < INTERVAL
        {
            readings.pop();
        }
        readings.push(reading);
        if readings.len() > KEPT {
            let mut place = 0;
            readings.retain(|_| {
                place += 1;
                place % 2 == 1
            });
        }
    }

    /// What has grown, and a plot of all tables together.
    pub(super) fn shown(&self) -> Markup {
        let readings = self.readings().clone();
        let (Some(first), Some(last)) = (readings.first(), readings.last()) else {
            return html! { h2 { "Growth" } p { "The sizes could not be read yet." } };
        };
        let passed = last.since - first.since;
        let grown = last.total() - first.total();
        let mut changed: Vec<_> = last
            .bytes
            .iter()
            .map(|(name, bytes)| (name, bytes - first.bytes.get(name).copied().unwrap_or(0)))
            .filter(|(_, grown)| *grown != 0)
            .collect();
        changed.sort_by_key(|(_, grown)| std::cmp::Reverse(grown.abs()));
        let rows: Vec<_> = changed
            .iter()
            .take(LISTED)
            .map(|(name, grown)| {
                html! {
                    tr {
                        th scope="row" { a href=(tables::address(name)) { code { (name) } } }
                        td class="number" { (signed(*grown)) }
                        td class="number" { (last.bytes.get(*name).copied().map(words::bytes).unwrap_or_default()) }
                    }
                }
            })
            .collect();
        html! {
            h2 { "Growth" }
            p {
                "The tables with their indexes: " (words::bytes(last.total())) ", " (signed(grown)) " since "
                (first.at.format("%Y-%m-%d %H:%M")) " UTC, " (words::duration(passed)) " ago, when this studio was started. \
                 Sizes are read once a minute and kept in memory: leave the studio running to see more."
            }
            @if readings.len() > 1 { (plot(&readings)) }
            @if !rows.is_empty() { (layout::table("What has changed most", &["table", "change", "size now"], &rows)) }
        }
    }
}

fn signed(bytes: i64) -> String {
    match bytes {
        0 => "no change".to_owned(),
        1.. => format!("+{}", words::bytes(bytes)),
        _ => format!("−{}", words::bytes(-bytes)),
    }
}

/// All tables together over time, between the smallest and the largest size that was read.
#[allow(clippy::cast_precision_loss, reason = "a place in a picture")]
fn plot(readings: &[Reading]) -> Markup {
    const WIDTH: f64 = 600.0;
    const HEIGHT: f64 = 120.0;
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else { return html! {} };
    let totals = || readings.iter().map(Reading::total);
    let (least, most) = (totals().min().unwrap_or(0), totals().max().unwrap_or(0));
    let seconds = (last.since - first.since).as_secs_f64().max(0.001);
    let points: Vec<_> = readings
        .iter()
        .map(|reading| {
            let x = (reading.since - first.since).as_secs_f64() / seconds * WIDTH;
            let share = if most > least { (reading.total() - least) as f64 / (most - least) as f64 } else { 0.5 };
            format!("{x:.1},{:.1}", 10.0 + (1.0 - share) * (HEIGHT - 20.0))
        })
        .collect();
    let label = format!(
        "Size of all tables from {} to {}: between {} and {}",
        first.at.format("%H:%M"),
        last.at.format("%H:%M"),
        words::bytes(least),
        words::bytes(most)
    );
    html! {
        svg class="plot" viewBox=(format!("-4 0 {} {}", WIDTH + 8.0, HEIGHT)) width=(WIDTH) height=(HEIGHT) role="img" aria-label=(label) {
            polyline points=(points.join(" ")) {}
        }
        p class="soft" { (label) "." }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, seconds: u32, bytes: i64) -> Reading {
        let since = start + Duration::from_secs(seconds.into());
        Reading { at: Utc::now(), since, bytes: BTreeMap::from([("messages".to_owned(), bytes)]) }
    }

    #[test]
    fn looks_within_a_minute_are_one_reading_and_the_first_one_stays() {
        let (growth, start) = (Growth::default(), Instant::now());
        for second in [0, 10, 20, 30, 70] {
            growth.add(at(start, second, second.into()));
        }
        let totals: Vec<_> = growth.readings().iter().map(Reading::total).collect();
        assert_eq!(totals, [0, 70]);
    }

    #[test]
    fn a_week_of_readings_is_thinned_and_begins_where_it_began() {
        let (growth, start) = (Growth::default(), Instant::now());
        for minute in 0..10_080 {
            growth.add(at(start, minute * 60, minute.into()));
        }
        let readings = growth.readings().clone();
        assert!(readings.len() <= KEPT && readings.len() > KEPT / 3, "{}", readings.len());
        assert_eq!([readings.first(), readings.last()].map(|of| of.map(Reading::total)), [Some(0), Some(10_079)]);
    }

    #[test]
    fn growth_and_shrinking_are_told_apart() {
        let (growth, start) = (Growth::default(), Instant::now());
        growth.add(at(start, 0, 8_192));
        growth.add(at(start, 60, 24_576));
        let shown = growth.shown().into_string();
        assert!(shown.contains("+16.0 kB") && shown.contains("<polyline"), "{shown}");
        growth.add(at(start, 120, 0));
        assert!(growth.shown().into_string().contains("−8.0 kB"));
    }
}
