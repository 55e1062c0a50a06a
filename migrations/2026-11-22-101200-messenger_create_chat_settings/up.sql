-- Purpose: chat_settings: what a member has set for a chat, for themselves and all their devices.
-- Lock: SHARE ROW EXCLUSIVE on unread_messages, for the foreign key, for a moment: the new table is empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.
--
-- A table of its own, because every receipt writes the row of the position, which therefore holds nothing else.

CREATE TABLE chat_settings (
    user_id user_id NOT NULL,
    chat_id chat_id NOT NULL,
    muted_until_at timestamptz,
    -- squawk-ignore prefer-bigint-over-smallint -- its CHECK ends it at 999
    pin_rank smallint,
    is_archived boolean NOT NULL DEFAULT false,
    hidden_through_seq bigint,
    unread_from_seq bigint,
    draft text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT chat_settings_pkey PRIMARY KEY (user_id, chat_id),
    CONSTRAINT chat_settings_position_fkey FOREIGN KEY (user_id, chat_id)
        REFERENCES unread_messages (user_id, chat_id) ON DELETE CASCADE,
    CONSTRAINT chat_settings_pin_rank_check CHECK (pin_rank BETWEEN 0 AND 999),
    CONSTRAINT chat_settings_hidden_through_seq_check CHECK (hidden_through_seq >= 0),
    CONSTRAINT chat_settings_unread_from_seq_check CHECK (unread_from_seq >= 0),
    CONSTRAINT chat_settings_draft_check CHECK (octet_length(draft) BETWEEN 1 AND 40000),
    CONSTRAINT chat_settings_times_check CHECK (
        least(muted_until_at, changed_at) >= '0001-01-01 00:00:00+00'
        AND greatest(muted_until_at, changed_at) <= '9999-12-31 23:59:59.999999+00'
    )
);

COMMENT ON TABLE chat_settings IS
    'What a member has set for a chat, for themselves only. No row: nothing. It ends with the membership.';
COMMENT ON COLUMN chat_settings.user_id IS 'Whose.';
COMMENT ON COLUMN chat_settings.chat_id IS 'For which chat.';
COMMENT ON COLUMN chat_settings.muted_until_at IS
    'Until when messages of the chat send no notification, unless they mention the member. Null, or past: the chat is not muted.';
COMMENT ON COLUMN chat_settings.pin_rank IS
    'The place among the pinned chats, 0 to 999, the lowest first; of one rank, the latest activity first. Null: not pinned.';
COMMENT ON COLUMN chat_settings.is_archived IS 'Whether the chat is in the archive, instead of the inbox.';
COMMENT ON COLUMN chat_settings.hidden_through_seq IS
    'The chat is in no list while its newest message is this one, or an earlier one. Null: it is not hidden.';
COMMENT ON COLUMN chat_settings.unread_from_seq IS
    'The chat is marked as unread while the member''s last_read_seq is this one: reading further takes the mark away. Null: it is not marked.';
COMMENT ON COLUMN chat_settings.draft IS 'What the member has begun to write, 1 to 10,000 characters as people count them, and at most 40,000 bytes. Null: nothing.';
COMMENT ON COLUMN chat_settings.changed_at IS 'When one of them last changed.';
