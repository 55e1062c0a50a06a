//! A service's own tables beside this crate's: joins in both directions, subqueries, ids and enums as columns.

use diesel::prelude::*;
use messenger_db::enums::UserStatus;
use messenger_db::ids::UserId;
use messenger_db::schema::{messages, users};
use messenger_db::views::unread_counts;

use crate::support::TestDatabase;

diesel::table! {
    use diesel::sql_types::*;
    use messenger_db::ids::sql_types::*;
    use messenger_db::schema::sql_types::*;

    profiles (user_id) {
        user_id -> UserId,
        bio -> Text,
        greets_when -> UserStatus,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use messenger_db::ids::sql_types::*;

    badges (user_id, name) {
        user_id -> UserId,
        name -> Text,
    }
}

diesel::joinable!(badges -> profiles (user_id));
diesel::allow_tables_to_appear_in_same_query!(badges, profiles);

messenger_db::allow_own_tables!(profiles, badges);
diesel::joinable!(profiles -> messenger_db::schema::users (user_id));

#[derive(Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = profiles)]
struct Profile {
    user_id: UserId,
    bio: String,
    greets_when: UserStatus,
}

#[test]
fn own_tables_are_joined_with_ours_in_both_directions() {
    let database = TestDatabase::migrated();
    database
        .execute(
            "CREATE TABLE profiles (user_id user_id PRIMARY KEY REFERENCES users, bio text NOT NULL,
                 greets_when user_status NOT NULL);
             CREATE TABLE badges (user_id user_id REFERENCES profiles, name text, PRIMARY KEY (user_id, name));
             INSERT INTO users (username, password_hash) VALUES ('ada', '$x')",
        )
        .unwrap();
    let conn = &mut database.diesel();
    let user: UserId = users::table.select(users::id).first(conn).unwrap();
    let profile = Profile { user_id: user, bio: "first".to_owned(), greets_when: UserStatus::Online };
    diesel::insert_into(profiles::table).values(&profile).execute(conn).unwrap();
    diesel::insert_into(badges::table)
        .values((badges::user_id.eq(user), badges::name.eq("early")))
        .execute(conn)
        .unwrap();

    let found: (Option<String>, Profile) = profiles::table
        .inner_join(users::table)
        .filter(users::id.eq(user))
        .select((users::username, Profile::as_select()))
        .first(conn)
        .unwrap();
    assert_eq!(found, (Some("ada".to_owned()), profile));
    let found: Vec<(Option<String>, Option<String>)> = users::table
        .left_join(profiles::table.inner_join(badges::table))
        .select((users::username, badges::name.nullable()))
        .load(conn)
        .unwrap();
    assert_eq!(found, [(Some("ada".to_owned()), Some("early".to_owned()))]);
    let quiet: i64 = profiles::table
        .left_join(unread_counts::table.on(unread_counts::user_id.eq(profiles::user_id)))
        .filter(diesel::dsl::not(diesel::dsl::exists(
            messages::table.filter(messages::sender_id.eq(profiles::user_id.nullable())),
        )))
        .count()
        .get_result(conn)
        .unwrap();
    assert_eq!(quiet, 1);
}
