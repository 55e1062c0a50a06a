//! Reading 64 bits into 32, in a row that someone wrote by hand.
use diesel::pg::Pg;
use diesel::prelude::*;
use messenger_db::schema::messages;

#[derive(Queryable, Selectable)]
#[diesel(table_name = messages, check_for_backend(Pg))]
struct Message {
    seq: i32,
}

fn main() {}
