//! Everything that can be done to a schema by hand is found and named, and nothing is found where nothing was done.

use messenger_db::migrate::{self, Comparison, Scope};

use crate::support::TestDatabase;

/// What `verify` finds, a line for each difference.
pub(super) fn differences(database: &TestDatabase, scope: Scope) -> Vec<String> {
    match migrate::verify(&database.pool(), scope).unwrap().catalog {
        Comparison::Drift(drift) | Comparison::Tolerated(drift) => {
            let diff = drift.diff();
            for difference in drift.counting() {
                let names_it = |line: &str| {
                    line.starts_with(['-', '+']) && line[1..].starts_with(&format!("{}:", difference.object))
                };
                assert!(diff.lines().any(names_it), "{difference} is not in\n{diff}");
            }
            drift.differences.iter().map(ToString::to_string).collect()
        }
        Comparison::Equal => Vec::new(),
        other => panic!("{other:?}"),
    }
}

pub(super) fn is_clean(database: &TestDatabase) {
    assert_eq!(differences(database, Scope::CurrentSchema), [""; 0]);
    assert!(migrate::verify(&database.pool(), Scope::CurrentSchema).unwrap().is_clean());
}

macro_rules! found_and_named {
    ($($name:ident: $sql:literal => $($difference:literal),+;)+) => { $(
        #[test]
        fn $name() {
            let database = TestDatabase::migrated();
            database.execute($sql).unwrap();
            assert_eq!(differences(&database, Scope::CurrentSchema), [$($difference),+]);
        }
    )+ };
}

