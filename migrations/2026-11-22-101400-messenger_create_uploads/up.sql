-- Purpose: uploads: pictures in the object store, and who may attach them; and begin_upload.
-- Lock: SHARE ROW EXCLUSIVE on users, for the foreign key, for a moment: the new table is empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.

CREATE TABLE uploads (
    storage_key text COLLATE "C" NOT NULL,
    owner_id user_id NOT NULL,
    mime_type image_type NOT NULL,
    -- squawk-ignore prefer-bigint-over-int -- its CHECK ends it at 10 MiB
    byte_size integer NOT NULL,
    medium_key text,
    thumbnail_key text,
    -- squawk-ignore prefer-bigint-over-int -- pixels of a picture of at most 10 MiB
    width integer,
    -- squawk-ignore prefer-bigint-over-int -- the same
    height integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    abandoned_at timestamptz,
    attached_chat chat_id,
    attached_seq bigint,
    -- squawk-ignore prefer-bigint-over-smallint -- the position of an attachment
    attached_position smallint,
    CONSTRAINT uploads_pkey PRIMARY KEY (storage_key),
    CONSTRAINT uploads_owner_fkey FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT uploads_storage_key_check CHECK (octet_length(storage_key) BETWEEN 1 AND 1024),
    CONSTRAINT uploads_byte_size_check CHECK (byte_size BETWEEN 1 AND 10485760),
    CONSTRAINT uploads_medium_key_check CHECK (char_length(medium_key) BETWEEN 1 AND 1024),
    CONSTRAINT uploads_thumbnail_key_check CHECK (char_length(thumbnail_key) BETWEEN 1 AND 1024),
    CONSTRAINT uploads_width_check CHECK (width >= 1),
    CONSTRAINT uploads_height_check CHECK (height >= 1),
    CONSTRAINT uploads_attached_check CHECK (num_nonnulls(attached_chat, attached_seq, attached_position) IN (0, 3)),
    CONSTRAINT uploads_abandoned_check CHECK (abandoned_at IS NULL OR attached_chat IS NULL),
    CONSTRAINT uploads_times_check CHECK (
        least(created_at, abandoned_at) >= '0001-01-01 00:00:00+00'
        AND greatest(created_at, abandoned_at) <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE INDEX uploads_unattached_idx ON uploads (created_at) WHERE attached_chat IS NULL;

-- Two statements, because Citus takes no row lock in an INSERT.
CREATE FUNCTION begin_upload(by_user user_id, of_key text, of_type image_type, of_size integer) RETURNS SETOF uploads
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM local_users WHERE id = by_user FOR KEY SHARE;

    -- Asked under the lock, as when a session is opened.
    IF EXISTS (SELECT FROM local_users WHERE id = by_user AND deleted_at IS NULL) THEN
        RETURN QUERY
        INSERT INTO uploads (storage_key, owner_id, mime_type, byte_size)
        VALUES (of_key, by_user, of_type, of_size)
        RETURNING *;
    END IF;
END
$$;

COMMENT ON TABLE uploads IS
    'A picture whose bytes are, or will be, in the object store: begun by its owner, and attached by its owner once.';
COMMENT ON COLUMN uploads.storage_key IS 'Its key in the object store, chosen by the service, at most 1,024 bytes.';
COMMENT ON COLUMN uploads.owner_id IS 'Who uploads it, and may attach it.';
COMMENT ON CONSTRAINT uploads_owner_fkey ON uploads IS 'Not indexed: users are never deleted.';
COMMENT ON COLUMN uploads.mime_type IS 'What kind of picture it is.';
COMMENT ON COLUMN uploads.byte_size IS 'How large it is, 1 byte to 10 MiB.';
COMMENT ON COLUMN uploads.medium_key IS 'The key of a copy of medium size. Null: not made yet.';
COMMENT ON COLUMN uploads.thumbnail_key IS 'The key of a small copy. Null: not made yet.';
COMMENT ON COLUMN uploads.width IS 'Its width in pixels. Null: not measured.';
COMMENT ON COLUMN uploads.height IS 'Its height in pixels. Null: not measured.';
COMMENT ON COLUMN uploads.created_at IS 'When it was begun.';
COMMENT ON COLUMN uploads.abandoned_at IS
    'When it was given up, because nobody attached it: its bytes are being deleted, and nobody attaches it any more. Null: it was not.';
COMMENT ON COLUMN uploads.attached_chat IS
    'In which chat it was attached. Null: nobody attached it yet. No foreign key: whoever deletes the message deletes the upload.';
COMMENT ON COLUMN uploads.attached_seq IS 'To which message.';
COMMENT ON COLUMN uploads.attached_position IS 'At which place in the message.';
COMMENT ON INDEX uploads_unattached_idx IS 'Used by: finding what nobody attached.';
COMMENT ON FUNCTION begin_upload(user_id, text, image_type, integer) IS
    'Begins an upload of an open account, which it holds open, and gives it; no row: there is no such account.';
