//! The acts through a pooler in transaction mode, with the setting that docs/operating.md asks for.

use diesel::connection::CacheSize;
use diesel::prelude::*;
use messenger_db::queries::receipts::{self, Marked};
use messenger_db::schema::unread_messages;
use pretty_assertions::assert_eq;

use super::cast;
use crate::support::{PgBouncer, TestDatabase};

const CLIENTS: usize = 6;
const ROUNDS: usize = 20;

/// The line that the document shows.
const SETTING: &str = "conn.set_prepared_statement_cache_size(CacheSize::Disabled);";

#[test]
fn through_a_pooler_in_transaction_mode_every_round_of_every_client_does_what_it_says() {
    let document = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operating.md")).unwrap();
    assert!(document.contains(SETTING));

    let database = TestDatabase::migrated();
    // Fewer sessions than clients, so that each client meets what another one prepared.
    let pooler = PgBouncer::before(&database, "transaction", 2);
    let mut conn = database.diesel();
    let chats: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let users = ["a", "b"].map(|name| cast::user(&mut conn, &format!("{name}_{number}_user")));
            (cast::direct(&mut conn, users[0], users[1]), users)
        })
        .collect();
    std::thread::scope(|scope| {
        for &(chat, [sender, reader]) in &chats {
            let pooler = &pooler;
            scope.spawn(move || {
                let mut conn = PgConnection::establish(&pooler.url()).unwrap();
                conn.set_prepared_statement_cache_size(CacheSize::Disabled);
                for _ in 0..ROUNDS {
                    let seq = cast::say(&mut conn, chat, sender, ["hello"]);
                    let moved = Marked {
                        after_seq: seq.previous(),
                        through_seq: seq,
                        delivered_after_seq: seq.previous(),
                        delivered_through_seq: seq,
                    };
                    let read = Marked { delivered_after_seq: seq, ..moved };
                    assert_eq!(receipts::mark_delivered(&mut conn, cast::by(reader), chat, seq).unwrap(), moved);
                    let position = unread_messages::table
                        .filter(unread_messages::chat_id.eq(chat).and(unread_messages::user_id.eq(reader)))
                        .select((unread_messages::last_delivered_seq, unread_messages::last_read_seq));
                    assert_eq!(position.first(&mut conn), Ok((seq.get(), seq.get() - 1)));
                    assert_eq!(receipts::mark_read(&mut conn, cast::by(reader), chat, seq).unwrap(), read);
                    assert_eq!(position.first(&mut conn), Ok((seq.get(), seq.get())));
                }
            });
        }
    });
}
