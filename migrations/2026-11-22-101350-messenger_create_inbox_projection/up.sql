-- Purpose: inbox_truth, the list of chats of each user as the tables of the chats say; inbox_entries, what is read: that, or
--   inbox_by_user; project_inbox, which writes the latter from the former; and keep_inbox, which switches.
-- Lock: none that others wait for: views and functions are created.
-- Tolerable because: nobody can be reading a view or calling a function that did not exist.
-- Code deployed before: does not know them, and reads the tables of the chats.

CREATE VIEW inbox_truth WITH (security_invoker = true) AS
SELECT
    position.user_id,
    position.chat_id AS about_chat_id,
    head.last_seq,
    head.last_message_at,
    head.last_sender_id,
    head.last_kind,
    head.last_preview,
    -- For the rows of a page only, because PostgreSQL asks what costs something after it has sorted; and of those who do not see
    -- all of a chat, whom an index of their own has.
    CASE
        WHEN
            head.last_seq > 0 AND EXISTS (
                SELECT
                FROM chat_participants AS viewer
                WHERE
                    viewer.chat_id = position.chat_id
                    AND viewer.user_id = position.user_id
                    AND (viewer.seen_after_seq > 0 OR viewer.hidden_seqs <> '{}')
                    AND (viewer.seen_after_seq >= head.last_seq OR head.last_seq = ANY (viewer.hidden_seqs))
                OFFSET 0
            ) THEN 2
        -- No other message of a member does not count as unread.
        WHEN head.last_sender_id IS NOT NULL AND head.last_uncounted_seq = head.last_seq THEN 1
        ELSE 0
    END::smallint AS last_state,
    position.last_read_seq,
    head.last_seq - position.last_read_seq
    - CASE
        WHEN head.last_uncounted_seq > position.last_read_seq THEN (
            SELECT count(*)
            FROM messages AS uncounted
            WHERE
                uncounted.chat_id = position.chat_id
                AND uncounted.seq > position.last_read_seq
                AND (uncounted.sender_id IS NULL OR uncounted.deleted_at IS NOT NULL)
        )
        ELSE 0
    END AS unread_count,
    CASE
        WHEN head.last_seq > position.last_read_seq THEN (
            SELECT count(*)
            FROM message_mentions AS mention
            WHERE
                mention.chat_id = position.chat_id
                AND mention.user_id = position.user_id
                AND mention.message_seq > position.last_read_seq
        )
        ELSE 0
    END AS mention_count,
    setting.muted_until_at,
    setting.pin_rank,
    CASE WHEN setting.hidden_through_seq >= head.last_seq THEN 2 WHEN setting.is_archived THEN 1 ELSE 0 END::smallint AS shown_in,
    setting.unread_from_seq,
    setting.draft
FROM unread_messages AS position
INNER JOIN chat_heads AS head ON position.chat_id = head.chat_id
LEFT JOIN chat_settings AS setting ON position.user_id = setting.user_id AND position.chat_id = setting.chat_id;

CREATE VIEW inbox_entries WITH (security_invoker = true) AS
SELECT
    user_id,
    about_chat_id,
    last_seq,
    last_message_at,
    last_sender_id,
    last_kind,
    last_preview,
    last_state,
    last_read_seq,
    unread_count,
    mention_count,
    muted_until_at,
    pin_rank,
    shown_in,
    unread_from_seq,
    draft
FROM inbox_truth;

CREATE VIEW presence_entries WITH (security_invoker = true) AS
SELECT
    user_id,
    status,
    last_seen_at
FROM user_presence;

-- The statements name the chat, and then the users, so that each is carried out where those are.
CREATE FUNCTION project_inbox(in_chat chat_id, of_users uuid [], of_members boolean) RETURNS bigint
LANGUAGE plpgsql
-- Citus finds the server of the chat when a statement is planned for this chat, and refuses one that is planned for any.
SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
    all_users uuid [] := of_users;
    gone uuid [];
    rows_now inbox_by_user [];
    removed bigint := 0;
    written bigint;
