//! Attacks each invariant with plain SQL, past the Rust layer: the constraint that keeps it must refuse, by name.

use super::rows;
use crate::support::TestDatabase;

pub(super) const ALICE: &str = "'00000000-0000-7000-8000-00000000000a'";
pub(super) const BOB: &str = "'00000000-0000-7000-8000-00000000000b'";
pub(super) const CAROL: &str = "'00000000-0000-7000-8000-00000000000c'";
pub(super) const DAVE: &str = "'00000000-0000-7000-8000-00000000000d'";
pub(super) const DIRECT: &str = "'00000000-0000-7000-8000-0000000000e1'";
pub(super) const GROUP: &str = "'00000000-0000-7000-8000-0000000000e2'";

/// The constraint that refuses each of these statements, each tried alone on the same rows.
pub(super) fn refusals<'a>(database: &TestDatabase, attacks: &[&'a str]) -> Vec<(&'a str, String)> {
    let names = [
        ("{ALICE}", ALICE),
        ("{BOB}", BOB),
        ("{CAROL}", CAROL),
        ("{DAVE}", DAVE),
        ("{DIRECT}", DIRECT),
        ("{GROUP}", GROUP),
    ];
    attacks
        .iter()
        .map(|attack| {
            let sql = names.iter().fold((*attack).to_owned(), |sql, (name, id)| sql.replace(name, id));
            let error = database.execute(&sql).expect_err(attack);
            (*attack, error.constraint.unwrap_or_else(|| format!("no constraint: {}", error.message)))
        })
        .collect()
}

pub(super) fn assert_all_refused_by(constraint: &str, attacks: &[&str]) {
    let database = rows::populated();
    for (attack, refused_by) in refusals(&database, attacks) {
        assert_eq!(refused_by, constraint, "{attack}");
    }
}

#[test]
fn two_users_have_one_direct_chat() {
    assert_all_refused_by(
        "chats_direct_pair_key",
        &["INSERT INTO chats (kind, direct_low, direct_high) VALUES ('direct', {ALICE}, {BOB})"],
    );
}

#[test]
fn a_pair_has_one_order_so_it_cannot_be_stored_twice_and_its_users_differ() {
    assert_all_refused_by(
        "chats_direct_pair_order_check",
        &[
            "INSERT INTO chats (kind, direct_low, direct_high) VALUES ('direct', {BOB}, {ALICE})",
            "INSERT INTO chats (kind, direct_low, direct_high) VALUES ('direct', {ALICE}, {ALICE})",
        ],
    );
}

#[test]
fn a_direct_chat_has_both_its_users_and_a_group_has_none() {
    assert_all_refused_by(
        "chats_pair_of_direct_check",
        &[
            "INSERT INTO chats (kind) VALUES ('direct')",
            "INSERT INTO chats (kind, direct_low) VALUES ('direct', {ALICE})",
            "INSERT INTO chats (kind, direct_high) VALUES ('direct', {ALICE})",
            "INSERT INTO chats (kind, name, direct_low, direct_high) VALUES ('group', 'g', {ALICE}, {CAROL})",
        ],
    );
}

#[test]
fn groups_have_names_and_direct_chats_have_none() {
    assert_all_refused_by(
        "chats_name_of_group_check",
        &[
            "INSERT INTO chats (kind) VALUES ('group')",
            "INSERT INTO chats (kind, name, direct_low, direct_high) VALUES ('direct', 'n', {ALICE}, {CAROL})",
        ],
    );
    assert_all_refused_by(
        "chats_name_check",
        &[
            "INSERT INTO chats (kind, name) VALUES ('group', '')",
            "INSERT INTO chats (kind, name) VALUES ('group', repeat('ä', 501))",
            "INSERT INTO chats (kind, name) VALUES ('group', E' \\u200B\\u3164')",
            "INSERT INTO chats (kind, name) VALUES ('group', E'Hik\\u202Eers')",
            "INSERT INTO chats (kind, name) VALUES ('group', E'Hik\\ners')",
        ],
    );
}

