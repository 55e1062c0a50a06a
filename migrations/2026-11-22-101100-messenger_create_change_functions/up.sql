-- Purpose: the functions that count a change and log it, and the hot operations on messages and positions, each one
--   function: one round trip, and one statement that every connection prepares once.
-- Lock: none on a table.
-- Tolerable because: nobody calls the functions yet.
-- Code deployed before: does not know the functions.

CREATE FUNCTION record_chat_change(
    in_chat chat_id,
    what chat_change_kind,
    of_seq bigint,
    of_user user_id,
    OUT next_version bigint,
    OUT happened_at timestamptz
)
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE chat_heads
    SET
        version = version + 1,
        last_uncounted_seq = CASE
            WHEN what = 'message_deleted' THEN greatest(last_uncounted_seq, of_seq)
            ELSE last_uncounted_seq
        END
    WHERE chat_id = in_chat
    RETURNING version INTO STRICT next_version;

    happened_at := clock_timestamp();

    INSERT INTO chat_changes (chat_id, version, kind, message_seq, user_id, changed_at)
    VALUES (in_chat, next_version, what, of_seq, of_user, happened_at);

    IF keeps_inbox() THEN
        PERFORM mark_inbox(in_chat, what, of_user);
    END IF;
END
$$;

CREATE FUNCTION record_event(
    in_chat chat_id,
    message message_id,
    facts jsonb,
    what chat_change_kind,
    of_user user_id,
    OUT next_seq bigint,
    OUT next_version bigint,
    OUT happened_at timestamptz
)
LANGUAGE plpgsql
AS $$
BEGIN
    IF keeps_inbox() THEN
        -- Where Citus distributes the tables, the clock is read before the wait.
        PERFORM FROM chat_heads WHERE chat_id = in_chat FOR NO KEY UPDATE;
    END IF;

    UPDATE chat_heads
    SET
        last_seq = last_seq + 1,
        last_uncounted_seq = last_seq + 1,
        last_message_at = clock(),
        last_sender_id = NULL,
        last_kind = 'system',
        last_preview = NULL,
        version = version + 1
    WHERE chat_id = in_chat
    RETURNING last_seq, version, last_message_at INTO STRICT next_seq, next_version, happened_at;

    INSERT INTO messages (chat_id, seq, id, kind, metadata, created_at, version)
    VALUES (in_chat, next_seq, message, 'system', facts, happened_at, next_version);

    INSERT INTO chat_changes (chat_id, version, kind, user_id, changed_at)
    VALUES (in_chat, next_version, what, of_user, happened_at);

    -- Whatever it is about, there is a new message.
    IF keeps_inbox() THEN
        PERFORM mark_inbox(in_chat, CASE WHEN what IN ('member_left', 'chat_deleted') THEN what END, of_user);
    END IF;
END
$$;

CREATE FUNCTION record_user_change(
    of_users uuid [],
    what user_change_kind,
    of_chat chat_id,
    of_other user_id,
    of_session session_id
) RETURNS TABLE (of_user user_id, next_version bigint)
LANGUAGE plpgsql
AS $$
BEGIN
    -- In the order of the users' ids, so that two calls that log for the same users do not deadlock.
    INSERT INTO user_heads AS head (user_id, version)
    SELECT
        one.id,
        1
    FROM (SELECT DISTINCT unnest(of_users) AS id ORDER BY id) AS one
    ON CONFLICT (user_id) DO UPDATE SET version = head.version + 1;

    RETURN QUERY
    INSERT INTO user_changes AS change (user_id, version, kind, about_chat_id, about_user_id, about_session_id)
    SELECT
        head.user_id,
        head.version,
        what,
        of_chat,
        of_other,
        of_session
    FROM user_heads AS head
    WHERE head.user_id = ANY(of_users)
    RETURNING change.user_id, change.version;

    IF
        keeps_inbox()
        AND of_chat IS NOT NULL
        AND what IN ('membership_began', 'membership_ended', 'settings_changed', 'messages_hidden')
    THEN
        PERFORM project_own_inbox(of_chat, of_users);
    END IF;
END
$$;

-- Users whom the user has blocked do not learn of a new picture. A chat without such a user logs that only the picture changed.
-- In a chat with one, not even the version grows: the others find the picture in their own logs, 1,000 people at most, and the
-- rest when they read the profile.
CREATE FUNCTION record_profile_change(of_user user_id, is_picture boolean) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    most CONSTANT integer := 1000;
    of_chat chat_id;
    others uuid [] := '{}';
    has_blocked boolean := (SELECT is_picture) AND EXISTS (SELECT FROM blocks AS block WHERE block.blocker_id = of_user);
    is_hidden_here boolean := false;
