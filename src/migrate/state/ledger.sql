-- The runner's own table. It is no migration's, so that it is there before the first and survives the last revert.
-- A release that wants another column adds it here with ALTER TABLE … ADD COLUMN IF NOT EXISTS.
CREATE TABLE IF NOT EXISTS messenger_db_ledger (
    version varchar(50) NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    up_sql text NOT NULL,
    down_sql text NOT NULL,
    run_in_transaction boolean NOT NULL,
    origin text NOT NULL,
    duration interval,
    applied_at timestamptz NOT NULL,
    applied_by text,
    binary_version text NOT NULL,
    CONSTRAINT messenger_db_ledger_pkey PRIMARY KEY (version),
    CONSTRAINT messenger_db_ledger_checksum_check CHECK (checksum ~ '^[0-9a-f]{64}$'),
    CONSTRAINT messenger_db_ledger_origin_check CHECK (origin IN ('run', 'plan', 'baseline', 'found'))
);

ALTER TABLE messenger_db_ledger ADD COLUMN IF NOT EXISTS owner text NOT NULL DEFAULT 'messenger-db';

COMMENT ON TABLE messenger_db_ledger IS
    'What messenger-db knows of each migration in __diesel_schema_migrations. A row counts only while that table has the version with the same time.';
COMMENT ON COLUMN messenger_db_ledger.version IS 'The version, as in __diesel_schema_migrations.';
COMMENT ON COLUMN messenger_db_ledger.name IS 'The name of its folder.';
COMMENT ON COLUMN messenger_db_ledger.checksum IS
    'The SHA-256 of up.sql, its length in 8 bytes, and down.sql, every line ended by a line feed.';
COMMENT ON COLUMN messenger_db_ledger.up_sql IS 'Its up.sql, to be compared with.';
COMMENT ON COLUMN messenger_db_ledger.down_sql IS 'Its down.sql, with which an older binary reverts it too.';
COMMENT ON COLUMN messenger_db_ledger.run_in_transaction IS 'Whether it runs in a transaction.';
COMMENT ON COLUMN messenger_db_ledger.origin IS
    'How it got here: run, plan or baseline; or found, when another tool applied it, and the text is only taken to be the same.';
COMMENT ON COLUMN messenger_db_ledger.duration IS 'How long it took. Null: not measured.';
COMMENT ON COLUMN messenger_db_ledger.applied_at IS 'When it was applied: run_on of __diesel_schema_migrations.';
COMMENT ON COLUMN messenger_db_ledger.applied_by IS 'The role that applied it. Null: not known.';
COMMENT ON COLUMN messenger_db_ledger.binary_version IS 'The version of the messenger-db that wrote this row.';
COMMENT ON COLUMN messenger_db_ledger.owner IS 'Whose migration it is: messenger-db, or service for one that a service brought.';
