//! Comparing a status with a misspelt text: `invalid input value for enum`, or no rows where the column is a text.
use diesel::prelude::*;
use messenger_db::schema::users;

fn main() {
    let _ = users::status.eq("onlien");
}