BEGIN
    FOR of_chat IN
        SELECT position.chat_id
        FROM unread_messages AS position
        WHERE position.user_id = of_user
        ORDER BY position.chat_id
    LOOP
        -- Apart: in one condition, it would be planned again for whom has blocked nobody.
        IF has_blocked THEN
            -- Whoever is coming comes before, and is among the members, or waits, and reads what is new.
            PERFORM FROM chat_heads AS head WHERE head.chat_id = of_chat FOR NO KEY UPDATE;
            is_hidden_here := EXISTS (
                SELECT
                FROM chat_participants AS member
                INNER JOIN blocks AS block ON block.blocker_id = of_user AND block.blocked_id = member.user_id
                WHERE member.chat_id = of_chat AND member.left_at IS NULL
            );
        END IF;

        IF is_hidden_here THEN
            others := others || ARRAY(
                SELECT member.user_id::uuid
                FROM chat_participants AS member
                WHERE
                    member.chat_id = of_chat
                    AND member.left_at IS NULL
                    AND member.user_id <> ALL (others)
                    AND NOT EXISTS (
                        SELECT FROM blocks AS block
                        WHERE block.blocker_id = of_user AND block.blocked_id = member.user_id
                    )
                ORDER BY member.user_id
                LIMIT most - cardinality(others)
            );
        ELSE
            PERFORM record_chat_change(
                of_chat, CASE WHEN is_picture THEN 'picture_changed' ELSE 'profile_changed' END::chat_change_kind, NULL, of_user
            );
        END IF;
    END LOOP;

    PERFORM record_user_change(
        others || ARRAY(
            SELECT contact.contact_id::uuid
            FROM contacts AS contact
            WHERE
                contact.user_id = of_user
                AND NOT (
                    (SELECT is_picture)
                    AND EXISTS (
                        SELECT FROM blocks AS block
                        WHERE block.blocker_id = of_user AND block.blocked_id = contact.contact_id
                    )
                )
        ) || of_user::uuid,
        'profile_changed', NULL, of_user, NULL
    );
END
$$;

-- A user who is no longer blocked sees picture and presence again, and gets a change that says so, if the two share a chat
-- or are contacts. The caller holds both accounts: who is coming into a chat of the other, or becoming a contact, has done so, or
-- waits.
CREATE FUNCTION record_unblock(by_user user_id, of_user user_id) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF by_user < of_user THEN
        PERFORM record_user_change(ARRAY[by_user::uuid], 'block_changed', NULL, of_user, NULL);
    END IF;

    IF
        EXISTS (SELECT contact.user_id FROM contacts AS contact WHERE contact.user_id = of_user AND contact.contact_id = by_user)
        OR EXISTS (
            SELECT own.chat_id
            FROM chat_participants AS own
            INNER JOIN chat_participants AS other ON other.chat_id = own.chat_id AND other.user_id = by_user
            WHERE own.user_id = of_user AND own.left_at IS NULL AND other.left_at IS NULL
        )
    THEN
        PERFORM record_user_change(ARRAY[of_user::uuid], 'profile_changed', NULL, by_user, NULL);
    END IF;

    IF by_user > of_user THEN
        PERFORM record_user_change(ARRAY[by_user::uuid], 'block_changed', NULL, of_user, NULL);
    END IF;
END
$$;

-- Chat by chat, so that each is read where it lies, and none beyond what is asked for.
CREATE FUNCTION changes_of_chats(of_chats uuid [], after_versions bigint [], at_most bigint) RETURNS SETOF chat_changes
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    of_chat uuid;
    after_version bigint;
    room bigint := at_most;
    given bigint;
BEGIN
    FOR of_chat, after_version IN
        SELECT
            known.chat_id,
            known.version
        FROM unnest(of_chats, after_versions) AS known (chat_id, version)
        ORDER BY known.chat_id
    LOOP
        RETURN QUERY
        SELECT change.*
        FROM chat_changes AS change
        WHERE change.chat_id = of_chat AND change.version > after_version
        ORDER BY change.version
        LIMIT room;

        GET DIAGNOSTICS given = ROW_COUNT;
        room := room - given;
        EXIT WHEN room = 0;
    END LOOP;
END
$$;

CREATE FUNCTION edit_message(
    in_chat chat_id,
    by_user user_id,
    of_seq bigint,
    words text,
    OUT outcome text,
    OUT edited messages
)
LANGUAGE plpgsql
AS $$
DECLARE
    edit_version bigint;
    happened_at timestamptz;
    other_user user_id;