#[test]
fn slugs_are_of_groups_unique_and_safe_in_a_url() {
    assert_all_refused_by("chats_slug_key", &["INSERT INTO chats (kind, name, slug) VALUES ('group', 'n', 'HIKERS')"]);
    assert_all_refused_by("chats_slug_of_group_check", &["UPDATE chats SET slug = 's' WHERE id = {DIRECT}"]);
    assert_all_refused_by(
        "chats_slug_check",
        &[
            "UPDATE chats SET slug = 'a/b' WHERE id = {GROUP}",
            "UPDATE chats SET slug = 'ä' WHERE id = {GROUP}",
            "UPDATE chats SET slug = '' WHERE id = {GROUP}",
            "UPDATE chats SET slug = E'a\\n' WHERE id = {GROUP}",
            "UPDATE chats SET slug = repeat('a', 101) WHERE id = {GROUP}",
        ],
    );
}

#[test]
fn a_chat_has_at_most_300_members() {
    assert_all_refused_by(
        "chats_member_count_check",
        &[
            "UPDATE chats SET member_count = 301 WHERE id = {GROUP}",
            "UPDATE chats SET member_count = -1 WHERE id = {GROUP}",
        ],
    );
    rows::populated().execute(&format!("UPDATE chats SET member_count = 300 WHERE id = {GROUP}")).unwrap();
}

#[test]
fn a_chat_has_at_most_one_active_owner() {
    assert_all_refused_by(
        "chat_participants_one_owner_key",
        &[
            "UPDATE chat_participants SET role = 'owner' WHERE chat_id = {GROUP} AND user_id = {BOB}",
            "INSERT INTO chat_participants (chat_id, user_id, role) VALUES ({GROUP}, {DAVE}, 'owner')",
        ],
    );
}

#[test]
fn an_owner_who_left_makes_room_for_the_next() {
    let database = rows::populated();
    database
        .execute(&format!(
            "UPDATE chat_participants SET left_at = now(), left_seq = 1 WHERE chat_id = {GROUP} AND user_id = {ALICE};
             UPDATE chat_participants SET role = 'owner' WHERE chat_id = {GROUP} AND user_id = {BOB}"
        ))
        .unwrap();
}

#[test]
fn who_left_did_so_at_a_time_and_a_message() {
    assert_all_refused_by(
        "chat_participants_left_check",
        &[
            "UPDATE chat_participants SET left_at = now() WHERE chat_id = {GROUP} AND user_id = {BOB}",
            "UPDATE chat_participants SET left_seq = 1 WHERE chat_id = {GROUP} AND user_id = {BOB}",
        ],
    );
}

#[test]
fn a_sender_a_reactor_and_a_recipient_are_participants() {
    assert_all_refused_by(
        "messages_sender_is_participant_fkey",
        &["INSERT INTO messages (chat_id, seq, sender_id, content) VALUES ({DIRECT}, 1, {CAROL}, 'hi')"],
    );
    assert_all_refused_by(
        "message_reactions_user_is_participant_fkey",
        &["INSERT INTO message_reactions (chat_id, message_seq, user_id, emoji) VALUES ({GROUP}, 2, {DAVE}, '👍')"],
    );
    assert_all_refused_by(
        "message_delivery_user_is_participant_fkey",
        &["INSERT INTO message_delivery (chat_id, user_id, through_seq) VALUES ({DIRECT}, {CAROL}, 1)"],
    );
    assert_all_refused_by(
        "unread_messages_user_is_participant_fkey",
        &["INSERT INTO unread_messages (user_id, chat_id) VALUES ({CAROL}, {DIRECT})"],
    );
}

