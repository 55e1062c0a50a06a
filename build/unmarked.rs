//! Refuses a migration that a binary of another release would not know for one of this crate's.

use super::check::Migration;
use super::mark;

/// What is wrong with a migration whose version lacks the mark.
pub fn problem(migration: &Migration) -> Option<String> {
    let Migration { name, version, .. } = migration;
    let (time, title) = name.split_once('_')?;
    let mark = mark::MARK;
    // Without the number that the Diesel CLI puts behind the time.
    let time = time.strip_suffix("-0000").unwrap_or(time);
    (!mark::is_marked(version)).then(|| {
        format!(
            "migrations/{name}: its version lacks the mark by which an older binary knows it for one of this crate's; \
             `make migration` renames it to `{time}-{mark}_{title}`"
        )
    })
}
