-- Purpose: send_message: a whole send in one round trip; send_messages: many sends.
-- Lock: none on existing tables; a function is created.
-- Tolerable because: nobody can be calling a function that did not exist.
-- Code deployed before: does not know the function, and sends by statements of its own.
--
-- One statement with a WITH clause is also one round trip, but it has one snapshot: after waiting for another device of the
-- same sender, it would not see the runs of message_delivery that this device has just written. In a function each
-- statement sees what was committed before it.
--
-- The sender is a member at the moment when the message gets its number. Ending a membership deletes the position: the
-- deletion waits for this transaction once this one has written the position, and when the deletion comes first, there is
-- no position to write.

CREATE FUNCTION direct_chat_refuses(in_chat chat_id, by_user user_id, other_user user_id) RETURNS text
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    RETURN CASE
        WHEN EXISTS (SELECT FROM blocks WHERE blocker_id = by_user AND blocked_id = other_user) THEN 'blocked'
        -- One answer for both, so that nobody learns from it that they were blocked.
        WHEN EXISTS (SELECT FROM blocks WHERE blocker_id = other_user AND blocked_id = by_user) THEN 'unreachable'
        WHEN NOT EXISTS (SELECT FROM unread_messages WHERE user_id = other_user AND chat_id = in_chat) THEN 'unreachable'
    END;
END
$$;

CREATE FUNCTION send_message(
    in_chat chat_id,
    by_user user_id,
    message message_id,
    what message_kind,
    words text,
    facts jsonb,
    answered_seq bigint,
    OUT next_seq bigint,
    OUT next_version bigint,
    OUT sent_at timestamptz
)
LANGUAGE plpgsql
AS $$
DECLARE
    read_seq bigint;
    delivered_seq bigint;
    other_user user_id;
BEGIN
    SELECT
        position.last_read_seq,
        position.last_delivered_seq,
        CASE by_user WHEN chat.direct_low THEN chat.direct_high ELSE chat.direct_low END
    INTO read_seq, delivered_seq, other_user
    FROM unread_messages AS position
    INNER JOIN chats AS chat ON position.chat_id = chat.id
    WHERE position.user_id = by_user AND position.chat_id = in_chat;

    IF NOT FOUND THEN
        RETURN;
    ELSIF other_user IS NOT NULL THEN
        next_seq := CASE direct_chat_refuses(in_chat, by_user, other_user) WHEN 'blocked' THEN 0 WHEN 'unreachable' THEN -1 END;
        IF next_seq IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;

    IF answered_seq IS NOT NULL AND NOT EXISTS (
        SELECT
        FROM chat_participants AS sender
        WHERE
            sender.chat_id = in_chat
            AND sender.user_id = by_user
            AND sender.seen_after_seq < answered_seq
            AND answered_seq <> ALL (sender.hidden_seqs)
    ) THEN
        RAISE EXCEPTION 'the sender does not see the message that is answered ("messages_reply_in_chat_fkey")'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'messages_reply_in_chat_fkey';
    END IF;

    -- The UPDATE that gets the lock reads the clock: after it has waited for another transaction, it computes its row
    -- again.

    IF keeps_inbox() THEN
        -- Where Citus distributes the tables, the clock is read before the wait.
        PERFORM FROM chat_heads WHERE chat_id = in_chat FOR NO KEY UPDATE;
    END IF;

    UPDATE chat_heads
    SET
        last_seq = last_seq + 1,
        last_message_at = clock(),
        last_sender_id = by_user,
        last_kind = what,
        last_preview = message_preview(words),
        version = version + 1
    WHERE chat_id = in_chat
    RETURNING last_seq, version, last_message_at INTO next_seq, next_version, sent_at;

    -- The sender has read all earlier messages. The position is as it was read, unless another device of the sender has
    -- changed it.
    LOOP
        UPDATE unread_messages
        SET last_read_seq = next_seq, last_delivered_seq = next_seq
        WHERE
            user_id = by_user
            AND chat_id = in_chat
            AND last_read_seq = read_seq
            AND last_delivered_seq = delivered_seq;

        EXIT WHEN FOUND;

        SELECT last_read_seq, last_delivered_seq
        INTO read_seq, delivered_seq
        FROM unread_messages
        WHERE user_id = by_user AND chat_id = in_chat
        FOR NO KEY UPDATE;

        IF NOT FOUND THEN
            RAISE EXCEPTION 'the sender''s membership ended while the message was sent ("messages_sender_is_participant_fkey")'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'messages_sender_is_participant_fkey';
        END IF;
    END LOOP;

    -- It becomes read now, and received if it was not.
    IF read_seq < delivered_seq THEN
        UPDATE message_delivery
        SET read_at = sent_at
        WHERE chat_id = in_chat AND user_id = by_user AND through_seq > read_seq AND read_at IS NULL;
    END IF;

    IF delivered_seq < next_seq - 1 THEN
        INSERT INTO message_delivery (chat_id, user_id, through_seq, delivered_at, read_at)
        VALUES (in_chat, by_user, next_seq - 1, sent_at, sent_at);
    END IF;

    INSERT INTO messages (chat_id, seq, id, sender_id, kind, content, metadata, reply_to_seq, created_at, version)
    VALUES (
        in_chat, next_seq, message, by_user, what, words, coalesce(facts, '{}'), answered_seq, sent_at, next_version
    );

    IF keeps_inbox() THEN
        PERFORM mark_inbox(in_chat, NULL, NULL);
        PERFORM project_inbox(in_chat, ARRAY[by_user::uuid], false);
    END IF;