BEGIN
    -- Refuses without a lock when the user may not edit the message or the time for it is over.
    SELECT
        CASE
            WHEN message.seq IS NULL OR message.deleted_at IS NOT NULL THEN 'not_found'
            WHEN of_seq <= viewer.seen_after_seq OR of_seq = ANY (viewer.hidden_seqs) THEN 'not_found'
            WHEN message.sender_id IS DISTINCT FROM by_user THEN 'not_allowed'
            WHEN words IS NULL AND message.kind = 'text' THEN 'empty'
            WHEN message.content IS NOT DISTINCT FROM words THEN 'unchanged'
            ELSE 'edited'
        END,
        CASE by_user WHEN chat.direct_low THEN chat.direct_high ELSE chat.direct_low END
    INTO outcome, other_user
    FROM chat_participants AS viewer
    INNER JOIN chats AS chat ON chat.id = in_chat
    LEFT JOIN messages AS message ON message.chat_id = in_chat AND message.seq = of_seq
    WHERE viewer.chat_id = in_chat AND viewer.user_id = by_user AND viewer.left_at IS NULL;

    IF other_user IS NOT NULL THEN
        outcome := coalesce(direct_chat_refuses(in_chat, by_user, other_user), outcome);
    END IF;

    outcome := coalesce(outcome, 'not_a_member');
    IF outcome <> 'edited' THEN
        IF outcome = 'unchanged' THEN
            SELECT * INTO edited FROM messages WHERE chat_id = in_chat AND seq = of_seq;
        END IF;
        RETURN;
    END IF;

    UPDATE chat_heads
    SET
        version = version + 1,
        last_preview = CASE WHEN last_seq = of_seq THEN message_preview(words) ELSE last_preview END
    WHERE chat_id = in_chat
    RETURNING version INTO edit_version;

    happened_at := clock_timestamp();

    -- Checked under the lock of the head, because it may have changed meanwhile.
    IF NOT EXISTS (SELECT FROM unread_messages WHERE user_id = by_user AND chat_id = in_chat) THEN
        RAISE EXCEPTION 'the sender''s membership ended while the message was edited ("messages_sender_is_participant_fkey")'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'messages_sender_is_participant_fkey';
    END IF;

    INSERT INTO message_edits (chat_id, message_seq, version, content, edited_at)
    SELECT
        message.chat_id,
        of_seq,
        -- Not max(): where the planner expects one row it reads all there are.
        coalesce(
            (
                SELECT edit.version
                FROM message_edits AS edit
                WHERE edit.chat_id = in_chat AND edit.message_seq = of_seq
                ORDER BY edit.version DESC
                LIMIT 1
            ),
            0
        ) + 1,
        message.content,
        happened_at
    FROM messages AS message
    WHERE message.chat_id = in_chat AND message.seq = of_seq AND message.deleted_at IS NULL;

    UPDATE messages
    SET content = words, metadata = '{}', edited_at = happened_at, version = edit_version
    WHERE chat_id = in_chat AND seq = of_seq AND deleted_at IS NULL
    RETURNING * INTO edited;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'the message was deleted while it was edited ("messages_deleted_is_empty_check")'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'messages_deleted_is_empty_check';
    END IF;

    INSERT INTO chat_changes (chat_id, version, kind, message_seq, user_id, changed_at)
    VALUES (in_chat, edit_version, 'message_edited', of_seq, by_user, happened_at);

    IF keeps_inbox() THEN
        PERFORM mark_inbox(in_chat, 'message_edited', NULL);
    END IF;
END
$$;

-- Metadata belongs to the words of one version, such as a preview of their link. The service says for which version it made
-- them.
CREATE FUNCTION set_message_metadata(
    in_chat chat_id,
    by_user user_id,
    of_seq bigint,
    of_version bigint,
    facts jsonb,
    OUT outcome text,
    OUT changed messages
)
LANGUAGE plpgsql
AS $$
DECLARE
    next_version bigint;
    other_user user_id;
