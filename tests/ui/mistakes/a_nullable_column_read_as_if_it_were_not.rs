//! Reading a column into a type without nulls, which works until the first account is closed.
use diesel::prelude::*;
use messenger_db::schema::users;

fn names(connection: &mut PgConnection) -> QueryResult<Vec<String>> {
    users::table.select(users::username).load(connection)
}

fn main() {}