END
$$;

-- A message that may be refused, by its id or as a reply, has a subtransaction of its own, so that it does not undo the
-- others; the others cost one index lookup instead. Chats are locked in the order of their keys, so that two calls with
-- several common chats do not deadlock.
CREATE FUNCTION send_messages(
    in_chats uuid[],
    by_users uuid[],
    message_ids uuid[],
    kinds message_kind[],
    texts text[],
    more jsonb[],
    answered bigint[]
) RETURNS TABLE (place bigint, next_seq bigint, next_version bigint, sent_at timestamptz, violated text)
LANGUAGE plpgsql
AS $$
DECLARE
    draft record;
BEGIN
    FOR draft IN
        SELECT given.*
        FROM unnest(in_chats, by_users, message_ids, kinds, texts, more, answered)
            WITH ORDINALITY AS given (chat_id, user_id, id, kind, words, facts, answered_seq, number)
        ORDER BY given.chat_id, given.number
    LOOP
        place := draft.number;
        violated := NULL;
        IF
            EXISTS (SELECT FROM messages WHERE chat_id = draft.chat_id AND id = draft.id)
            OR draft.answered_seq IS NOT NULL
        THEN
            BEGIN
                SELECT sent.next_seq, sent.next_version, sent.sent_at
                INTO next_seq, next_version, sent_at
                FROM send_message(
                    draft.chat_id, draft.user_id, draft.id, draft.kind, draft.words, draft.facts, draft.answered_seq
                ) AS sent;
            EXCEPTION WHEN integrity_constraint_violation THEN
                GET STACKED DIAGNOSTICS violated = CONSTRAINT_NAME;
            END;
        ELSE
            SELECT sent.next_seq, sent.next_version, sent.sent_at
            INTO next_seq, next_version, sent_at
            FROM send_message(
                draft.chat_id, draft.user_id, draft.id, draft.kind, draft.words, draft.facts, draft.answered_seq
            ) AS sent;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION direct_chat_refuses(chat_id, user_id, user_id) IS
    'Why a user cannot write to the other one of a direct chat: blocked (the user has blocked the other) or unreachable (the other has blocked the user, or has closed the account). Null: they can.';
COMMENT ON FUNCTION send_message(chat_id, user_id, message_id, message_kind, text, jsonb, bigint) IS
    'Sends a message and gives its seq, its version and its time; nulls: the user is not a member of the chat; seq 0: in a direct chat, the sender has blocked the other; seq -1: the other cannot be reached, see direct_chat_refuses. An id that is in the chat already violates messages_id_key; a reply to what is not in the chat, or what the sender does not see, messages_reply_in_chat_fkey.';
COMMENT ON FUNCTION send_messages(uuid[], uuid[], uuid[], message_kind[], text[], jsonb[], bigint[]) IS
    'Sends messages as send_message does, of whatever chats and senders, in the order of the chats, and within a chat in the order given. A row for each, by its place from 1; violated is the constraint that refused one whose id or answered message was in doubt, and undid it alone.';