#[test]
fn a_participant_takes_part_in_a_chat_that_exists_and_is_a_user_who_does() {
    assert_all_refused_by(
        "chat_participants_chat_fkey",
        &["INSERT INTO chat_participants (chat_id, user_id) VALUES (gen_random_uuid(), {ALICE})"],
    );
    assert_all_refused_by(
        "chat_participants_user_fkey",
        &["INSERT INTO chat_participants (chat_id, user_id) VALUES ({GROUP}, gen_random_uuid())"],
    );
}

#[test]
fn a_reply_stays_in_its_chat_and_answers_something_earlier() {
    assert_all_refused_by(
        "messages_reply_in_chat_fkey",
        // Message 2 is in the group, not in the direct chat.
        &[
            "INSERT INTO messages (chat_id, seq, sender_id, content, reply_to_seq) VALUES ({DIRECT}, 3, {ALICE}, 'hi', 2)",
        ],
    );
    assert_all_refused_by(
        "messages_reply_to_earlier_check",
        &[
            "INSERT INTO messages (chat_id, seq, sender_id, content, reply_to_seq) VALUES ({GROUP}, 5, {ALICE}, 'hi', 5)",
            "INSERT INTO messages (chat_id, seq, sender_id, content, reply_to_seq) VALUES ({GROUP}, 5, {ALICE}, 'hi', 6)",
        ],
    );
}

