//! Comparing a status with a misspelt text: `invalid input value for enum`, or no rows where the column is a text.
use diesel::prelude::*;
use messenger_db::schema::user_presence;

fn main() {
    let _ = user_presence::status.eq("onlien");
}