BEGIN
    IF of_members THEN
        all_users := all_users || ARRAY(
            SELECT member.user_id::uuid
            FROM chat_participants AS member
            WHERE member.chat_id = in_chat AND member.left_at IS NULL AND member.user_id <> ALL (of_users)
        );
    END IF;

    IF of_users <> '{}' THEN
        gone := ARRAY(
            SELECT one.id
            FROM unnest(of_users) AS one (id)
            WHERE NOT EXISTS (
                SELECT FROM unread_messages AS position WHERE position.chat_id = in_chat AND position.user_id = one.id
            )
        );
        IF gone <> '{}' THEN
            DELETE FROM inbox_by_user WHERE user_id = ANY (gone) AND about_chat_id = in_chat;
            GET DIAGNOSTICS removed = ROW_COUNT;
        END IF;
    END IF;

    -- As inbox_truth has them, with the chat named in each relation, so that Citus finds the one server that has it.
    SELECT
        array_agg(
            row(
                position.user_id,
                in_chat,
                head.last_seq,
                head.last_message_at,
                head.last_sender_id,
                head.last_kind,
                head.last_preview,
                CASE
                    WHEN
                        head.last_seq > 0 AND (viewer.seen_after_seq >= head.last_seq OR head.last_seq = ANY (viewer.hidden_seqs))
                        THEN 2
                    WHEN head.last_sender_id IS NOT NULL AND head.last_uncounted_seq = head.last_seq THEN 1
                    ELSE 0
                END,
                position.last_read_seq,
                head.last_seq - position.last_read_seq
                - CASE
                    WHEN head.last_uncounted_seq > position.last_read_seq THEN (
                        SELECT count(*)
                        FROM messages AS uncounted
                        WHERE
                            uncounted.chat_id = in_chat
                            AND uncounted.seq > position.last_read_seq
                            AND (uncounted.sender_id IS NULL OR uncounted.deleted_at IS NOT NULL)
                    )
                    ELSE 0
                END,
                CASE
                    WHEN head.last_seq > position.last_read_seq THEN (
                        SELECT count(*)
                        FROM message_mentions AS mention
                        WHERE
                            mention.chat_id = in_chat
                            AND mention.user_id = position.user_id
                            AND mention.message_seq > position.last_read_seq
                    )
                    ELSE 0
                END,
                setting.muted_until_at,
                setting.pin_rank,
                CASE WHEN setting.hidden_through_seq >= head.last_seq THEN 2 WHEN setting.is_archived THEN 1 ELSE 0 END,
                setting.unread_from_seq,
                setting.draft
            )::inbox_by_user
        )
    INTO rows_now
    FROM unread_messages AS position
    INNER JOIN chat_heads AS head ON head.chat_id = in_chat
    INNER JOIN chat_participants AS viewer ON viewer.chat_id = in_chat AND viewer.user_id = position.user_id
    LEFT JOIN chat_settings AS setting ON setting.chat_id = in_chat AND setting.user_id = position.user_id
    WHERE position.chat_id = in_chat AND position.user_id = ANY (all_users);

    -- What a user did alone is here already, and may be later than what that statement saw.
    INSERT INTO inbox_by_user AS entry (
        user_id, about_chat_id, last_seq, last_message_at, last_sender_id, last_kind, last_preview, last_state, last_read_seq,
        unread_count, mention_count, muted_until_at, pin_rank, shown_in, unread_from_seq, draft
    )
    SELECT
        one.user_id,
        one.about_chat_id,
        one.last_seq,
        one.last_message_at,
        one.last_sender_id,
        one.last_kind,
        one.last_preview,
        one.last_state,
        one.last_read_seq,
        one.unread_count,
        one.mention_count,
        one.muted_until_at,
        one.pin_rank,
        one.shown_in,
        one.unread_from_seq,
        one.draft
    FROM unnest(rows_now) AS one
    ON CONFLICT (user_id, about_chat_id) DO UPDATE
    SET
        last_seq = excluded.last_seq,
        last_message_at = excluded.last_message_at,
        last_sender_id = excluded.last_sender_id,
        last_kind = excluded.last_kind,
        last_preview = excluded.last_preview,
        last_state = excluded.last_state,
        last_read_seq = excluded.last_read_seq,
        unread_count = excluded.unread_count,
        mention_count = excluded.mention_count,
        muted_until_at = excluded.muted_until_at,
        pin_rank = excluded.pin_rank,
        shown_in = excluded.shown_in,
        unread_from_seq = excluded.unread_from_seq,
        draft = excluded.draft
    WHERE entry.last_seq <= excluded.last_seq AND entry.last_read_seq <= excluded.last_read_seq;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN removed + written;
