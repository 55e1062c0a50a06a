-- Purpose: inbox_by_user, the list of chats by user, for a database that is distributed by chat; inbox_marks, what of it is out of
--   date; and keeps_inbox, the switch.
-- Lock: none on existing tables; tables and functions are created.
-- Tolerable because: nobody can be using a table or calling a function that did not exist.
-- Code deployed before: does not know them, and uses none of them.
--
-- Off, as it is made, nothing is written here: what would be written for is a constant that the planner puts into the statement
-- that asks. It is a STABLE function and not an IMMUTABLE one, because a statement that is prepared is planned again when the
-- body of a function changes that was put into it, and not when its value was.

CREATE TABLE inbox_by_user (
    user_id user_id NOT NULL,
    about_chat_id chat_id NOT NULL,
    last_seq bigint NOT NULL,
    last_message_at timestamptz,
    last_sender_id user_id,
    last_kind message_kind,
    last_preview text,
    -- squawk-ignore prefer-bigint-over-smallint -- its CHECK ends it at 2
    last_state smallint NOT NULL,
    last_read_seq bigint NOT NULL,
    unread_count bigint NOT NULL,
    mention_count bigint NOT NULL,
    muted_until_at timestamptz,
    -- squawk-ignore prefer-bigint-over-smallint -- as in chat_settings
    pin_rank smallint,
    -- squawk-ignore prefer-bigint-over-smallint -- its CHECK ends it at 2
    shown_in smallint NOT NULL,
    unread_from_seq bigint,
    draft text,
    CONSTRAINT inbox_by_user_pkey PRIMARY KEY (user_id, about_chat_id),
    CONSTRAINT inbox_by_user_last_state_check CHECK (last_state BETWEEN 0 AND 2),
    CONSTRAINT inbox_by_user_shown_in_check CHECK (shown_in BETWEEN 0 AND 2),
    CONSTRAINT inbox_by_user_times_check CHECK (
        least(last_message_at, muted_until_at) >= '0001-01-01 00:00:00+00'
        AND greatest(last_message_at, muted_until_at) <= '9999-12-31 23:59:59.999999+00'
    )
)
-- Every message of a chat updates the row of each member, in place: only the key is indexed.
WITH (fillfactor = 50);

CREATE TABLE inbox_marks (
    chat_id chat_id NOT NULL,
    -- At random, because logical replication does not copy the value of a sequence.
    id bigint NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0),
    user_id user_id,
    marked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT inbox_marks_pkey PRIMARY KEY (chat_id, id),
    CONSTRAINT inbox_marks_times_check CHECK (
        marked_at >= '0001-01-01 00:00:00+00' AND marked_at <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE FUNCTION keeps_inbox() RETURNS boolean
LANGUAGE sql
STABLE
AS 'SELECT false';

CREATE FUNCTION mark_inbox(in_chat chat_id, what chat_change_kind, of_user user_id) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    -- What shows in no list of chats.
    IF what IN ('reactions_changed', 'role_changed', 'profile_changed', 'picture_changed') THEN
        RETURN;
    END IF;

    INSERT INTO inbox_marks (chat_id) VALUES (in_chat);

    -- Who leaves is no member any more when the mark is taken.
    IF what = 'member_left' THEN
        INSERT INTO inbox_marks (chat_id, user_id) VALUES (in_chat, of_user);
    ELSIF what = 'chat_deleted' THEN
        INSERT INTO inbox_marks (chat_id, user_id)
        SELECT
            member.chat_id,
            member.user_id
        FROM chat_participants AS member
        WHERE member.chat_id = in_chat AND member.left_at IS NULL;
    END IF;
END
$$;

COMMENT ON TABLE inbox_by_user IS
    'The list of chats of each user, as inbox_truth has it, where the database keeps it (keeps_inbox): one range of the key for an inbox, on one server. A projector writes it, a moment late; what a user does alone, and the end of a membership, at once.';
COMMENT ON COLUMN inbox_by_user.user_id IS 'Whose list. No foreign key: the rows go when the membership ends.';
COMMENT ON COLUMN inbox_by_user.about_chat_id IS
    'Which chat. No foreign key: it lies on another server, and the rows are gone before the chat is purged.';
COMMENT ON COLUMN inbox_by_user.last_seq IS 'The seq of the chat''s newest message; 0: it has none. It never goes back.';
COMMENT ON COLUMN inbox_by_user.last_message_at IS 'When the newest message was sent.';
COMMENT ON COLUMN inbox_by_user.last_sender_id IS 'Who sent it; null for a system message. No foreign key, as in chat_heads.';
COMMENT ON COLUMN inbox_by_user.last_kind IS 'What it is.';
COMMENT ON COLUMN inbox_by_user.last_preview IS 'The beginning of it; null when it has no words, or was deleted.';
COMMENT ON COLUMN inbox_by_user.last_state IS '0: it is shown; 1: it was deleted; 2: the user does not see it, because they have deleted it for themselves or cleared the chat.';
COMMENT ON COLUMN inbox_by_user.last_read_seq IS 'Up to which message the user has read. It never goes back.';
COMMENT ON COLUMN inbox_by_user.unread_count IS 'How many messages the user has not read, but for those of the system and deleted ones.';
COMMENT ON COLUMN inbox_by_user.mention_count IS 'How many of them name the user.';
COMMENT ON COLUMN inbox_by_user.muted_until_at IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_by_user.pin_rank IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_by_user.shown_in IS '0: the chat is in the inbox; 1: in the archive; 2: in no list until something new is said.';
COMMENT ON COLUMN inbox_by_user.unread_from_seq IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_by_user.draft IS 'As in chat_settings.';
COMMENT ON TABLE inbox_marks IS
    'Which rows of inbox_by_user may be out of date: written in the transaction that changes what they are made from, and removed by the projector that has made them anew. Empty where the database does not keep inbox_by_user.';
COMMENT ON COLUMN inbox_marks.chat_id IS 'Of which chat.';
COMMENT ON COLUMN inbox_marks.id IS 'Chosen at random. By it the projector says what it has done.';
COMMENT ON COLUMN inbox_marks.user_id IS 'Of which user. Null: of each member. No foreign key: the row is removed within seconds.';
COMMENT ON COLUMN inbox_marks.marked_at IS 'Since when.';
COMMENT ON FUNCTION keeps_inbox() IS
    'Whether the database keeps inbox_by_user, and reads inboxes from it. keep_inbox replaces it; distribute calls that.';
COMMENT ON FUNCTION mark_inbox(chat_id, chat_change_kind, user_id) IS
    'Notes that a change of a chat, or, where the kind is null, something said in it, changes the lists of its members.';