BEGIN
    SELECT
        CASE
            WHEN message.seq IS NULL OR message.deleted_at IS NOT NULL THEN 'not_found'
            WHEN of_seq <= viewer.seen_after_seq OR of_seq = ANY (viewer.hidden_seqs) THEN 'not_found'
            WHEN message.sender_id IS DISTINCT FROM by_user THEN 'not_allowed'
            WHEN message.version <> of_version THEN 'edited_meanwhile'
            ELSE 'changed'
        END,
        CASE by_user WHEN chat.direct_low THEN chat.direct_high ELSE chat.direct_low END
    INTO outcome, other_user
    FROM chat_participants AS viewer
    INNER JOIN chats AS chat ON chat.id = in_chat
    LEFT JOIN messages AS message ON message.chat_id = in_chat AND message.seq = of_seq
    WHERE viewer.chat_id = in_chat AND viewer.user_id = by_user AND viewer.left_at IS NULL;

    IF other_user IS NOT NULL THEN
        outcome := coalesce(direct_chat_refuses(in_chat, by_user, other_user), outcome);
    END IF;

    outcome := coalesce(outcome, 'not_a_member');
    IF outcome <> 'changed' THEN
        RETURN;
    END IF;

    UPDATE chat_heads
    SET version = version + 1
    WHERE chat_id = in_chat
    RETURNING version INTO next_version;

    -- Checked under the lock of the head, because it may have changed meanwhile.
    UPDATE messages
    SET metadata = facts, version = next_version
    WHERE chat_id = in_chat AND seq = of_seq AND version = of_version AND deleted_at IS NULL
    RETURNING * INTO changed;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'the message was changed meanwhile ("messages_version_check")'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'messages_version_check';
    END IF;

    INSERT INTO chat_changes (chat_id, version, kind, message_seq, user_id, changed_at)
    VALUES (in_chat, next_version, 'message_edited', of_seq, by_user, clock_timestamp());
END
$$;

