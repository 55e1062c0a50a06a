//! What a text is to those who see it: the database and the crate say the same.

use messenger_db::error::Error::Refused;
use messenger_db::queries::groups::{self, NewGroup};
use messenger_db::queries::messages::{self, Draft, SendRefused};

use super::cast;
use crate::queries::cast::by;
use crate::support::TestDatabase;

/// All characters that are not seen, as the database has them: so many as the crate has, and blank to the crate together.
#[test]
fn the_database_and_the_crate_agree_on_what_is_seen() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let blank = "FROM (SELECT generate_series(1, 55295) UNION ALL SELECT generate_series(57344, 131071)
         UNION ALL SELECT generate_series(917504, 921599)) AS one (number) WHERE is_blank(chr(number))";
    assert_eq!(database.value(&format!("SELECT count(*) {blank}")), "4261");
    let all = database.value(&format!("SELECT string_agg(chr(number), '') {blank}"));
    let (chat, [alice, ..]) = cast::group(conn);
    assert_eq!(messages::send(conn, by(alice), chat, &Draft::text(&all)), Err(Refused(SendRefused::Empty)));
}

#[test]
fn a_text_has_10_000_characters_as_people_count_them() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let [alice] = cast::users(conn, ["alice"]);
    let name = "👨‍👩‍👧‍👦".repeat(30);
    let group = groups::create(conn, by(alice), &NewGroup::new(&name, &[])).unwrap();
    assert_eq!(group.name.as_deref(), Some(name.as_str()));
    let words = "e\u{301}".repeat(10_000);
    let sent = messages::send(conn, by(alice), group.id, &Draft::text(&words)).unwrap().message;
    assert_eq!(sent.content.as_deref(), Some(words.as_str()));
}
