-- Purpose: attachments: the pictures of a message.
-- Lock: SHARE ROW EXCLUSIVE on messages, for the foreign key, for a moment: the new table is empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.

CREATE TYPE image_type AS ENUM ('image/jpeg', 'image/png', 'image/gif', 'image/webp');

COMMENT ON TYPE image_type IS 'The media types that an attachment may have.';

CREATE TABLE attachments (
    chat_id chat_id NOT NULL,
    message_seq bigint NOT NULL,
    -- squawk-ignore prefer-bigint-over-smallint -- its CHECK ends it at 4
    position smallint NOT NULL,
    file_name text NOT NULL,
    mime_type image_type NOT NULL,
    -- squawk-ignore prefer-bigint-over-int -- its CHECK ends it at 10 MiB
    byte_size integer NOT NULL,
    storage_key text NOT NULL,
    medium_key text,
    thumbnail_key text,
    -- squawk-ignore prefer-bigint-over-int -- pixels of a picture of at most 10 MiB
    width integer,
    -- squawk-ignore prefer-bigint-over-int -- the same
    height integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT attachments_pkey PRIMARY KEY (chat_id, message_seq, position),
    CONSTRAINT attachments_message_fkey FOREIGN KEY (chat_id, message_seq)
        REFERENCES messages (chat_id, seq) ON DELETE CASCADE,
    CONSTRAINT attachments_position_check CHECK (position BETWEEN 0 AND 4),
    CONSTRAINT attachments_file_name_check CHECK (char_length(file_name) BETWEEN 1 AND 255),
    CONSTRAINT attachments_byte_size_check CHECK (byte_size BETWEEN 1 AND 10485760),
    CONSTRAINT attachments_storage_key_check CHECK (char_length(storage_key) BETWEEN 1 AND 1024),
    CONSTRAINT attachments_medium_key_check CHECK (char_length(medium_key) BETWEEN 1 AND 1024),
    CONSTRAINT attachments_thumbnail_key_check CHECK (char_length(thumbnail_key) BETWEEN 1 AND 1024),
    CONSTRAINT attachments_width_check CHECK (width >= 1),
    CONSTRAINT attachments_height_check CHECK (height >= 1),
    CONSTRAINT attachments_times_check CHECK (
        created_at >= '0001-01-01 00:00:00+00' AND created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

COMMENT ON TABLE attachments IS 'A picture of a message; its bytes are in an object store.';
COMMENT ON COLUMN attachments.chat_id IS 'In which chat.';
COMMENT ON COLUMN attachments.message_seq IS 'Of which message.';
COMMENT ON COLUMN attachments.position IS 'Its place in the message, 0 to 4: so a message has five at most.';
COMMENT ON COLUMN attachments.file_name IS 'What the sender''s device called it, 1 to 255 characters.';
COMMENT ON COLUMN attachments.mime_type IS 'What kind of picture it is.';
COMMENT ON COLUMN attachments.byte_size IS 'How large the original is, 1 byte to 10 MiB.';
COMMENT ON COLUMN attachments.storage_key IS
    'The original''s key in the object store. Signed URLs are made on access, never stored.';
COMMENT ON COLUMN attachments.medium_key IS 'The key of a copy of medium size. Null: not made yet.';
COMMENT ON COLUMN attachments.thumbnail_key IS 'The key of a small copy. Null: not made yet.';
COMMENT ON COLUMN attachments.width IS 'The original''s width in pixels. Null: not measured.';
COMMENT ON COLUMN attachments.height IS 'The original''s height in pixels. Null: not measured.';
COMMENT ON COLUMN attachments.created_at IS 'When it was attached.';
