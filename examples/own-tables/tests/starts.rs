//! The service starts on a database in every state that it may find.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use diesel::prelude::*;
use messenger_db::enums::UserStatus;
use messenger_db::ids::UserId;
use messenger_db::local::{DATABASE, Local, StopMode};
use messenger_db::migrate::{self, ConnectOptions, Pool, RunOptions, Silent};
use messenger_db::schema::users;
use own_tables::schema::{badges, profiles};

fn pool(url: &str) -> Pool {
    migrate::connect(&url.parse().unwrap(), &ConnectOptions::default(), &mut Silent).unwrap()
}

fn start(url: &str) -> usize {
    own_tables::migrate(url, &mut Silent).unwrap().steps.len()
}

#[test]
fn the_service_starts_from_empty_from_ours_and_from_an_older_ours_and_joins_its_tables_with_ours() {
    let folder = tempfile::tempdir().unwrap();
    // PostgreSQL's server runs as another user when this runs as root.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let local = Local::open(Some(folder.path().join("state"))).unwrap();
    local.start().unwrap();
    let admin = &mut PgConnection::establish(&local.url(DATABASE)).unwrap();
    let mut fresh = |name: &str| {
        diesel::sql_query(format!("CREATE DATABASE {name} TEMPLATE template0")).execute(admin).unwrap();
        local.url(name)
    };
    let ours = migrate::migrations().unwrap();

    let empty = fresh("from_empty");
    assert_eq!(start(&empty), ours.len() + 2);
    assert_eq!(start(&empty), 0, "a second start");

    let migrated = fresh("from_ours");
    migrate::run(&pool(&migrated), &RunOptions::default(), &mut Silent).unwrap();
    assert_eq!(start(&migrated), 2);

    let older = fresh("from_an_older_ours");
    let before = ours[..ours.len() - 3].to_vec();
    migrate::run(
        &pool(&older).with_migrations(before).also(&own_tables::OWN).unwrap(),
        &RunOptions::default(),
        &mut Silent,
    )
    .unwrap();
    assert_eq!(start(&older), 3);
    assert_eq!(start(&older), 0);

    let conn = &mut PgConnection::establish(&older).unwrap();
    let user: UserId = diesel::insert_into(users::table)
        .values((users::username.eq("ada"), users::password_hash.eq("$argon2id$")))
        .returning(users::id)
        .get_result(conn)
        .unwrap();
    let profile = (profiles::user_id.eq(user), profiles::bio.eq("first"), profiles::greets_when.eq(UserStatus::Away));
    diesel::insert_into(profiles::table).values(profile).execute(conn).unwrap();
    diesel::insert_into(badges::table)
        .values((badges::user_id.eq(user), badges::name.eq("early")))
        .execute(conn)
        .unwrap();
    let found = own_tables::introduced(conn, &[user]).unwrap();
    assert_eq!(found, [(Some("ada".to_owned()), "first".to_owned(), Some("early".to_owned()))]);

    local.stop(StopMode::Immediate).unwrap();
}
