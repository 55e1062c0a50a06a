//! The part of "Health" about replication: who receives, who falls behind, and which slots keep the log of writes.

use diesel::PgConnection;
use maud::{Markup, html};
use serde::Deserialize;

use super::database::Statement;
use super::failure::Failure;
use super::{layout, words};
use crate::migrate::Health;

/// A slot, which keeps the log of writes for its receiver.
#[derive(Debug, Deserialize)]
pub(super) struct Slot {
    name: String,
    kind: String,
    is_active: bool,
    /// `reserved`, `extended`, `unreserved` or `lost`.
    state: Option<String>,
    /// How much of the log it holds back.
    bytes: Option<i64>,
}

const SLOTS: &str = "
    SELECT slot_name AS name, slot_type AS kind, active AS is_active, wal_status AS state,
        pg_wal_lsn_diff(
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn
        )::bigint AS bytes
    FROM pg_replication_slots
    ORDER BY bytes DESC NULLS LAST, slot_name::text COLLATE \"C\"
    LIMIT 100";

/// The slots of the server, the one that holds back most first.
pub(super) fn read_slots(conn: &mut PgConnection) -> Result<Vec<Slot>, Failure> {
    Statement::new(SLOTS).objects(conn)
}

/// The slots, as a table.
pub(super) fn slots(found: &[Slot]) -> Markup {
    let rows: Vec<_> = found
        .iter()
        .map(|slot| {
            html! {
                tr {
                    th scope="row" { code { (slot.name) } }
                    td { (slot.kind) }
                    td { @if slot.is_active { "yes" } @else { strong class="bad" { "no" } } }
                    td class="number" { (slot.bytes.map_or_else(|| "nothing".to_owned(), |bytes| words::bytes(bytes.max(0)))) }
                    td { (slot.state.as_deref().unwrap_or_default()) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Replication slots" }
        (layout::table("Who has the log of writes kept", &["slot", "kind", "active", "holds back", "state"], &rows))
        p class="advice" {
            "A slot that is not active keeps the log, and dead rows where it has an xmin, until its receiver comes back or the disk is full. \
             Start the receiver; or, when it never comes back, SELECT pg_drop_replication_slot('name'). \
             max_slot_wal_keep_size bounds what all slots may keep: one that falls further behind becomes \"lost\", and its receiver is \
             built anew."
        }
    }
}

/// A standby's place behind, and who receives what this server writes.
pub(super) fn receivers(health: &Health) -> Markup {
    let rows: Vec<_> = health
        .receivers
        .iter()
        .map(|of| {
            html! {
                tr {
                    th scope="row" { (of.name) }
                    td { (of.state.as_deref().unwrap_or("not shown to this role")) }
                    td { (of.sync_state.as_deref().unwrap_or_default()) }
                    td class="number" { (of.bytes.and_then(|bytes| i64::try_from(bytes).ok()).map(words::bytes).unwrap_or_default()) }
                    td class="number" { (of.lag.map(words::duration).unwrap_or_default()) }
                }
            }
        })
        .collect();
    html! {
        h2 { "Replication" }
        @if let Some(replay) = &health.replay {
            p {
                "This server is a standby. " @if replay.is_connected { "It receives" } @else { "It receives nothing just now" }
                ", and is " (replay.age.map_or_else(|| "an unknown time".to_owned(), words::duration)) " behind."
            }
        }
        (layout::table("Who receives what this server writes", &["receiver", "state", "kind", "behind by", "lag"], &rows))
        p class="advice" { "A receiver that falls further and further behind lacks disk or network." }
    }
}
