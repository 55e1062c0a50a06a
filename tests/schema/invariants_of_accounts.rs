//! Attacks each invariant of accounts, sessions and contacts with plain SQL: the constraint must refuse, by name.

use super::invariants::{ALICE, BOB, CAROL, assert_all_refused_by};
use super::rows;

#[test]
fn contacts_come_in_pairs() {
    assert_all_refused_by(
        "contacts_mirror_fkey",
        &[
            "INSERT INTO contacts (user_id, contact_id, requested_by) VALUES ({ALICE}, {CAROL}, {ALICE})",
            "DELETE FROM contacts WHERE user_id = {ALICE}",
            "BEGIN; INSERT INTO contacts (user_id, contact_id, requested_by) VALUES ({ALICE}, {CAROL}, {ALICE}); COMMIT",
        ],
    );
}

#[test]
fn nobody_is_their_own_contact_or_blocks_themselves() {
    assert_all_refused_by(
        "contacts_not_self_check",
        &["INSERT INTO contacts (user_id, contact_id, requested_by) VALUES ({ALICE}, {ALICE}, {ALICE})"],
    );
    assert_all_refused_by(
        "blocks_not_self_check",
        &["INSERT INTO blocks (blocker_id, blocked_id) VALUES ({BOB}, {BOB})"],
    );
}

#[test]
fn a_contact_was_requested_by_one_of_the_two_and_has_a_time_exactly_when_accepted() {
    assert_all_refused_by("contacts_requested_by_check", &["UPDATE contacts SET requested_by = {CAROL}"]);
    assert_all_refused_by(
        "contacts_accepted_at_check",
        &["UPDATE contacts SET accepted_at = NULL", "UPDATE contacts SET status = 'pending'"],
    );
}

#[test]
fn token_hashes_have_32_bytes_and_are_unique() {
    assert_all_refused_by(
        "user_sessions_token_hash_check",
        &[
            "UPDATE user_sessions SET token_hash = '\\x00'",
            "UPDATE user_sessions SET token_hash = sha256('x') || '\\x00'",
            "UPDATE user_sessions SET token_hash = ''",
        ],
    );
    assert_all_refused_by(
        "user_sessions_token_hash_key",
        &["INSERT INTO user_sessions (user_id, token_hash, expires_at)
           VALUES ({BOB}, sha256('alice'), now() + interval '1 day')"],
    );
}

#[test]
fn a_session_ends_after_it_began_and_its_socket_has_a_time() {
    assert_all_refused_by(
        "user_sessions_expires_after_created_check",
        &["UPDATE user_sessions SET expires_at = created_at"],
    );
    assert_all_refused_by(
        "user_sessions_connection_check",
        &[
            "UPDATE user_sessions SET connected_at = NULL",
            "UPDATE user_sessions SET connection_id = NULL",
            "UPDATE user_sessions SET server_id = NULL",
        ],
    );
    assert_all_refused_by(
        "user_sessions_idle_timeout_check",
        &[
            "UPDATE user_sessions SET idle_timeout = '0'",
            "UPDATE user_sessions SET idle_timeout = '-1 second'",
            "UPDATE user_sessions SET idle_timeout = '36526 days'",
            "UPDATE user_sessions SET idle_timeout = '5000000 years -1799999999 days'",
            "UPDATE user_sessions SET idle_timeout = '1200 mons 525 days'",
            "UPDATE user_sessions SET idle_timeout = '100 years 1 second'",
        ],
    );
    assert_all_refused_by(
        "user_sessions_device_key",
        &["INSERT INTO user_sessions (user_id, token_hash, device_id, expires_at)
           VALUES ({ALICE}, sha256('other'), 'phone-1', now() + interval '1 day')"],
    );
}

#[test]
fn a_push_token_has_the_keys_of_its_service_and_one_session() {
    assert_all_refused_by(
        "push_tokens_keys_check",
        &[
            "UPDATE push_tokens SET service = 'fcm'",
            "UPDATE push_tokens SET auth = NULL",
            "UPDATE push_tokens SET auth = NULL, p256dh = NULL",
        ],
    );
    assert_all_refused_by("push_tokens_p256dh_check", &["UPDATE push_tokens SET p256dh = '\\x04'"]);
    assert_all_refused_by("push_tokens_auth_check", &["UPDATE push_tokens SET auth = '\\x04'"]);
    assert_all_refused_by(
        "push_tokens_token_check",
        &["UPDATE push_tokens SET token = ''", "UPDATE push_tokens SET token = repeat('a', 2001)"],
    );
}

#[test]
fn usernames_are_plain_and_unique_ignoring_case() {
    assert_all_refused_by(
        "users_username_key",
        &[
            "INSERT INTO users (username, password_hash) VALUES ('ALICE', '$x')",
            "UPDATE users SET username = 'bob_1' WHERE id = {ALICE}",
        ],
    );
    assert_all_refused_by(
        "users_username_check",
        &[
            "INSERT INTO users (username, password_hash) VALUES ('al', '$x')",
            "INSERT INTO users (username, password_hash) VALUES (repeat('a', 51), '$x')",
            "INSERT INTO users (username, password_hash) VALUES ('al ice', '$x')",
            "INSERT INTO users (username, password_hash) VALUES ('älice', '$x')",
            "INSERT INTO users (username, password_hash) VALUES (E'alice\\n', '$x')",
        ],
    );
}

#[test]
fn a_password_in_place_of_its_hash_is_refused() {
    assert_all_refused_by(
        "users_password_hash_check",
        &[
            "UPDATE users SET password_hash = 'hunter2' WHERE id = {ALICE}",
            "UPDATE users SET password_hash = '' WHERE id = {ALICE}",
        ],
    );
}

#[test]
fn a_closed_account_is_anonymous_and_an_open_one_is_not() {
    assert_all_refused_by(
        "users_closed_is_anonymous_check",
        &[
            "UPDATE users SET deleted_at = now() WHERE id = {ALICE}",
            "UPDATE users SET display_name = 'Dave' WHERE id = {DAVE}",
            "UPDATE users SET avatar_url = 'https://…' WHERE id = {DAVE}",
            "UPDATE users SET deleted_at = NULL WHERE id = {DAVE}",
            "UPDATE users SET username = NULL WHERE id = {ALICE}",
            "UPDATE users SET password_hash = NULL WHERE id = {ALICE}",
            "INSERT INTO users (username) VALUES ('eve')",
        ],
    );
}

#[test]
fn a_user_is_never_deleted() {
    let database = rows::populated();
    for user in [ALICE, BOB, CAROL] {
        let error = database.execute(&format!("DELETE FROM users WHERE id = {user}")).unwrap_err();
        assert_eq!(error.sqlstate, "23503", "{error}");
    }
}
