-- Purpose: messages, numbered 1, 2, 3 … in their chat, and what they said before they were edited.
-- Lock: SHARE ROW EXCLUSIVE on chat_heads and chat_participants, for the foreign keys, for a moment: the new
--   tables are empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the tables.
--
-- Messages point at chat_heads, which the send holds locked anyway, and at chat_participants. Pointing at
-- chats and users would write to those rows on every send, rows that others share; these are the sender's own.

CREATE DOMAIN message_id AS uuid;

COMMENT ON DOMAIN message_id IS
    'What the client calls a message, a UUIDv7, so that sending it again finds the first. The key is (chat_id, seq).';

CREATE TABLE messages (
    chat_id chat_id NOT NULL,
    seq bigint NOT NULL,
    id message_id NOT NULL DEFAULT gen_random_uuid(),
    sender_id user_id,
    kind message_kind NOT NULL DEFAULT 'text',
    content text,
    metadata jsonb NOT NULL DEFAULT '{}',
    reply_to_seq bigint,
    created_at timestamptz NOT NULL DEFAULT now(),
    edited_at timestamptz,
    deleted_at timestamptz,
    version bigint NOT NULL DEFAULT 0,
    CONSTRAINT messages_pkey PRIMARY KEY (chat_id, seq),
    CONSTRAINT messages_id_key UNIQUE (chat_id, id),
    CONSTRAINT messages_chat_fkey FOREIGN KEY (chat_id) REFERENCES chat_heads (chat_id) ON DELETE CASCADE,
    CONSTRAINT messages_sender_is_participant_fkey FOREIGN KEY (chat_id, sender_id)
        REFERENCES chat_participants (chat_id, user_id) ON DELETE NO ACTION,
    CONSTRAINT messages_reply_in_chat_fkey FOREIGN KEY (chat_id, reply_to_seq)
        REFERENCES messages (chat_id, seq) ON DELETE NO ACTION,
    CONSTRAINT messages_seq_check CHECK (seq >= 1),
    CONSTRAINT messages_version_check CHECK (version >= 0),
    CONSTRAINT messages_reply_to_earlier_check CHECK (reply_to_seq < seq),
    CONSTRAINT messages_sender_unless_system_check CHECK ((sender_id IS NULL) = (kind = 'system')),
    CONSTRAINT messages_content_check CHECK (octet_length(content) <= 40000),
    -- Most words begin with a character that is seen; the others are looked through.
    CONSTRAINT messages_text_has_content_check CHECK (
        (kind <> 'text' OR content IS NOT NULL OR deleted_at IS NOT NULL)
        AND ((ascii(content) BETWEEN 33 AND 126) OR NOT is_blank(content))
    ),
    CONSTRAINT messages_metadata_check CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT messages_metadata_size_check CHECK (metadata = '{}' OR octet_length(metadata::text) <= 16384),
    CONSTRAINT messages_times_check CHECK (
        created_at >= '0001-01-01 00:00:00+00' AND created_at <= '9999-12-31 23:59:59.999999+00'
        AND edited_at >= '0001-01-01 00:00:00+00' AND edited_at <= '9999-12-31 23:59:59.999999+00'
        AND deleted_at >= '0001-01-01 00:00:00+00' AND deleted_at <= '9999-12-31 23:59:59.999999+00'
    ),
    CONSTRAINT messages_deleted_is_empty_check CHECK (deleted_at IS NULL OR (content IS NULL AND metadata = '{}'))
);

CREATE INDEX messages_replies_idx ON messages (chat_id, reply_to_seq) WHERE reply_to_seq IS NOT NULL;

-- A message of the system has no sender.
CREATE INDEX messages_uncounted_idx ON messages (chat_id, seq) WHERE sender_id IS NULL OR deleted_at IS NOT NULL;

CREATE TABLE message_edits (
    chat_id chat_id NOT NULL,
    message_seq bigint NOT NULL,
    -- squawk-ignore prefer-bigint-over-int -- its CHECK ends it at 1,000
    version integer NOT NULL,
    content text,
    edited_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT message_edits_pkey PRIMARY KEY (chat_id, message_seq, version),
    CONSTRAINT message_edits_message_fkey FOREIGN KEY (chat_id, message_seq)
        REFERENCES messages (chat_id, seq) ON DELETE CASCADE,
    CONSTRAINT message_edits_version_check CHECK (version BETWEEN 1 AND 1000),
    CONSTRAINT message_edits_content_check CHECK (octet_length(content) <= 40000),
    CONSTRAINT message_edits_times_check CHECK (
        edited_at >= '0001-01-01 00:00:00+00' AND edited_at <= '9999-12-31 23:59:59.999999+00'
    )
);