found_and_named! {
    a_dropped_index: "DROP INDEX messages_replies_idx"
        => "missing    table messages: index messages_replies_idx";
    an_index_too_many: "CREATE INDEX messages_pets_idx ON messages (created_at)"
        => "tuned      table messages: index messages_pets_idx";
    an_invalid_index: "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_replies_idx'::regclass"
        => "different  table messages: index messages_replies_idx";
    an_index_on_other_columns: "DROP INDEX messages_replies_idx; CREATE INDEX messages_replies_idx ON messages (seq)"
        => "tuned      table messages: comment on index messages_replies_idx",
           "different  table messages: index messages_replies_idx";
    a_partial_index_made_whole:
        "DROP INDEX messages_replies_idx; CREATE INDEX messages_replies_idx ON messages (chat_id, reply_to_seq);
         COMMENT ON INDEX messages_replies_idx IS 'Used by: the foreign key of replies, and who answered a message.'"
        => "different  table messages: index messages_replies_idx";
    a_renamed_index: "ALTER INDEX messages_replies_idx RENAME TO messages_answers_idx"
        => "tuned      table messages: index messages_answers_idx", "missing    table messages: index messages_replies_idx";
    a_missing_comment_on_an_index: "COMMENT ON INDEX messages_replies_idx IS NULL"
        => "tuned      table messages: comment on index messages_replies_idx";

    a_widened_type: "ALTER TABLE message_edits ALTER version TYPE bigint"
        => "different  table message_edits: column version";
    a_changed_default: "ALTER TABLE user_presence ALTER status SET DEFAULT 'online'"
        => "different  table user_presence: column status";
    a_dropped_default: "ALTER TABLE messages ALTER created_at DROP DEFAULT"
        => "different  table messages: column created_at";
    a_column_that_may_be_null_now: "ALTER TABLE messages ALTER created_at DROP NOT NULL"
        => "different  table messages: column created_at";
    a_column_that_may_not_be_null_now: "ALTER TABLE message_edits ALTER content SET NOT NULL"
        => "different  table message_edits: column content";
    a_column_too_many: "ALTER TABLE users ADD age integer"
        => "tuned      table users: column age";
    a_dropped_column: "ALTER TABLE message_edits DROP edited_at"
        => "missing    table message_edits: column edited_at",
           "missing    table message_edits: constraint message_edits_times_check";
    a_renamed_column: "ALTER TABLE message_edits RENAME edited_at TO changed_at"
        => "tuned      table message_edits: column changed_at", "missing    table message_edits: column edited_at",
           "different  table message_edits: constraint message_edits_times_check";
    a_column_in_another_place:
        "ALTER TABLE message_edits DROP content, ADD content text,
             ADD CONSTRAINT message_edits_content_check CHECK (octet_length(content) <= 40000);
         COMMENT ON COLUMN message_edits.content IS 'What it said then. Null: a picture that had no words.'"
        => "different  table message_edits: column edited_at";
    a_column_with_another_collation: "ALTER TABLE attachments ALTER file_name TYPE text COLLATE \"C\""
        => "different  table attachments: column file_name";
    a_column_stored_in_another_way: "ALTER TABLE messages ALTER content SET STORAGE EXTERNAL"
        => "tuned      table messages: setting storage of column content";
    a_changed_comment_on_a_column: "COMMENT ON COLUMN messages.seq IS 'A number.'"
        => "tuned      table messages: comment on column seq";

    a_dropped_check: "ALTER TABLE messages DROP CONSTRAINT messages_content_check"
        => "missing    table messages: constraint messages_content_check";
    a_check_that_allows_more:
        "ALTER TABLE messages DROP CONSTRAINT messages_content_check,
             ADD CONSTRAINT messages_content_check CHECK (char_length(content) <= 20000)"
        => "different  table messages: constraint messages_content_check";
    a_constraint_that_was_never_validated:
        "ALTER TABLE messages DROP CONSTRAINT messages_content_check,
             ADD CONSTRAINT messages_content_check CHECK (char_length(content) <= 10000) NOT VALID"
        => "different  table messages: constraint messages_content_check";
    a_dropped_foreign_key: "ALTER TABLE message_edits DROP CONSTRAINT message_edits_message_fkey"
        => "missing    table message_edits: constraint message_edits_message_fkey";
    a_foreign_key_that_deletes_in_another_way:
        "ALTER TABLE message_edits DROP CONSTRAINT message_edits_message_fkey,
             ADD CONSTRAINT message_edits_message_fkey FOREIGN KEY (chat_id, message_seq) REFERENCES messages (chat_id, seq)"
        => "different  table message_edits: constraint message_edits_message_fkey";
    a_foreign_key_that_is_checked_later: "ALTER TABLE message_edits ALTER CONSTRAINT message_edits_message_fkey DEFERRABLE"
        => "different  table message_edits: constraint message_edits_message_fkey";
    a_foreign_key_that_is_not_carried_out: "ALTER TABLE message_edits DISABLE TRIGGER ALL"
        => "different  table message_edits: constraint message_edits_message_fkey";
    a_unique_constraint_made_an_index:
        "ALTER TABLE messages DROP CONSTRAINT messages_id_key; CREATE UNIQUE INDEX messages_id_key ON messages (chat_id, id)"
        => "missing    table messages: constraint messages_id_key";
    a_missing_comment_on_a_constraint: "COMMENT ON CONSTRAINT messages_reply_in_chat_fkey ON messages IS NULL"
        => "tuned      table messages: comment on constraint messages_reply_in_chat_fkey";

    a_trigger_too_many:
        "CREATE TRIGGER \"spy on it\" BEFORE UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION diesel_set_updated_at()"
        => "unexpected table messages: trigger \"spy on it\"";
    a_rule: "CREATE RULE forget AS ON DELETE TO messages DO INSTEAD NOTHING"
        => "unexpected table messages: rule forget";
    row_level_security: "ALTER TABLE messages ENABLE ROW LEVEL SECURITY"
        => "unexpected table messages: row security";
    a_policy: "CREATE POLICY mine ON messages USING (true)"
        => "unexpected table messages: policy mine";
    extended_statistics: "CREATE STATISTICS pets ON chat_id, seq FROM messages"
        => "tuned      table messages: statistics pets";

    a_table_too_many: "CREATE TABLE pets (id integer PRIMARY KEY, name text)"
        => "foreign    table pets";
    a_table_in_the_family: "CREATE TABLE old_edits () INHERITS (message_edits)"
        => "unexpected table message_edits: child old_edits", "foreign    table old_edits";
    a_dropped_table: "DROP TABLE message_edits"
        => "missing    table message_edits";
    a_renamed_table: "ALTER TABLE message_edits RENAME TO edits"
        => "unexpected index message_edits_pkey", "foreign    table edits", "missing    table message_edits";
    a_missing_comment_on_a_table: "COMMENT ON TABLE messages IS NULL"
        => "tuned      table messages: comment";
    a_storage_parameter: "ALTER TABLE chat_heads SET (fillfactor = 100)"
        => "tuned      table chat_heads: setting fillfactor";
    an_unlogged_table: "ALTER TABLE message_edits SET UNLOGGED"
        => "unexpected table message_edits: unlogged";
    a_replica_identity: "ALTER TABLE message_edits REPLICA IDENTITY FULL"
        => "tuned      table message_edits: setting replica identity";
    a_sequence_too_many: "CREATE SEQUENCE numbers"
        => "foreign    sequence numbers";
    a_clustered_table: "ALTER TABLE message_edits CLUSTER ON message_edits_pkey"
        => "tuned      table message_edits: setting clustered of index message_edits_pkey";

    another_enum_label: "ALTER TYPE user_status ADD VALUE 'asleep'"
        => "different  enum user_status";
    a_renamed_enum_label: "ALTER TYPE user_status RENAME VALUE 'away' TO 'afk'"
        => "different  enum user_status";
    a_type_too_many: "CREATE TYPE pair AS (one integer, other text)"
        => "foreign    type pair";
    a_constraint_on_a_domain: "ALTER DOMAIN message_id ADD CONSTRAINT odd CHECK (VALUE IS NOT NULL)"
        => "unexpected domain message_id: constraint odd";
    a_missing_comment_on_a_domain: "COMMENT ON DOMAIN message_id IS NULL"
        => "tuned      domain message_id: comment";

    a_changed_function_body:
        "CREATE OR REPLACE FUNCTION diesel_set_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END;'"
        => "different  function diesel_set_updated_at(): definition";
    a_function_with_other_rights: "ALTER FUNCTION diesel_set_updated_at() SECURITY DEFINER"
        => "different  function diesel_set_updated_at(): definition";
    a_function_with_a_setting: "ALTER FUNCTION diesel_set_updated_at() SET search_path = pg_catalog"
        => "unexpected function diesel_set_updated_at(): setting search_path";
    a_dropped_function: "DROP FUNCTION diesel_manage_updated_at(regclass)"
        => "missing    function diesel_manage_updated_at(regclass)";
    a_function_too_many:
        "CREATE FUNCTION tidy() RETURNS void LANGUAGE sql AS 'SELECT'"
        => "foreign    function tidy()";
    a_function_that_a_name_in_quotes_would_call:
        "CREATE FUNCTION diesel_manage_updated_at(text) RETURNS void LANGUAGE sql AS 'SELECT'"
        => "unexpected function diesel_manage_updated_at(regclass): ambiguous with diesel_manage_updated_at(text)",
           "foreign    function diesel_manage_updated_at(text)";
    a_procedure_too_many: "CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT'"
        => "foreign    procedure tidy()";
    an_aggregate_too_many: "CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer)"
        => "foreign    aggregate total(integer)";

    a_changed_view:
        "CREATE OR REPLACE VIEW unread_counts WITH (security_invoker = true) AS
         SELECT user_id, chat_id, 0::bigint AS unread_count FROM unread_messages"
        => "different  view unread_counts: definition";
    a_view_with_other_rights: "ALTER VIEW unread_counts SET (security_invoker = false)"
        => "different  view unread_counts: option security_invoker";
    a_dropped_view: "DROP VIEW unread_counts"
        => "missing    view unread_counts";
    a_view_too_many: "CREATE MATERIALIZED VIEW pets AS SELECT 1 AS id"
        => "foreign    materialized view pets";

    a_column_that_must_be_filled: "ALTER TABLE users ADD age integer NOT NULL"
        => "unexpected table users: column age";
    a_column_that_fills_itself:
        "ALTER TABLE users ADD one integer NOT NULL DEFAULT 1, ADD two integer GENERATED ALWAYS AS IDENTITY,
             ADD three integer NOT NULL GENERATED ALWAYS AS (1) STORED"
        => "foreign    sequence users_two_seq", "tuned      table users: column one", "tuned      table users: column three", "tuned      table users: column two";
    a_column_whose_domain_must_be_filled:
        "CREATE DOMAIN age AS integer NOT NULL; ALTER TABLE users ADD years age"
        => "foreign    domain age", "unexpected table users: column years";
    a_column_that_must_be_filled_whatever_its_name:
        "ALTER TABLE users ADD \"x DEFAULT y\" integer NOT NULL, ADD \"x NOT NULL\" integer"
        => "unexpected table users: column \"x DEFAULT y\"", "tuned      table users: column \"x NOT NULL\"";
    a_column_whose_domain_checks_that_it_is_filled:
        "CREATE DOMAIN a AS integer CHECK (VALUE IS NOT NULL); CREATE DOMAIN b AS a; CREATE DOMAIN c AS integer CHECK (VALUE > 0);
         ALTER TABLE users ADD filled b, ADD free c"
        => "foreign    domain a", "foreign    domain b", "foreign    domain c",
           "unexpected table users: column filled", "tuned      table users: column free";
    a_published_table_whose_rows_cannot_be_changed:
        "CREATE PUBLICATION changes FOR TABLE users; ALTER TABLE users REPLICA IDENTITY NOTHING"
        => "unexpected table users: published without replica identity", "tuned      table users: setting replica identity";
    a_published_table_whose_replica_identity_is_gone:
        "CREATE UNIQUE INDEX other_key ON blocks (blocked_id, blocker_id); ALTER TABLE blocks REPLICA IDENTITY USING INDEX other_key;
         DROP INDEX other_key; CREATE PUBLICATION changes FOR ALL TABLES"
        => "unexpected table blocks: published without replica identity", "tuned      table blocks: setting replica identity";
    a_published_table_whose_row_filter_asks_for_more_than_its_key:
        "CREATE PUBLICATION changes FOR TABLE users WHERE (username = 'x')"
        => "unexpected table users: published without what identifies a row";
    a_published_table_whose_columns_leave_its_key_out:
        "CREATE PUBLICATION changes FOR TABLE users (username)"
        => "unexpected table users: published without what identifies a row";
    a_published_table_whose_columns_are_not_its_full_identity:
        "ALTER TABLE users REPLICA IDENTITY FULL; CREATE PUBLICATION changes FOR TABLE users (id, username)"
        => "unexpected table users: published without what identifies a row", "tuned      table users: setting replica identity";
    a_publication_that_fits:
        "ALTER TABLE contacts REPLICA IDENTITY FULL;
         CREATE PUBLICATION inserts FOR TABLE users (username) WITH (publish = 'insert');
         CREATE PUBLICATION fits FOR TABLE users (id, username), contacts WHERE (created_at IS NOT NULL)"
        => "tuned      table contacts: setting replica identity";
    presence_of_everybody_made_up:
        "CREATE OR REPLACE VIEW presence_entries WITH (security_invoker = true) AS
         SELECT user_id, 'online'::user_status AS status, now() AS last_seen_at FROM user_presence"
        => "different  view presence_entries: definition";
    presence_read_as_where_the_inbox_is_kept:
        "CREATE OR REPLACE VIEW presence_entries WITH (security_invoker = true) AS
         SELECT id AS user_id, NULL::user_status AS status, created_at AS last_seen_at FROM users"
        => "different  view presence_entries: definition";
    locks_in_another_table:
        "CREATE TABLE users_2 (LIKE users); CREATE OR REPLACE VIEW local_users WITH (security_invoker = true) AS
         SELECT id, username, avatar_url, deleted_at FROM users_2"
        => "foreign    table users_2", "different  view local_users: definition";
    half_a_switch_to_the_kept_inbox: "CREATE OR REPLACE FUNCTION keeps_inbox() RETURNS boolean LANGUAGE sql STABLE AS 'SELECT true'"
        => "different  view inbox_entries: definition", "different  view presence_entries: definition";
    the_other_half:
        "SELECT keep_inbox(true);
         CREATE OR REPLACE FUNCTION keeps_inbox() RETURNS boolean LANGUAGE sql STABLE AS 'SELECT false'"
        => "different  view inbox_entries: definition", "different  view presence_entries: definition";
    another_dictionary_of_the_same_name:
        "CREATE TEXT SEARCH DICTIONARY english_stem (TEMPLATE = pg_catalog.simple);
         ALTER TEXT SEARCH CONFIGURATION messenger ALTER MAPPING FOR asciiword WITH public.english_stem"
        => "different  text search configuration messenger: mapping asciiword";
    another_parser_of_the_same_name:
        "CREATE TEXT SEARCH PARSER \"default\" (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
         UPDATE pg_ts_config SET cfgparser = (SELECT oid FROM pg_ts_parser WHERE prsnamespace = 'public'::regnamespace)
         WHERE cfgname = 'messenger'"
        => "different  text search configuration messenger";
    a_function_that_may_be_meant_instead:
        "CREATE FUNCTION keeps_inbox(x integer DEFAULT 1) RETURNS boolean LANGUAGE sql AS 'SELECT true';
         CREATE FUNCTION keeps_inbox(x integer, y integer) RETURNS boolean LANGUAGE sql AS 'SELECT true'"
        => "unexpected function keeps_inbox(): ambiguous with keeps_inbox(integer)",
           "foreign    function keeps_inbox(integer)", "foreign    function keeps_inbox(integer, integer)";
    a_table_of_a_type: "CREATE TYPE kept AS (id bigint, file_key text, queued_at timestamptz); ALTER TABLE unused_files OF kept"
        => "unexpected table unused_files: of type", "foreign    type kept";
    a_function_that_finds_a_sample: "ALTER FUNCTION search_names(text) SET gin_fuzzy_search_limit = 5"
        => "unexpected function search_names(text): setting gin_fuzzy_search_limit";
    a_function_with_a_setting_that_few_may_see: "ALTER FUNCTION diesel_set_updated_at() SET dynamic_library_path = '$libdir'"
        => "unexpected function diesel_set_updated_at(): setting dynamic_library_path";
    a_unique_index_too_many: "CREATE UNIQUE INDEX \"one each\" ON messages (created_at)"
        => "unexpected table messages: index \"one each\"";
    an_invalid_index_too_many:
        "CREATE INDEX half_idx ON messages (created_at);
         UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = 'half_idx'::regclass"
        => "tuned      table messages: index half_idx";
    an_exclusion_too_many: "ALTER TABLE attachments ADD CONSTRAINT alone EXCLUDE (width WITH =)"
        => "unexpected table attachments: constraint alone", "tuned      table attachments: index alone";
    an_index_stored_in_another_way:
        "ALTER INDEX messages_replies_idx SET (fillfactor = 60); ALTER INDEX messages_chat_words_idx SET (fastupdate = on)"
        => "tuned      table messages: setting fastupdate of index messages_chat_words_idx",
           "tuned      table messages: setting fillfactor of index messages_replies_idx";
    an_index_in_another_order: "DROP INDEX messages_replies_idx;
         CREATE INDEX messages_replies_idx ON messages (chat_id, reply_to_seq DESC) WHERE reply_to_seq IS NOT NULL;
         COMMENT ON INDEX messages_replies_idx IS 'Used by: the foreign key of replies, and who answered a message.'"
        => "different  table messages: index messages_replies_idx";
    what_autovacuum_is_told: "ALTER TABLE messages SET (autovacuum_vacuum_insert_scale_factor = 0.01)"
        => "tuned      table messages: setting autovacuum_vacuum_insert_scale_factor";
    what_is_known_of_a_column:
        "ALTER TABLE messages ALTER content SET STATISTICS 500, ALTER content SET (n_distinct = 7),
             ALTER content SET COMPRESSION pglz"
        => "tuned      table messages: setting compression of column content",
           "tuned      table messages: setting n_distinct of column content",
           "tuned      table messages: setting statistics of column content";
    a_function_that_is_planned_in_another_way:
        "ALTER FUNCTION diesel_set_updated_at() SET work_mem = '64MB'; ALTER FUNCTION diesel_set_updated_at() COST 7"
        => "tuned      function diesel_set_updated_at(): setting cost",
           "tuned      function diesel_set_updated_at(): setting work_mem";
    row_security_that_holds_for_the_owner: "ALTER TABLE messages FORCE ROW LEVEL SECURITY"
        => "unexpected table messages: row security forced";
    an_odd_name_too_many: "CREATE TABLE \"a: b\nc\" (\"d: \"\"e\" text)"
        => "foreign    table \"a: b\\nc\"";
    an_own_table_that_refers_to_ours:
        "CREATE TABLE profiles (user_id user_id PRIMARY KEY REFERENCES users ON DELETE CASCADE)"
        => "foreign    table profiles";
    an_extension_too_many: "CREATE EXTENSION hstore"
        => "foreign    extension hstore";
    an_event_trigger:
        "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
         CREATE EVENT TRIGGER watches ON ddl_command_end EXECUTE FUNCTION f()"
        => "foreign    event trigger watches", "foreign    function f()";

    a_dropped_extension: "DROP EXTENSION pg_trgm CASCADE"
        => "missing    extension pg_trgm", "missing    table users: index users_username_trgm_idx";
    a_text_search_mapping: "ALTER TEXT SEARCH CONFIGURATION messenger DROP MAPPING FOR email"
        => "missing    text search configuration messenger: mapping email";
}
