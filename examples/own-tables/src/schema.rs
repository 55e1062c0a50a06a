// @generated automatically by Diesel CLI.

diesel::table! {
    use diesel::sql_types::*;
    use messenger_db::ids::sql_types::*;
    use messenger_db::schema::sql_types::*;

    badges (user_id, name) {
        user_id -> UserId,
        name -> Text,
    }
}

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

diesel::joinable!(badges -> profiles (user_id));

diesel::allow_tables_to_appear_in_same_query!(badges, profiles,);
