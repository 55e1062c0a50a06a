//! Users are found by a part of their name.

use diesel::PgConnection;
use messenger_db::enums::UserStatus;
use messenger_db::ids::UserId;
use messenger_db::queries::accounts::{self, ProfileChanges, SEARCH_LIMIT};
use pretty_assertions::assert_eq;

use crate::queries::cast::by;
use crate::queries::{cast, server_statistics};
use crate::support::TestDatabase;

/// The usernames that a search finds, in its order.
fn search(conn: &mut PgConnection, part: &str) -> Vec<String> {
    accounts::search(conn, by(UserId::new()), part)
        .unwrap()
        .into_iter()
        .map(|profile| profile.username.unwrap())
        .collect()
}

#[test]
fn those_who_begin_with_the_part_come_first() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [.., rosalind] = cast::users(conn, ["lindsey", "melinda", "LINDA", "Belinda_lind", "lin", "bob", "rosalind"]);
    accounts::set_presence(conn, by(rosalind), UserStatus::Online).unwrap();
    assert_eq!(search(conn, "LiNd"), ["LINDA", "lindsey", "Belinda_lind", "melinda", "rosalind"]);
    let found = accounts::search(conn, by(UserId::new()), "rosalind").unwrap();
    assert_eq!((found.len(), found[0].status), (1, UserStatus::Online));
}

#[test]
fn what_was_typed_is_taken_as_it_is() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    cast::users(conn, ["john_smith", "johnxsmith", "old_john_s", "oldxjohnxs", "underscore_", "_before"]);
    assert_eq!(search(conn, "n_s"), ["john_smith", "old_john_s"]);
    assert_eq!(search(conn, "john_s"), ["john_smith", "old_john_s"]);
    assert_eq!(search(conn, "_jo"), ["old_john_s"]);
    assert_eq!(search(conn, "_bef"), ["_before"]);
    for nobodys in
        ["", "%", "%john%", "john%", r"\", r"\_", r"john\_s", "john s", "jöhn", "john\0", "'; DROP TABLE users; --"]
    {
        assert_eq!(search(conn, nobodys), [""; 0], "{nobodys:?}");
    }
}

#[test]
fn a_short_part_is_found_where_a_word_begins() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    cast::users(conn, ["alice", "mallory", "big_al", "BIG_ALBERT", "bal", "a_b", "_al"]);
    assert_eq!(search(conn, "al"), ["alice", "_al", "big_al", "BIG_ALBERT"]);
    assert_eq!(search(conn, "b"), ["bal", "big_al", "BIG_ALBERT", "a_b"]);
    assert_eq!(search(conn, "_"), ["_al"]);
    assert_eq!(search(conn, "a_"), ["a_b"]);
    assert_eq!(search(conn, "g_"), [""; 0]);
    assert_eq!(search(conn, "ig_"), ["big_al", "BIG_ALBERT"]);
}

#[test]
fn twenty_are_found_at_most() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    for number in 0..15 {
        cast::user(conn, &format!("first_{number:02}"));
        cast::user(conn, &format!("the_first_{number:02}"));
    }
    let found = search(conn, "first");
    assert_eq!(found.len(), SEARCH_LIMIT);
    assert!(found[..15].iter().all(|name| name.starts_with("first")));
    assert_eq!(found[15..], ["the_first_00", "the_first_01", "the_first_02", "the_first_03", "the_first_04"]);
    for number in 15..30 {
        cast::user(conn, &format!("first_{number:02}"));
    }
    let found = search(conn, "first");
    assert_eq!((found.len(), found[19].as_str()), (SEARCH_LIMIT, "first_19"));
}

#[test]
fn a_closed_account_is_never_found() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice, _] = cast::users(conn, ["alice", "alicia"]);
    accounts::close(conn, by(alice)).unwrap();
    assert_eq!(search(conn, "ali"), ["alicia"]);
    assert_eq!(search(conn, "lic"), ["alicia"]);
}

#[test]
fn a_search_uses_the_indexes_and_never_reads_all_users() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    database
        .execute(
            "INSERT INTO users (username, password_hash)
             SELECT substr(md5(number::text), 1, 8) || '_' || number, '$' FROM generate_series(1, 5000) AS number;
             INSERT INTO users (username, password_hash)
             SELECT 'many_' || number, '$' FROM generate_series(1, 50) AS number",
        )
        .unwrap();
    // A vacuum, as autovacuum does: it also moves the trigram index's pending entries to their places.
    database.execute("VACUUM ANALYZE users").unwrap();
    let both = ["users_name_words_idx", "users_username_key", "users_username_trgm_idx"];
    // More often than it takes for a prepared statement to get a plan for any parameter.
    for part in ["beef", "BEEF", "c0ffee", "_4999", "zzz", "fa", "q", "ab1", "b__", "zz_", "q_"] {
        assert_eq!(server_statistics::indexes_used(conn, "users", |conn| search(conn, part)), both, "{part}");
    }
    for part in ["_4", "a_4"] {
        assert_eq!(
            server_statistics::indexes_used(conn, "users", |conn| search(conn, part)),
            both[1..],
            "twenty are enough"
        );
    }
    for part in ["many", "_", "___"] {
        assert_eq!(
            server_statistics::indexes_used(conn, "users", |conn| search(conn, part)),
            ["users_username_key"],
            "{part}"
        );
    }
    assert_eq!(
        server_statistics::indexes_used(conn, "users", |conn| accounts::find_by_username(conn, "Many_7")),
        ["users_username_key"]
    );
}

#[test]
fn people_are_found_by_their_display_names_in_any_script() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    for (username, name) in
        [("first", "Лена Королёва"), ("second", "Zoë O'Neill"), ("third", "山田太郎"), ("fourth", "Lena")]
    {
        let user = cast::user(conn, username);
        let changes = accounts::ProfileChanges { display_name: Some(Some(name)), ..Default::default() };
        accounts::update_profile(conn, by(user), &changes).unwrap();
    }
    for (part, expected) in [
        ("королева", vec!["first"]),
        ("ЛЕН", vec!["first"]),
        ("лена кор", vec!["first"]),
        ("zoe", vec!["second"]),
        ("o'neill", vec!["second"]),
        ("山田", vec!["third"]),
        ("郎", vec!["third"]),
        ("lena", vec!["fourth"]),
        ("山本", vec![]),
        ("lena лена", vec![]),
    ] {
        assert_eq!(search(conn, part), expected, "{part}");
    }
    assert_eq!(search(conn, &"л".repeat(101)), [""; 0]);
}

#[test]
fn a_name_stays_found_while_its_last_word_is_typed() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let users = cast::users(conn, ["one", "two", "six"]);
    for (user, name) in users.into_iter().zip(["Anna Karlsson", "Anna Lind", "Åsa K. Berg"]) {
        let changes = ProfileChanges { display_name: Some(Some(name)), ..ProfileChanges::default() };
        accounts::update_profile(conn, by(user), &changes).unwrap();
    }
    let name = "Anna Karlsson";
    for end in 3..=name.len() {
        let expected = if end < 6 { vec!["one", "two"] } else { vec!["one"] };
        assert_eq!(search(conn, &name[..end]), expected, "{}", &name[..end]);
    }
    assert_eq!(search(conn, "karlsson a"), ["one"]);
    assert_eq!(search(conn, "asa k"), ["six"]);
    assert_eq!(search(conn, "k berg"), ["six"]);
    assert_eq!(search(conn, "anna x"), [""; 0]);
}
