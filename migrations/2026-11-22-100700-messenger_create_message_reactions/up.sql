-- Purpose: message_reactions: who answered a message with an emoji.
-- Lock: SHARE ROW EXCLUSIVE on messages and chat_participants, for the foreign keys, for a moment: the new
--   table is empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.

-- The application checks against Unicode's list. This function refuses, for every writer, what is in no such list. Digits,
-- # and * begin keycaps.
CREATE FUNCTION is_emoji(emoji text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE STRICT PARALLEL SAFE
AS $$
BEGIN
    RETURN octet_length(emoji) <= 64 AND (
        emoji ~ '^:[A-Za-z0-9_+-]+:$'
        OR emoji ~ E'^[0-9#*]\\uFE0F\\u20E3$'
        OR (
            emoji ~ E'^[\\u00A9\\u00AE\\u203C-\\u2BFF\\u3030\\u303D\\u3297\\u3299\\u200D\\uFE0F\\U0001F000-\\U0001FAFF\\U000E0020-\\U000E007F]+$'
            -- Something of it is visible. No function is called, because pg_restore would not find it.
            -- Joiners stand between two signs.
            AND emoji !~ E'^[\\u200D\\uFE0F]|\\u200D\\u200D|\\u200D$'
            AND emoji ~ E'[^\\u200D\\uFE0F\\u205F-\\u206F\\u2800\\U000E0020-\\U000E007F]'
        )
    );
END
$$;

COMMENT ON FUNCTION is_emoji(text) IS
    'Whether it may be an emoji: one that begins with a sign, or the name of one of the service''s own between colons; at most 64 bytes.';

CREATE TABLE message_reactions (
    chat_id chat_id NOT NULL,
    message_seq bigint NOT NULL,
    user_id user_id NOT NULL,
    emoji text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT message_reactions_pkey PRIMARY KEY (chat_id, message_seq, user_id, emoji),
    CONSTRAINT message_reactions_message_fkey FOREIGN KEY (chat_id, message_seq)
        REFERENCES messages (chat_id, seq) ON DELETE CASCADE,
    CONSTRAINT message_reactions_user_is_participant_fkey FOREIGN KEY (chat_id, user_id)
        REFERENCES chat_participants (chat_id, user_id) ON DELETE CASCADE,
    CONSTRAINT message_reactions_emoji_check CHECK (is_emoji(emoji)),
    CONSTRAINT message_reactions_times_check CHECK (
        created_at >= '0001-01-01 00:00:00+00' AND created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

COMMENT ON TABLE message_reactions IS 'An emoji that a participant gave a message; each one once.';
COMMENT ON COLUMN message_reactions.chat_id IS 'In which chat.';
COMMENT ON COLUMN message_reactions.message_seq IS 'To which message.';
COMMENT ON COLUMN message_reactions.user_id IS 'Who, a participant of the chat.';
COMMENT ON COLUMN message_reactions.emoji IS 'The emoji, in the form that Unicode calls fully qualified; or the name of one of the service''s own, between colons. At most 64 bytes.';
COMMENT ON COLUMN message_reactions.created_at IS 'When.';
COMMENT ON CONSTRAINT message_reactions_user_is_participant_fkey ON message_reactions IS
    'Not indexed: a participant is deleted only with the chat, whose reactions go through their messages.';
