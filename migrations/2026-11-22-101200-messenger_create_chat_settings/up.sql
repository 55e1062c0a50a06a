-- Purpose: chat_settings: what a member has set for a chat, for themselves and all their devices; and change_chat_settings.
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

-- Two statements that name the chat, so that each is carried out where it is.
CREATE FUNCTION change_chat_settings(
    in_chat chat_id,
    by_user user_id,
    sets_muted boolean,
    muted timestamptz,
    sets_pin boolean,
    pin smallint,
    archived boolean,
    hidden boolean,
    marked boolean,
    sets_draft boolean,
    begun text,
    OUT newest_seq bigint,
    OUT read_seq bigint,
    OUT changed chat_settings
)
LANGUAGE plpgsql
AS $$
BEGIN
    SELECT
        head.last_seq,
        position.last_read_seq
    INTO newest_seq, read_seq
    FROM unread_messages AS position
    INNER JOIN chat_heads AS head ON head.chat_id = in_chat
    WHERE position.user_id = by_user AND position.chat_id = in_chat;

    IF NOT FOUND THEN
        RETURN;
    END IF;

    INSERT INTO chat_settings AS setting (
        user_id, chat_id, muted_until_at, pin_rank, is_archived, hidden_through_seq, unread_from_seq, draft, changed_at
    )
    VALUES (
        by_user,
        in_chat,
        muted,
        pin,
        coalesce(archived, false),
        CASE WHEN hidden THEN newest_seq END,
        CASE WHEN marked THEN read_seq END,
        begun,
        clock_timestamp()
    )
    ON CONFLICT (user_id, chat_id) DO UPDATE
    SET
        muted_until_at = CASE WHEN sets_muted THEN excluded.muted_until_at ELSE setting.muted_until_at END,
        pin_rank = CASE WHEN sets_pin THEN excluded.pin_rank ELSE setting.pin_rank END,
        is_archived = CASE WHEN archived IS NULL THEN setting.is_archived ELSE excluded.is_archived END,
        hidden_through_seq = CASE WHEN hidden IS NULL THEN setting.hidden_through_seq ELSE excluded.hidden_through_seq END,
        unread_from_seq = CASE WHEN marked IS NULL THEN setting.unread_from_seq ELSE excluded.unread_from_seq END,
        draft = CASE WHEN sets_draft THEN excluded.draft ELSE setting.draft END,
        changed_at = excluded.changed_at
    RETURNING * INTO changed;
END
$$;

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
COMMENT ON FUNCTION change_chat_settings(
    chat_id, user_id, boolean, timestamptz, boolean, smallint, boolean, boolean, boolean, boolean, text
) IS
    'Changes the settings of a chat for one member, and gives the seq of its newest message, how far the member has read, and the settings as they are now; nulls: not a member. What is hidden, or marked as unread, is so from where the chat and the member are now.';
