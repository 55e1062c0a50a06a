-- Purpose: message_mentions: whom a message names, so that it is counted and wakes even those who muted the chat.
-- Lock: SHARE ROW EXCLUSIVE on messages and chat_participants, for the foreign keys, for a moment: the new table is empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.

CREATE TABLE message_mentions (
    chat_id chat_id NOT NULL,
    message_seq bigint NOT NULL,
    user_id user_id NOT NULL,
    CONSTRAINT message_mentions_pkey PRIMARY KEY (chat_id, message_seq, user_id),
    CONSTRAINT message_mentions_message_fkey FOREIGN KEY (chat_id, message_seq)
        REFERENCES messages (chat_id, seq) ON DELETE CASCADE,
    CONSTRAINT message_mentions_user_is_participant_fkey FOREIGN KEY (chat_id, user_id)
        REFERENCES chat_participants (chat_id, user_id) ON DELETE CASCADE
);

CREATE INDEX message_mentions_user_idx ON message_mentions (chat_id, user_id, message_seq);

COMMENT ON TABLE message_mentions IS
    'Whom a message names: members of its chat when it was sent. They go when the message is deleted.';
COMMENT ON COLUMN message_mentions.chat_id IS 'In which chat.';
COMMENT ON COLUMN message_mentions.message_seq IS 'Which message.';
COMMENT ON COLUMN message_mentions.user_id IS 'Whom it names.';
COMMENT ON INDEX message_mentions_user_idx IS 'Used by: counting the unread mentions of a member.';
