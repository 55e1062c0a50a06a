-- Purpose: message_reactions: who answered a message with an emoji.
-- Lock: SHARE ROW EXCLUSIVE on messages and chat_participants, for the foreign keys, for a moment: the new
--   table is empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.

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
    CONSTRAINT message_reactions_emoji_check CHECK (octet_length(emoji) BETWEEN 1 AND 32)
);

COMMENT ON TABLE message_reactions IS 'An emoji that a participant gave a message; each one once.';
COMMENT ON COLUMN message_reactions.chat_id IS 'In which chat.';
COMMENT ON COLUMN message_reactions.message_seq IS 'To which message.';
COMMENT ON COLUMN message_reactions.user_id IS 'Who, a participant of the chat.';
COMMENT ON COLUMN message_reactions.emoji IS 'The emoji, 1 to 32 bytes: the longest joined sequences fit.';
COMMENT ON COLUMN message_reactions.created_at IS 'When.';
COMMENT ON CONSTRAINT message_reactions_user_is_participant_fkey ON message_reactions IS
    'Not indexed: a participant is deleted only with the chat, whose reactions go through their messages.';
