//! A role with few rights sees what it may see, and is told the rest.

use super::Running;
use crate::queries::cast;
use crate::support::TestDatabase;

/// The URL of a database for another role.
fn url_as(database: &TestDatabase, role: &str) -> String {
    let mut url = url::Url::parse(&database.url()).unwrap();
    let others: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| name != "user").collect();
    url.query_pairs_mut().clear().extend_pairs(others).append_pair("user", role);
    url.as_str().replace('+', "%20")
}

#[test]
fn a_limited_role_sees_what_it_may_and_is_told_the_rest() {
    let database = TestDatabase::migrated();
    let conn = &mut database.diesel();
    let alice = cast::user(conn, "alice");
    let role = format!("limited_{}", database.name());
    database
        .execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT SELECT ON chats TO {role}; GRANT SELECT (id, username, password_hash) ON users TO {role}"
        ))
        .unwrap();
    let pages = std::panic::catch_unwind(|| {
        let studio = Running::at(&url_as(&database, &role));
        let browser = studio.browser();
        let first = browser.get("/").shown();
        assert!(first.contains("cannot be read") && first.contains("GRANT"), "{first}");
        let list = browser.get("/tables").shown();
        assert!(list.contains("Your role may not read its rows."), "{list}");
        browser.get("/tables/messages").shown();
        browser.get("/diagram").shown();
        browser.get("/data/chats").shown();
        let users = browser.get("/data/users").shown();
        assert!(
            users.contains("alice") && users.contains("may not read: ") && users.contains("display_name"),
            "{users}"
        );
        assert!(!users.contains("$argon2"), "{users}");
        let refused = browser.get("/data/messages").refused(403);
        assert!(refused.contains(&role) && refused.contains("GRANT SELECT"), "{refused}");
        let health = browser.get("/health").shown();
        assert!(health.contains("Not everything is seen"), "{health}");
        let person = browser.get(&format!("/people/{alice}"));
        let told =
            person.body.contains("GRANT SELECT") && person.body.contains(&role) && person.body.contains("contacts");
        assert!(person.status == 403 && told, "{}", person.body);
    });
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
    if let Err(panic) = pages {
        std::panic::resume_unwind(panic);
    }
}