END
$$;

-- In one transaction, so that marks of a projector that was killed are there for the next. The marks first: what is changed later
-- has marks of its own.
CREATE FUNCTION take_inbox_marks(in_chat chat_id, mark_ids bigint [], of_users uuid [], of_members boolean) RETURNS bigint
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM inbox_marks WHERE chat_id = in_chat AND id = ANY (mark_ids);
    RETURN project_inbox(in_chat, of_users, of_members);
END
$$;

-- What a user does alone, and the end of a membership: the row is written at once, and marked, because a projector that has read
-- what was before may write after it.
CREATE FUNCTION project_own_inbox(in_chat chat_id, of_users uuid []) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO inbox_marks (chat_id, user_id)
    SELECT
        in_chat,
        one.id
    FROM unnest(of_users) AS one (id);

    -- Of several, who may wait for each other in a circle with a projector, the projector writes them.
    IF cardinality(of_users) = 1 THEN
        PERFORM project_inbox(in_chat, of_users, false);
    END IF;
END
$$;

-- Each table is read once, for all users together: with 300 of them in ten chats each, a look at an index for each row is what
-- costs. Where the list of chats by user is kept, it is asked for the other chats, and the tables of this one for this one.
CREATE FUNCTION badges(in_chat chat_id, of_seq bigint, of_users uuid [])
RETURNS TABLE (user_id user_id, is_unread boolean, badge bigint)
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_column
BEGIN
    IF keeps_inbox() THEN
        RETURN QUERY
        WITH here AS MATERIALIZED (
            SELECT
                position.user_id,
                position.last_read_seq,
                CASE
                    WHEN setting.muted_until_at > now() THEN (
                        SELECT count(*)
                        FROM message_mentions AS named
                        WHERE
                            named.chat_id = in_chat
                            AND named.user_id = position.user_id
                            AND named.message_seq > position.last_read_seq
                    )
                    ELSE head.last_seq - position.last_read_seq - (
                        SELECT count(*)
                        FROM messages AS uncounted
                        WHERE
                            uncounted.chat_id = in_chat
                            AND uncounted.seq > position.last_read_seq
                            AND (uncounted.sender_id IS NULL OR uncounted.deleted_at IS NOT NULL)
                    )
                END AS waiting
            FROM chat_heads AS head
            INNER JOIN unread_messages AS position ON position.chat_id = in_chat
            LEFT JOIN chat_settings AS setting ON setting.chat_id = in_chat AND setting.user_id = position.user_id
            WHERE head.chat_id = in_chat AND position.user_id = ANY (of_users) AND head.last_seq > position.last_read_seq
        ),

        elsewhere AS MATERIALIZED (
            SELECT
                entry.user_id,
                sum(CASE WHEN entry.muted_until_at > now() THEN entry.mention_count ELSE entry.unread_count END) AS waiting
            FROM inbox_by_user AS entry
            WHERE
                entry.user_id = ANY (of_users)
                AND entry.about_chat_id <> in_chat
                AND entry.last_seq > entry.last_read_seq
            GROUP BY entry.user_id
        )

        SELECT
            here.user_id,
            here.last_read_seq < of_seq,
            (here.waiting + coalesce(elsewhere.waiting, 0))::bigint
        FROM here
        LEFT JOIN elsewhere ON elsewhere.user_id = here.user_id;

        RETURN;
    END IF;

    RETURN QUERY
    -- How many users there are the planner is not to know: from some number on, it would rather read whole tables. Of what is
    -- muted, a user has few.
    WITH muted AS MATERIALIZED (
        SELECT
            setting.user_id,
            setting.chat_id
        FROM chat_settings AS setting
        WHERE setting.user_id = ANY (ARRAY(SELECT unnest(of_users))) AND setting.muted_until_at > now()
    ),

    place AS MATERIALIZED (
        SELECT
            position.user_id,
            position.chat_id,
            position.last_read_seq
        FROM unread_messages AS position
        WHERE position.user_id = ANY (ARRAY(SELECT unnest(of_users)))
    ),

    latest AS MATERIALIZED (
        SELECT
            head.chat_id,
            head.last_seq,
            head.last_uncounted_seq
        FROM chat_heads AS head
        WHERE head.chat_id = ANY (ARRAY(SELECT place.chat_id FROM place))
    )

    -- In the chats that are muted, the messages do not count, and the mentions do.
    SELECT
        place.user_id,
        bool_or(place.chat_id = in_chat AND place.last_read_seq < of_seq) AS is_unread,
        sum(
            CASE
                WHEN (place.user_id, place.chat_id) IN (SELECT muted.user_id, muted.chat_id FROM muted) THEN (
                    SELECT count(*)
                    FROM message_mentions AS named
                    WHERE
                        named.chat_id = place.chat_id
                        AND named.user_id = place.user_id
                        AND named.message_seq > place.last_read_seq
                )
                ELSE latest.last_seq - place.last_read_seq
                    - CASE
                        WHEN latest.last_uncounted_seq > place.last_read_seq THEN (
                            SELECT count(*)
                            FROM messages AS uncounted
                            WHERE
                                uncounted.chat_id = place.chat_id
                                AND uncounted.seq > place.last_read_seq
                                AND (uncounted.sender_id IS NULL OR uncounted.deleted_at IS NOT NULL)
                        )
                        ELSE 0
                    END
            END
        )::bigint AS badge
    FROM place
    INNER JOIN latest ON latest.chat_id = place.chat_id
    WHERE latest.last_seq > place.last_read_seq
    GROUP BY place.user_id;