COMMENT ON TABLE messages IS
    'What was said. seq counts 1, 2, 3 … in its chat, without gaps, and is the order of the chat; a deleted message keeps its place.';
COMMENT ON COLUMN messages.chat_id IS 'In which chat.';
COMMENT ON COLUMN messages.seq IS 'The message''s number in its chat, from 1, without gaps.';
COMMENT ON COLUMN messages.id IS
    'Chosen by the client and unique in the chat: sending the same id twice yields the first message again.';
COMMENT ON COLUMN messages.sender_id IS 'Who sent it, a participant of the chat. Null exactly for system messages.';
COMMENT ON COLUMN messages.kind IS 'What it is.';
COMMENT ON COLUMN messages.content IS
    'Its words, at most 10,000 characters as people count them, and 40,000 bytes; at least one of them is visible. A text has them until it is deleted; a picture may have them.';
COMMENT ON COLUMN messages.metadata IS 'A JSON object for the application: link previews, the facts of a system message; at most 16 KiB as text. An edit empties it.';
COMMENT ON COLUMN messages.reply_to_seq IS 'The seq of the earlier message of the same chat that it answers.';
COMMENT ON COLUMN messages.created_at IS 'When it was sent.';
COMMENT ON COLUMN messages.edited_at IS 'When it was last edited. Null: never.';
COMMENT ON COLUMN messages.deleted_at IS
    'When it was deleted. Content and metadata are gone then; whoever deletes it takes its edits, reactions and attachments in the same transaction.';
COMMENT ON COLUMN messages.version IS
    'The version of the chat at which the message was sent, last edited or deleted. Reactions leave it as it is. Not indexed: chat_changes finds what changed.';
COMMENT ON CONSTRAINT messages_sender_is_participant_fkey ON messages IS
    'Not indexed: a participant is deleted only with the chat, and one more index would slow every send.';
COMMENT ON CONSTRAINT messages_reply_in_chat_fkey ON messages IS 'A reply cannot leave its chat.';
COMMENT ON CONSTRAINT messages_deleted_is_empty_check ON messages IS 'A deleted message holds no content.';
COMMENT ON INDEX messages_replies_idx IS 'Used by: the foreign key of replies, and who answered a message.';
COMMENT ON INDEX messages_uncounted_idx IS
    'Used by: counting what is unread without the messages of the system and the deleted ones. A send writes no entry.';
COMMENT ON TABLE message_edits IS 'What a message said before each of its edits.';
COMMENT ON COLUMN message_edits.chat_id IS 'In which chat.';
COMMENT ON COLUMN message_edits.message_seq IS 'Which message.';
COMMENT ON COLUMN message_edits.version IS 'Which wording, from 1, the first, to 1,000; the newest is the message itself.';
COMMENT ON COLUMN message_edits.content IS 'What it said then. Null: a picture that had no words.';
COMMENT ON COLUMN message_edits.edited_at IS 'When that wording was replaced.';

CREATE FUNCTION message_preview(words text) RETURNS text
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
    size integer := 100;
BEGIN
    IF char_length(words) <= size OR octet_length(words) = char_length(words) THEN
        RETURN left(words, size);
    END IF;

    -- What follows joins what is before: an accent, a tone, a joiner, the second letter of a flag.
    WHILE size > 0 AND (
        substr(words, size + 1, 1)
        ~ E'[\\u0300-\\u036F\\u0483-\\u0489\\u0591-\\u05BD\\u064B-\\u065F\\u0E31\\u0E34-\\u0E3A\\u0E47-\\u0E4E\\u093C\\u093E-\\u094D\\u1AB0-\\u1AFF\\u200D\\u20D0-\\u20FF\\u3099\\u309A\\uFE00-\\uFE0F\\uFE20-\\uFE2F\\U0001F3FB-\\U0001F3FF\\U000E0000-\\U000E0FFF]'
        OR substr(words, size, 1) = E'\u200D'
        OR (
            substr(words, size + 1, 1) ~ E'[\\U0001F1E6-\\U0001F1FF]'
            AND char_length(substring(left(words, size) FROM E'[\\U0001F1E6-\\U0001F1FF]*$')) % 2 = 1
        )
    ) LOOP
        size := size - 1;
    END LOOP;

    -- One character of a hundred parts is cut after all.
    RETURN left(words, CASE size WHEN 0 THEN 100 ELSE size END);
END
$$;

COMMENT ON FUNCTION message_preview(text) IS
    'The first 100 characters of a message, or fewer, so that nothing that people see as one character is cut.';