#[test]
fn a_message_has_a_place_of_its_own_and_is_sent_once() {
    assert_all_refused_by(
        "messages_pkey",
        &["INSERT INTO messages (chat_id, seq, sender_id, content) VALUES ({GROUP}, 2, {ALICE}, 'again')"],
    );
    assert_all_refused_by(
        "messages_id_key",
        &["INSERT INTO messages (chat_id, seq, id, sender_id, content)
           SELECT chat_id, 5, id, sender_id, content FROM messages WHERE chat_id = {GROUP} AND seq = 2"],
    );
    assert_all_refused_by(
        "messages_seq_check",
        &["INSERT INTO messages (chat_id, seq, sender_id, content) VALUES ({GROUP}, 0, {ALICE}, 'hi')"],
    );
    assert_all_refused_by(
        "messages_chat_fkey",
        &["INSERT INTO messages (chat_id, seq, kind) VALUES (gen_random_uuid(), 1, 'system')"],
    );
}

#[test]
fn system_messages_and_no_others_have_no_sender() {
    assert_all_refused_by(
        "messages_sender_unless_system_check",
        &[
            "INSERT INTO messages (chat_id, seq, content) VALUES ({GROUP}, 5, 'who?')",
            "INSERT INTO messages (chat_id, seq, sender_id, kind) VALUES ({GROUP}, 5, {ALICE}, 'system')",
        ],
    );
}

#[test]
fn words_are_seen_and_have_at_most_40_000_bytes_and_metadata_is_an_object_of_at_most_16_kibibytes() {
    assert_all_refused_by(
        "messages_text_has_content_check",
        &[
            "INSERT INTO messages (chat_id, seq, sender_id) VALUES ({GROUP}, 5, {ALICE})",
            "INSERT INTO messages (chat_id, seq, sender_id, content) VALUES ({GROUP}, 5, {ALICE}, E'\\u200B')",
            "INSERT INTO messages (chat_id, seq, sender_id, content, kind) VALUES ({GROUP}, 5, {ALICE}, ' ', 'image')",
        ],
    );
    assert_all_refused_by(
        "messages_content_check",
        &["INSERT INTO messages (chat_id, seq, sender_id, content) VALUES ({GROUP}, 5, {ALICE}, repeat('ä', 20001))"],
    );
    assert_all_refused_by(
        "messages_metadata_check",
        &[
            "INSERT INTO messages (chat_id, seq, sender_id, content, metadata) VALUES ({GROUP}, 5, {ALICE}, 'm', '[]')",
            "INSERT INTO messages (chat_id, seq, sender_id, content, metadata) VALUES ({GROUP}, 5, {ALICE}, 'm', 'null')",
        ],
    );
    assert_all_refused_by(
        "messages_metadata_size_check",
        &[
            "UPDATE messages SET metadata = jsonb_build_object('a', repeat('x', 16384)) WHERE chat_id = {GROUP} AND seq = 2",
            // What a program would not read again.
            "UPDATE messages SET metadata = '{\"a\": [1, -1.8e308]}' WHERE chat_id = {GROUP} AND seq = 2",
            "UPDATE messages SET metadata = '{\"a\": {\"b\": 1e16000}}' WHERE chat_id = {GROUP} AND seq = 2",
            "UPDATE messages SET metadata = ('{\"a\":' || repeat('[', 100) || repeat(']', 100) || '}')::jsonb
             WHERE chat_id = {GROUP} AND seq = 2",
        ],
    );
}

#[test]
fn metadata_of_a_hundred_levels_and_numbers_that_programs_read_are_kept() {
    let database = rows::populated();
    for metadata in [
        "('{\"a\":' || repeat('[', 99) || repeat(']', 99) || '}')::jsonb",
        "'{\"a\": [1, -1.7e308, 5e-324], \"b\": 9007199254740993}'",
    ] {
        database
            .execute(&format!("UPDATE messages SET metadata = {metadata} WHERE chat_id = {GROUP} AND seq = 2"))
            .unwrap();
    }
}

#[test]
fn a_run_beyond_every_message_is_no_reason_for_receipts_to_fail() {
    let database = rows::populated();
    database
        .execute(&format!(
            "UPDATE chat_heads SET last_seq = greatest(last_seq, 4) WHERE chat_id = {GROUP};
             DELETE FROM message_delivery WHERE chat_id = {GROUP};
             INSERT INTO message_delivery (chat_id, user_id, through_seq, read_at)
             VALUES ({GROUP}, {BOB}, 9223372036854775807, now())"
        ))
        .unwrap();
    let at = format!("SELECT delivered_seq = read_seq FROM receipts_at({GROUP}, {BOB}, now() + interval '1 s')");
    assert_eq!(database.value(&at), "t");
}

#[test]
fn what_a_member_has_hidden_is_one_list_from_the_first_place_on() {
    assert_all_refused_by(
        "chat_participants_hidden_seqs_check",
        &[
            "UPDATE chat_participants SET hidden_seqs = '[2147483645:2147483646]={2,3}' WHERE chat_id = {GROUP}",
            "UPDATE chat_participants SET hidden_seqs = '{2,NULL}' WHERE chat_id = {GROUP}",
            "UPDATE chat_participants SET hidden_seqs = '{{1,2},{3,4}}' WHERE chat_id = {GROUP}",
            "UPDATE chat_participants SET hidden_seqs = ARRAY(SELECT generate_series(1, 1001)) WHERE chat_id = {GROUP}",
        ],
    );
}

#[test]
fn deleted_messages_hold_no_content() {
    assert_all_refused_by(
        "messages_deleted_is_empty_check",
        &[
            "UPDATE messages SET deleted_at = now() WHERE chat_id = {GROUP} AND seq = 2",
            "UPDATE messages SET content = 'back' WHERE chat_id = {GROUP} AND seq = 4",
            "UPDATE messages SET metadata = '{\"preview\": \"back\"}' WHERE chat_id = {GROUP} AND seq = 4",
        ],
    );
}

#[test]
fn a_message_has_at_most_five_attachments() {
    assert_all_refused_by(
        "attachments_position_check",
        &[
            "INSERT INTO attachments (chat_id, message_seq, position, file_name, mime_type, byte_size, storage_key)
             VALUES ({GROUP}, 3, 5, 'f', 'image/png', 1, 'k')",
            "INSERT INTO attachments (chat_id, message_seq, position, file_name, mime_type, byte_size, storage_key)
             VALUES ({GROUP}, 3, -1, 'f', 'image/png', 1, 'k')",
        ],
    );
    assert_all_refused_by(
        "attachments_pkey",
        &["INSERT INTO attachments (chat_id, message_seq, position, file_name, mime_type, byte_size, storage_key)
           VALUES ({GROUP}, 3, 4, 'f', 'image/png', 1, 'k')"],
    );
}

#[test]
fn an_attachment_is_a_picture_of_at_most_10_mib() {
    assert_all_refused_by(
        "attachments_byte_size_check",
        &["UPDATE attachments SET byte_size = 10485761", "UPDATE attachments SET byte_size = 0"],
    );
    let error = rows::populated().execute("UPDATE attachments SET mime_type = 'image/svg+xml'").unwrap_err();
    assert_eq!(error.sqlstate, "22P02", "{error}");
}

#[test]
fn attachments_edits_and_reactions_belong_to_a_message_that_exists() {
    assert_all_refused_by(
        "attachments_message_fkey",
        &["INSERT INTO attachments (chat_id, message_seq, position, file_name, mime_type, byte_size, storage_key)
           VALUES ({GROUP}, 9, 0, 'f', 'image/png', 1, 'k')"],
    );
    assert_all_refused_by(
        "message_edits_message_fkey",
        &["INSERT INTO message_edits (chat_id, message_seq, version) VALUES ({GROUP}, 9, 1)"],
    );
    assert_all_refused_by(
        "message_reactions_message_fkey",
        &["INSERT INTO message_reactions (chat_id, message_seq, user_id, emoji) VALUES ({GROUP}, 9, {ALICE}, '👍')"],
    );
}

#[test]
fn a_reaction_is_an_emoji_given_once() {
    assert_all_refused_by(
        "message_reactions_emoji_check",
        &[
            "UPDATE message_reactions SET emoji = ''",
            "UPDATE message_reactions SET emoji = repeat('👍', 17)",
            "UPDATE message_reactions SET emoji = 'nice'",
        ],
    );
    assert_all_refused_by(
        "message_reactions_pkey",
        &["INSERT INTO message_reactions (chat_id, message_seq, user_id, emoji)
           SELECT chat_id, message_seq, user_id, emoji FROM message_reactions"],
    );
}

#[test]
fn nobody_has_read_what_they_have_not_received() {
    assert_all_refused_by(
        "unread_messages_read_check",
        &[
            "UPDATE unread_messages SET last_read_seq = last_delivered_seq + 1",
            "UPDATE unread_messages SET last_read_seq = -1",
        ],
    );
}

#[test]
fn settings_of_a_chat_end_with_the_membership_and_keep_their_ranges() {
    assert_all_refused_by("chat_settings_pin_rank_check", &["UPDATE chat_settings SET pin_rank = 1000"]);
    assert_all_refused_by(
        "chat_settings_draft_check",
        &["UPDATE chat_settings SET draft = ''", "UPDATE chat_settings SET draft = repeat('a', 40001)"],
    );
    assert_all_refused_by(
        "chat_settings_position_fkey",
        &["UPDATE chat_settings SET user_id = '00000000-0000-7000-8000-00000000000d'"],
    );
    let database = rows::populated();
    database.execute("DELETE FROM unread_messages").unwrap();
    assert_eq!(database.value("SELECT count(*) FROM chat_settings"), "0");
}

#[test]
fn an_upload_is_a_picture_of_one_key_attached_to_one_place() {
    assert_all_refused_by(
        "uploads_attached_check",
        &["UPDATE uploads SET attached_seq = 3", "UPDATE uploads SET attached_seq = NULL"],
    );
    assert_all_refused_by(
        "uploads_byte_size_check",
        &["UPDATE uploads SET byte_size = 0", "UPDATE uploads SET byte_size = 10485761"],
    );
    assert_all_refused_by("uploads_pkey", &["UPDATE uploads SET storage_key = 'originals/1'"]);
}
