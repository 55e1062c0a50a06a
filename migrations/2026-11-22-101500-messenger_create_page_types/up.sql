-- Purpose: page_picture, page_reaction, page_reply, page_profile: what a page of history has beside its messages.
-- Lock: none on existing tables; types are created.
-- Tolerable because: nobody can be using a type that did not exist.
-- Code deployed before: reads rows without a type.
--
-- A page reads arrays of them, so that one statement gives all. Rows without a type would do on one server; between servers
-- of a database that is distributed they cannot be passed on. No table has a column of these types: a field that is added
-- later is a new type, so that code deployed before goes on.

CREATE TYPE page_picture AS (
    chat_id chat_id,
    message_seq bigint,
    position smallint,
    file_name text,
    mime_type image_type,
    byte_size integer,
    storage_key text,
    medium_key text,
    thumbnail_key text,
    width integer,
    height integer,
    created_at timestamptz
);

CREATE TYPE page_reaction AS (
    message_seq bigint,
    emoji text,
    first_at timestamptz,
    times bigint,
    is_mine boolean
);

CREATE TYPE page_reply AS (
    seq bigint,
    id message_id,
    sender_id user_id,
    kind message_kind,
    preview text,
    is_deleted boolean
);

CREATE TYPE page_profile AS (
    id user_id,
    username text,
    display_name text,
    avatar_url text,
    status user_status,
    last_seen_at timestamptz,
    created_at timestamptz,
    deleted_at timestamptz,
    sight integer
);

COMMENT ON TYPE page_picture IS 'A picture of a message of a page: a row of attachments.';
COMMENT ON TYPE page_reaction IS 'An emoji that was given to a message of a page, and how often.';
COMMENT ON TYPE page_reply IS 'What is shown of a message that a message of a page answers.';
COMMENT ON TYPE page_profile IS
    'A profile beside a page: the columns, and what the reader may see of it (0: all, 1: no presence, 2: no picture either).';