END
$$;

CREATE FUNCTION keep_inbox(is_kept boolean) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    source text := CASE WHEN is_kept THEN 'inbox_by_user' ELSE 'inbox_truth' END;
BEGIN
    -- Nobody writes meanwhile what the rows are made from.
    LOCK TABLE chat_participants, chat_heads, unread_messages, messages, chat_settings, message_mentions IN SHARE ROW EXCLUSIVE MODE;
    TRUNCATE inbox_by_user, inbox_marks;

    EXECUTE format('CREATE OR REPLACE FUNCTION keeps_inbox() RETURNS boolean LANGUAGE sql STABLE AS %L', 'SELECT ' || is_kept::text);
    EXECUTE 'CREATE OR REPLACE VIEW inbox_entries WITH (security_invoker = true) AS '
    || regexp_replace(pg_get_viewdef('inbox_entries'), 'inbox_(by_user|truth)', source, 'g');
    -- No row of another place is joined with those of the chats: of each user, an instant without a status says to ask apart.
    EXECUTE 'CREATE OR REPLACE VIEW presence_entries WITH (security_invoker = true) AS '
    || CASE
        WHEN is_kept THEN 'SELECT id AS user_id, NULL::user_status AS status, created_at AS last_seen_at FROM users'
        ELSE 'SELECT user_id, status, last_seen_at FROM user_presence'
    END;

    IF is_kept THEN
        INSERT INTO inbox_by_user SELECT * FROM inbox_truth;
    END IF;
END
$$;

COMMENT ON FUNCTION badges(chat_id, bigint, uuid []) IS
    'The number for the badge of each of some users who have something unread, and whether a message of a chat is among it.';
COMMENT ON VIEW inbox_truth IS 'The list of chats of each user, as the tables of the chats have it: what inbox_by_user repeats.';
COMMENT ON VIEW inbox_entries IS
    'What inboxes and badges are read from: inbox_truth, or inbox_by_user where the database keeps it. keep_inbox replaces it.';
COMMENT ON VIEW presence_entries IS
    'Presence, as it is read beside other tables: user_presence; or, where the database keeps inbox_by_user, a row of each user without a status, which says that user_presence is to be asked by itself. keep_inbox replaces it.';
