//! Joining contacts to users, of which each contact has three: who asked is not who is on the list.
use diesel::prelude::*;
use messenger_db::schema::{contacts, users};

fn main() {
    let _ = contacts::table.inner_join(users::table);
}