-- For what a service keeps beside a message in tables of its own: it takes the chat's next version, like any other change.
CREATE FUNCTION touch_message(
    in_chat chat_id,
    by_user user_id,
    of_seq bigint,
    OUT outcome text,
    OUT next_version bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    other_user user_id;
BEGIN
    -- Whoever may not is told so without a lock.
    SELECT
        CASE
            WHEN message.seq IS NULL OR message.deleted_at IS NOT NULL THEN 'not_found'
            WHEN of_seq <= viewer.seen_after_seq OR of_seq = ANY (viewer.hidden_seqs) THEN 'not_found'
            ELSE 'touched'
        END,
        CASE by_user WHEN chat.direct_low THEN chat.direct_high ELSE chat.direct_low END
    INTO outcome, other_user
    FROM chat_participants AS viewer
    INNER JOIN chats AS chat ON chat.id = in_chat
    LEFT JOIN messages AS message ON message.chat_id = in_chat AND message.seq = of_seq
    WHERE viewer.chat_id = in_chat AND viewer.user_id = by_user AND viewer.left_at IS NULL;

    IF other_user IS NOT NULL THEN
        outcome := coalesce(direct_chat_refuses(in_chat, by_user, other_user), outcome);
    END IF;

    outcome := coalesce(outcome, 'not_a_member');
    IF outcome <> 'touched' THEN
        RETURN;
    END IF;

    -- Before the head, as everywhere: a service's own row that follows in the transaction may point at the account.
    PERFORM FROM local_users WHERE id = by_user FOR KEY SHARE;

    next_version := (record_chat_change(in_chat, 'message_edited', of_seq, by_user)).next_version;

    -- Under the lock of the head, which ends with the transaction: what was true before it may have changed meanwhile.
    IF NOT EXISTS (SELECT FROM unread_messages WHERE user_id = by_user AND chat_id = in_chat) THEN
        RAISE EXCEPTION 'the membership ended meanwhile ("messages_sender_is_participant_fkey")'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'messages_sender_is_participant_fkey';
    END IF;

    IF NOT EXISTS (SELECT FROM messages WHERE chat_id = in_chat AND seq = of_seq AND deleted_at IS NULL) THEN
        RAISE EXCEPTION 'the message was deleted meanwhile ("messages_deleted_is_empty_check")'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'messages_deleted_is_empty_check';
    END IF;
END
$$;

CREATE FUNCTION change_reaction(
    in_chat chat_id,
    by_user user_id,
    of_seq bigint,
    with_emoji text,
    is_given boolean,
    OUT outcome text,
    OUT current_version bigint,
    OUT emojis text [],
    OUT counts bigint []
)
LANGUAGE plpgsql
AS $$
DECLARE
    is_there boolean;
    is_message boolean;
    is_member boolean;
    given_times bigint;
    happened_at timestamptz;
    other_user user_id;
BEGIN
    SELECT
        CASE
            WHEN message.seq IS NULL OR message.deleted_at IS NOT NULL THEN 'not_found'
            WHEN of_seq <= viewer.seen_after_seq OR of_seq = ANY (viewer.hidden_seqs) THEN 'not_found'
            ELSE 'unchanged'
        END,
        CASE by_user WHEN chat.direct_low THEN chat.direct_high ELSE chat.direct_low END,
        EXISTS (
            SELECT FROM message_reactions AS reaction
            WHERE
                reaction.chat_id = in_chat
                AND reaction.message_seq = of_seq
                AND reaction.user_id = by_user
                AND reaction.emoji = with_emoji
        )
    INTO outcome, other_user, is_there
    FROM chat_participants AS viewer
    INNER JOIN chats AS chat ON chat.id = in_chat
    LEFT JOIN messages AS message ON message.chat_id = in_chat AND message.seq = of_seq
    WHERE viewer.chat_id = in_chat AND viewer.user_id = by_user AND viewer.left_at IS NULL;

    IF other_user IS NOT NULL AND is_given AND outcome = 'unchanged' THEN
        outcome := coalesce(direct_chat_refuses(in_chat, by_user, other_user), outcome);
    END IF;

    outcome := coalesce(outcome, 'not_a_member');
    IF outcome <> 'unchanged' THEN
        RETURN;
    END IF;

    IF is_there = is_given THEN
        SELECT version INTO current_version FROM chat_heads WHERE chat_id = in_chat;
    ELSE
        UPDATE chat_heads
        SET version = version + 1
        WHERE chat_id = in_chat
        RETURNING version INTO current_version;

        happened_at := clock_timestamp();

        -- Read again under the lock of the head, because it may have changed meanwhile.
        SELECT
            EXISTS (SELECT FROM messages WHERE chat_id = in_chat AND seq = of_seq AND deleted_at IS NULL),
            EXISTS (SELECT FROM unread_messages WHERE user_id = by_user AND chat_id = in_chat),
            (
                SELECT count(*)
                FROM message_reactions AS reaction
                WHERE reaction.chat_id = in_chat AND reaction.message_seq = of_seq AND reaction.user_id = by_user
            )
        INTO is_message, is_member, given_times;

        IF NOT is_message THEN
            RAISE EXCEPTION 'the message was deleted while somebody reacted to it ("message_reactions_message_fkey")'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'message_reactions_message_fkey';
        ELSIF NOT is_member THEN
            RAISE EXCEPTION 'the membership ended while the reaction was given ("message_reactions_user_is_participant_fkey")'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'message_reactions_user_is_participant_fkey';
        ELSIF is_given AND given_times >= 20 THEN
            RAISE EXCEPTION 'a member has at most 20 reactions on a message ("message_reactions_of_one_check")'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_reactions_of_one_check';
        END IF;

        IF is_given THEN
            INSERT INTO message_reactions (chat_id, message_seq, user_id, emoji, created_at)
            VALUES (in_chat, of_seq, by_user, with_emoji, happened_at)
            ON CONFLICT DO NOTHING;
        ELSE
            DELETE FROM message_reactions AS reaction
            WHERE
                reaction.chat_id = in_chat
                AND reaction.message_seq = of_seq
                AND reaction.user_id = by_user
                AND reaction.emoji = with_emoji;
        END IF;

        -- Another device of the same user may have been faster.
        IF FOUND THEN
            outcome := 'changed';
            INSERT INTO chat_changes (chat_id, version, kind, message_seq, user_id, changed_at)
            VALUES (in_chat, current_version, 'reactions_changed', of_seq, by_user, happened_at);
        END IF;
    END IF;

    SELECT
        array_agg(given.emoji ORDER BY given.first_at, given.emoji),
        array_agg(given.times ORDER BY given.first_at, given.emoji)
    INTO emojis, counts
    FROM (
        SELECT
            reaction.emoji,
            min(reaction.created_at) AS first_at,
            count(*) AS times
        FROM message_reactions AS reaction
        WHERE reaction.chat_id = in_chat AND reaction.message_seq = of_seq
        GROUP BY reaction.emoji
        ORDER BY times DESC, first_at, reaction.emoji
        LIMIT 20
    ) AS given;
END
$$;

CREATE FUNCTION mark_delivered(
    in_chat chat_id,
    by_user user_id,
    up_to bigint,
    OUT after_seq bigint,
    OUT through_seq bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    read_seq bigint;
    target_seq bigint;
BEGIN
    SELECT
        position.last_read_seq,
        position.last_delivered_seq,
        least(up_to, head.last_seq)
    INTO read_seq, after_seq, target_seq
    FROM unread_messages AS position
    INNER JOIN chat_heads AS head ON head.chat_id = in_chat
    WHERE position.user_id = by_user AND position.chat_id = in_chat;

    -- The position is as it was read, unless another device of the user has changed it.
    LOOP
        through_seq := greatest(after_seq, target_seq);
        EXIT WHEN after_seq IS NULL OR after_seq >= target_seq;

        UPDATE unread_messages
        SET last_delivered_seq = target_seq
        WHERE
            user_id = by_user
            AND chat_id = in_chat
            AND last_read_seq = read_seq
            AND last_delivered_seq = after_seq;

        IF FOUND THEN
            INSERT INTO message_delivery (chat_id, user_id, through_seq, delivered_at)
            VALUES (in_chat, by_user, target_seq, clock_timestamp());
            EXIT;
        END IF;

        SELECT last_read_seq, last_delivered_seq
        INTO read_seq, after_seq
        FROM unread_messages
        WHERE user_id = by_user AND chat_id = in_chat
        FOR NO KEY UPDATE;
    END LOOP;
END
$$;

CREATE FUNCTION mark_read(
    in_chat chat_id,
    by_user user_id,
    up_to bigint,
    OUT after_seq bigint,
    OUT through_seq bigint,
    OUT delivered_after_seq bigint,
    OUT delivered_through_seq bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    target_seq bigint;
    ended_seq bigint;
    received_at timestamptz;
    happened_at timestamptz;
BEGIN
    SELECT
        position.last_read_seq,
        position.last_delivered_seq,
        least(up_to, head.last_seq)
    INTO after_seq, delivered_after_seq, target_seq
    FROM unread_messages AS position
    INNER JOIN chat_heads AS head ON head.chat_id = in_chat
    WHERE position.user_id = by_user AND position.chat_id = in_chat;

    -- The position is as it was read, unless another device of the user has changed it.
    LOOP
        through_seq := greatest(after_seq, target_seq);
        delivered_through_seq := greatest(delivered_after_seq, through_seq);
        EXIT WHEN after_seq IS NULL OR after_seq >= target_seq;

        UPDATE unread_messages
        SET last_read_seq = target_seq, last_delivered_seq = delivered_through_seq
        WHERE
            user_id = by_user
            AND chat_id = in_chat
            AND last_read_seq = after_seq
            AND last_delivered_seq = delivered_after_seq;

        IF FOUND THEN
            happened_at := clock_timestamp();

            -- The runs that end here or before: read now. There is none where all that was received has been read.
            IF delivered_after_seq > after_seq THEN
                WITH run AS (
                    UPDATE message_delivery
                    SET read_at = happened_at
                    WHERE
                        chat_id = in_chat
                        AND user_id = by_user
                        AND message_delivery.through_seq > after_seq
                        AND message_delivery.through_seq <= target_seq
                        AND read_at IS NULL
                    RETURNING message_delivery.through_seq
                )

                SELECT max(run.through_seq) INTO ended_seq FROM run;
            END IF;

            IF ended_seq IS DISTINCT FROM target_seq AND delivered_after_seq >= target_seq THEN
                SELECT run.through_seq, run.delivered_at
                INTO ended_seq, received_at
                FROM message_delivery AS run
                WHERE run.chat_id = in_chat AND run.user_id = by_user AND run.through_seq >= target_seq
                ORDER BY run.through_seq
                LIMIT 1;
            END IF;

            -- No run ends here: one goes beyond, and its first part, received with it, is read now; or nothing was
            -- received so far, and is now.
            IF ended_seq IS DISTINCT FROM target_seq THEN
                INSERT INTO message_delivery (chat_id, user_id, through_seq, delivered_at, read_at)
                VALUES (in_chat, by_user, target_seq, coalesce(received_at, happened_at), happened_at);
            END IF;

            IF keeps_inbox() THEN
                PERFORM project_own_inbox(in_chat, ARRAY[by_user::uuid]);
            END IF;

            EXIT;
        END IF;

        SELECT last_read_seq, last_delivered_seq
        INTO after_seq, delivered_after_seq
        FROM unread_messages
        WHERE user_id = by_user AND chat_id = in_chat
        FOR NO KEY UPDATE;
    END LOOP;
END
$$;

-- Deleting a message for oneself also marks the chat read up to it. So no hidden message is unread, and counts stay
-- subtractions.
CREATE FUNCTION hide_message(in_chat chat_id, by_user user_id, of_seq bigint) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    after_seq bigint;
    hidden bigint [];
BEGIN
    SELECT
        viewer.seen_after_seq,
        viewer.hidden_seqs
    INTO after_seq, hidden
    FROM chat_participants AS viewer
    WHERE viewer.chat_id = in_chat AND viewer.user_id = by_user AND viewer.left_at IS NULL
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RETURN 'not_a_member';
    ELSIF of_seq = ANY (hidden) THEN
        RETURN 'unchanged';
    ELSIF
        of_seq <= after_seq
        OR NOT EXISTS (SELECT FROM messages AS message WHERE message.chat_id = in_chat AND message.seq = of_seq)
    THEN
        RETURN 'not_found';
    END IF;

    -- Without those that were removed since.
    hidden := ARRAY(
        SELECT one.seq
        FROM unnest(hidden || of_seq) AS one (seq)
        CROSS JOIN chat_heads AS head
        WHERE head.chat_id = in_chat AND one.seq >= head.first_seq
        ORDER BY one.seq
    );
    IF cardinality(hidden) > 1000 THEN
        RETURN 'too_many';
    END IF;

    UPDATE chat_participants
    SET hidden_seqs = hidden
    WHERE chat_id = in_chat AND user_id = by_user;

    IF keeps_inbox() THEN
        -- In the order of locks: position, counter, and then the row of inbox_by_user, which marking as read writes.
        PERFORM FROM unread_messages WHERE user_id = by_user AND chat_id = in_chat FOR NO KEY UPDATE;
        INSERT INTO user_heads AS head (user_id) VALUES (by_user) ON CONFLICT (user_id) DO UPDATE SET version = head.version;
    END IF;

    PERFORM mark_read(in_chat, by_user, of_seq);
    PERFORM record_user_change(ARRAY[by_user::uuid], 'messages_hidden', in_chat, NULL, NULL);
    RETURN 'changed';
END
$$;

CREATE FUNCTION clear_chat(in_chat chat_id, by_user user_id, up_to bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    after_seq bigint;
    through_seq bigint;
BEGIN
    SELECT
        viewer.seen_after_seq,
        least(up_to, head.last_seq)
    INTO after_seq, through_seq
    FROM chat_participants AS viewer
    INNER JOIN chat_heads AS head ON head.chat_id = in_chat
    WHERE viewer.chat_id = in_chat AND viewer.user_id = by_user AND viewer.left_at IS NULL
    FOR NO KEY UPDATE OF viewer;

    IF after_seq IS NULL OR through_seq <= after_seq THEN
        RETURN after_seq;
    END IF;

    UPDATE chat_participants
    SET
        seen_after_seq = through_seq,
        hidden_seqs = ARRAY(SELECT one.seq FROM unnest(hidden_seqs) AS one (seq) WHERE one.seq > through_seq ORDER BY one.seq)
    WHERE chat_id = in_chat AND user_id = by_user;

    IF keeps_inbox() THEN
        -- In the order of locks: position, counter, and then the row of inbox_by_user, which marking as read writes.
        PERFORM FROM unread_messages WHERE user_id = by_user AND chat_id = in_chat FOR NO KEY UPDATE;
        INSERT INTO user_heads AS head (user_id) VALUES (by_user) ON CONFLICT (user_id) DO UPDATE SET version = head.version;
    END IF;

    PERFORM mark_read(in_chat, by_user, through_seq);
    PERFORM record_user_change(ARRAY[by_user::uuid], 'messages_hidden', in_chat, NULL, NULL);
    RETURN through_seq;
END
$$;

CREATE FUNCTION prune_chat_changes(
    after_chat chat_id,
    before timestamptz,
    at_most bigint,
    batch bigint,
    OUT last_chat chat_id,
    OUT removed bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    boundary bigint;
    gone bigint;
BEGIN
    removed := 0;
    -- One lower bound for the first call and the later ones, so that a prepared plan, too, starts reading the index there.
    last_chat := coalesce(after_chat, '00000000-0000-0000-0000-000000000000');
    FOR step IN 1..batch LOOP
        -- The next chat that has a log.
        last_chat := (
            SELECT change.chat_id
            FROM chat_changes AS change
            WHERE change.chat_id > last_chat
            ORDER BY change.chat_id
            LIMIT 1
        );
        EXIT WHEN last_chat IS NULL;

        -- Times do not run backwards along the versions.
        SELECT greatest(
            (
                SELECT max(old.version) FROM chat_changes AS old
                WHERE old.chat_id = last_chat AND old.changed_at < before
            ),
            (
                SELECT surplus.version FROM chat_changes AS surplus
                WHERE surplus.chat_id = last_chat
                ORDER BY surplus.version DESC
                OFFSET at_most LIMIT 1
            )
        ) INTO boundary;

        IF boundary IS NOT NULL THEN
            UPDATE chat_heads
            SET pruned_version = least(greatest(pruned_version, boundary), version)
            WHERE chat_id = last_chat;

            DELETE FROM chat_changes WHERE chat_id = last_chat AND version <= boundary;
            GET DIAGNOSTICS gone = ROW_COUNT;
            removed := removed + gone;
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION prune_user_changes(
    after_user user_id,
    before timestamptz,
    at_most bigint,
    batch bigint,
    OUT last_user user_id,
    OUT removed bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    boundary bigint;
    gone bigint;
BEGIN
    removed := 0;
    last_user := coalesce(after_user, '00000000-0000-0000-0000-000000000000');
    FOR step IN 1..batch LOOP
        last_user := (
            SELECT change.user_id
            FROM user_changes AS change
            WHERE change.user_id > last_user
            ORDER BY change.user_id
            LIMIT 1
        );
        EXIT WHEN last_user IS NULL;

        SELECT greatest(
            (
                SELECT max(old.version) FROM user_changes AS old
                WHERE old.user_id = last_user AND old.changed_at < before
            ),
            (
                SELECT surplus.version FROM user_changes AS surplus
                WHERE surplus.user_id = last_user
                ORDER BY surplus.version DESC
                OFFSET at_most LIMIT 1
            )
        ) INTO boundary;

        IF boundary IS NOT NULL THEN
            UPDATE user_heads
            SET pruned_version = least(greatest(pruned_version, boundary), version)
            WHERE user_id = last_user;

            DELETE FROM user_changes WHERE user_id = last_user AND version <= boundary;
            GET DIAGNOSTICS gone = ROW_COUNT;
            removed := removed + gone;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION record_chat_change(chat_id, chat_change_kind, bigint, user_id) IS
    'Takes the next version of a chat and logs the change under it: which message, which user. Locks the head until the transaction ends; the time is read after that.';
COMMENT ON FUNCTION record_event(chat_id, message_id, jsonb, chat_change_kind, user_id) IS
    'Writes a system message, and logs what happened under the same version. Locks the head until the transaction ends.';
COMMENT ON FUNCTION record_user_change(uuid [], user_change_kind, chat_id, user_id, session_id) IS
    'Logs a change for some users, each under the next version of their own log, and gives these. Locks their counters in the order of the ids: the last locks of an operation.';
COMMENT ON FUNCTION record_profile_change(user_id, boolean) IS
    'Logs another name or picture of a user: in each of their chats, for each of their contacts, and for themselves; when only the picture changed, nothing for those whom the user has blocked.';
COMMENT ON FUNCTION record_unblock(user_id, user_id) IS
    'Logs that a user no longer blocks another: for both, if the other knows the user.';
COMMENT ON FUNCTION changes_of_chats(uuid [], bigint [], bigint) IS
    'What is logged of some chats after a version of each: chat by chat in the order of their ids, each in the order of its versions, so many rows at most.';
COMMENT ON FUNCTION edit_message(chat_id, user_id, bigint, text) IS
    'Edits a message, empties its metadata, and gives the outcome (edited, unchanged, or the refusal) and the message. Locks the head, then the message.';
COMMENT ON FUNCTION set_message_metadata(chat_id, user_id, bigint, bigint, jsonb) IS
    'Sets the metadata of a message that is still of that version, and gives the outcome (changed, or the refusal) and the message. Locks the head, then the message.';
COMMENT ON FUNCTION touch_message(chat_id, user_id, bigint) IS
    'Takes the next version of a chat for what a service keeps beside a message, logs the change of the message under it, and gives the outcome (touched, or the refusal) and the version. Locks the head.';
COMMENT ON FUNCTION change_reaction(chat_id, user_id, bigint, text, boolean) IS
    'Gives a reaction or takes it back, and gives the outcome (changed, unchanged, or the refusal), the version of the chat, and the 20 most frequent reactions to the message, ordered by when each was first given. Locks the head.';
COMMENT ON FUNCTION mark_delivered(chat_id, user_id, bigint) IS
    'Moves what a member has received up to a message, and gives where it was and is; nulls: not a member.';
COMMENT ON FUNCTION mark_read(chat_id, user_id, bigint) IS
    'Moves what a member has read, and with it what was received, up to a message, and gives where both were and are; nulls: not a member.';
COMMENT ON FUNCTION hide_message(chat_id, user_id, bigint) IS
    'Deletes a message for one member, marks the chat read up to it, and gives the outcome: changed, unchanged, not_found, too_many (1,000 are hidden), not_a_member. Locks the membership, then the position.';
COMMENT ON FUNCTION clear_chat(chat_id, user_id, bigint) IS
    'Hides the messages up to one from a member, marks the chat read up to it, and gives the seq after which the member sees messages; null: not a member. Locks the membership, then the position.';
COMMENT ON FUNCTION prune_chat_changes(chat_id, timestamptz, bigint, bigint) IS
    'Prunes the logs of some chats, the next ones after a given chat: removes what was logged before a time, and all but the newest rows. Gives the last chat it looked at (null: there are no more) and how many rows it removed.';
COMMENT ON FUNCTION prune_user_changes(user_id, timestamptz, bigint, bigint) IS
    'The same for the logs of some users.';