COMMENT ON COLUMN presence_entries.user_id IS 'Who.';
COMMENT ON COLUMN presence_entries.status IS 'As in user_presence. Null in a row: user_presence is to be asked.';
COMMENT ON COLUMN presence_entries.last_seen_at IS 'As in user_presence, where there is a status.';
COMMENT ON COLUMN inbox_truth.user_id IS 'Whose list.';
COMMENT ON COLUMN inbox_truth.about_chat_id IS 'Which chat.';
COMMENT ON COLUMN inbox_truth.last_seq IS 'The seq of the chat''s newest message; 0: it has none.';
COMMENT ON COLUMN inbox_truth.last_message_at IS 'When the newest message was sent.';
COMMENT ON COLUMN inbox_truth.last_sender_id IS 'Who sent it; null for a system message.';
COMMENT ON COLUMN inbox_truth.last_kind IS 'What it is.';
COMMENT ON COLUMN inbox_truth.last_preview IS 'The beginning of it; null when it has no words, or was deleted.';
COMMENT ON COLUMN inbox_truth.last_state IS '0: it is shown; 1: it was deleted; 2: the user does not see it, because they have deleted it for themselves or cleared the chat.';
COMMENT ON COLUMN inbox_truth.last_read_seq IS 'Up to which message the user has read.';
COMMENT ON COLUMN inbox_truth.unread_count IS 'How many messages the user has not read, but for those of the system and deleted ones.';
COMMENT ON COLUMN inbox_truth.mention_count IS 'How many of them name the user.';
COMMENT ON COLUMN inbox_truth.muted_until_at IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_truth.pin_rank IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_truth.shown_in IS '0: the chat is in the inbox; 1: in the archive; 2: in no list until something new is said.';
COMMENT ON COLUMN inbox_truth.unread_from_seq IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_truth.draft IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_entries.user_id IS 'Whose list.';
COMMENT ON COLUMN inbox_entries.about_chat_id IS 'Which chat.';
COMMENT ON COLUMN inbox_entries.last_seq IS 'The seq of the chat''s newest message; 0: it has none.';
COMMENT ON COLUMN inbox_entries.last_message_at IS 'When the newest message was sent.';
COMMENT ON COLUMN inbox_entries.last_sender_id IS 'Who sent it; null for a system message.';
COMMENT ON COLUMN inbox_entries.last_kind IS 'What it is.';
COMMENT ON COLUMN inbox_entries.last_preview IS 'The beginning of it; null when it has no words, or was deleted.';
COMMENT ON COLUMN inbox_entries.last_state IS '0: it is shown; 1: it was deleted; 2: the user does not see it, because they have deleted it for themselves or cleared the chat.';
COMMENT ON COLUMN inbox_entries.last_read_seq IS 'Up to which message the user has read.';
COMMENT ON COLUMN inbox_entries.unread_count IS 'How many messages the user has not read, but for those of the system and deleted ones.';
COMMENT ON COLUMN inbox_entries.mention_count IS 'How many of them name the user.';
COMMENT ON COLUMN inbox_entries.muted_until_at IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_entries.pin_rank IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_entries.shown_in IS '0: the chat is in the inbox; 1: in the archive; 2: in no list until something new is said.';
COMMENT ON COLUMN inbox_entries.unread_from_seq IS 'As in chat_settings.';
COMMENT ON COLUMN inbox_entries.draft IS 'As in chat_settings.';
COMMENT ON FUNCTION project_inbox(chat_id, uuid [], boolean) IS
    'Makes the rows of inbox_by_user anew of some users, and of the members of the chat if asked: removes those of users who are not members now. Gives how many rows it wrote. Done again, it does no harm.';
COMMENT ON FUNCTION take_inbox_marks(chat_id, bigint [], uuid [], boolean) IS
    'Removes marks of a chat, and makes anew what they are about, as project_inbox does. Of one chat, one projector at a time.';
COMMENT ON FUNCTION project_own_inbox(chat_id, uuid []) IS
    'Notes that the lists of some users have changed in what concerns a chat, and, of a single one, writes the row at once.';
COMMENT ON FUNCTION keep_inbox(boolean) IS
    'Switches inbox_by_user on, fills it, and has inboxes read from it, and presence by itself; or switches it off, and empties it. For the owner of the tables; writers wait meanwhile.';
