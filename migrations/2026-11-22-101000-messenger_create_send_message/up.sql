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
    marked_at timestamptz;
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

    -- Two conditions: as one, it would be planned again at each send that is no reply.
    IF answered_seq IS NOT NULL THEN
        IF NOT EXISTS (
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
    END IF;

    -- The UPDATE that gets the lock reads the clock: after it has waited for another transaction that changed the row, it
    -- computes its row again.

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
        -- Later than what that device marked.
        marked_at := clock_timestamp();

        IF NOT FOUND THEN
            RAISE EXCEPTION 'the sender''s membership ended while the message was sent ("messages_sender_is_participant_fkey")'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'messages_sender_is_participant_fkey';
        END IF;
    END LOOP;

    -- It becomes read now, and received if it was not.
    IF read_seq < delivered_seq THEN
        UPDATE message_delivery
        SET read_at = coalesce(marked_at, sent_at)
        WHERE chat_id = in_chat AND user_id = by_user AND through_seq > read_seq AND read_at IS NULL;
    END IF;

    IF delivered_seq < next_seq - 1 THEN
        INSERT INTO message_delivery (chat_id, user_id, through_seq, delivered_at, read_at)
        VALUES (in_chat, by_user, next_seq - 1, coalesce(marked_at, sent_at), coalesce(marked_at, sent_at));
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

-- Locks what many sends lock, in the order of the keys, so that two calls with several common chats or senders do not deadlock:
-- the heads, and the positions of whoever is a member; who is none locks nothing. Gives the numbers of the members'.
--
-- Where each user's own list is kept, it gives null, and locks chat by chat, because Citus locks rows of several servers in no
-- order: each head, whoever sends, and the positions. Where no chat has several senders it locks nothing: the sends that follow
-- lock one chat after the other in the same order.
CREATE FUNCTION hold_positions(in_chats uuid[], by_users uuid[]) RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
    place record;
BEGIN
    IF NOT keeps_inbox() THEN
        -- Arrays are read as (SELECT …): the planner would otherwise plan anew at each call for few messages.
        RETURN ARRAY(
            SELECT given.number
            FROM unnest((SELECT in_chats), (SELECT by_users)) WITH ORDINALITY AS given (chat_id, user_id, number)
            INNER JOIN chat_heads AS head ON given.chat_id = head.chat_id
            INNER JOIN unread_messages AS position ON given.user_id = position.user_id AND given.chat_id = position.chat_id
            ORDER BY given.chat_id, given.user_id
            FOR NO KEY UPDATE OF head, position
        );
    END IF;

    FOR place IN
        SELECT
            of_chat.chat_id,
            of_chat.user_ids
        FROM (
            SELECT
                given.chat_id,
                array_agg(DISTINCT given.user_id) AS user_ids,
                max(count(DISTINCT given.user_id)) OVER () AS most
            FROM unnest(in_chats, by_users) AS given (chat_id, user_id)
            GROUP BY given.chat_id
        ) AS of_chat
        WHERE of_chat.most > 1
        ORDER BY of_chat.chat_id
    LOOP
        PERFORM FROM chat_heads WHERE chat_id = place.chat_id FOR NO KEY UPDATE;
        PERFORM FROM unread_messages
        WHERE chat_id = place.chat_id AND user_id = ANY (place.user_ids)
        ORDER BY user_id
        FOR NO KEY UPDATE;
    END LOOP;
    RETURN NULL;
END
$$;

-- All that is sent is one statement for all chats: each table's constraints are read once, not once a message. Before it, heads
-- and positions are locked. Under these locks nobody else sends to the chats, and no membership ends.
--
-- A message that may be refused, by its id or as a reply, is sent by itself, in a subtransaction, so that it does not undo the
-- others; and with it those of the same chat, which keep their order. So are all where each user's own list is kept.
--
-- Arrays are read as in hold_positions.
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
    -- Null where each user's own list is kept: send_message asks then.
    by_members bigint[] := hold_positions(in_chats, by_users);
    apart uuid[] := in_chats;
    draft record;
BEGIN
    IF by_members IS NOT NULL THEN
        SELECT coalesce(array_agg(DISTINCT given.chat_id), '{}')
        INTO apart
        FROM (
            SELECT
                one.*,
                count(*) OVER (PARTITION BY one.chat_id, one.id) AS times
            FROM unnest((SELECT in_chats), (SELECT message_ids), (SELECT answered)) AS one (chat_id, id, answered_seq)
        ) AS given
        WHERE
            given.answered_seq IS NOT NULL
            OR given.times > 1
            OR EXISTS (SELECT FROM messages AS known WHERE known.chat_id = given.chat_id AND known.id = given.id);

        RETURN QUERY
        WITH judged AS MATERIALIZED (
            SELECT
                given.number,
                position.chat_id,
                position.last_read_seq,
                position.last_delivered_seq,
                CASE
                    WHEN chat.direct_low IS NOT NULL THEN direct_chat_refuses(
                        position.chat_id,
                        position.user_id,
                        CASE position.user_id WHEN chat.direct_low THEN chat.direct_high ELSE chat.direct_low END
                    )
                END AS refusal
            FROM unnest((SELECT by_members)) AS given (number)
            INNER JOIN unread_messages AS position
                ON by_users[given.number] = position.user_id AND in_chats[given.number] = position.chat_id
            INNER JOIN chats AS chat ON position.chat_id = chat.id
            WHERE position.chat_id <> ALL (apart)
        ),

        in_chat AS (
            SELECT
                judged.chat_id,
                count(*) AS times,
                max(judged.number) AS last_number,
                array_agg(judged.number ORDER BY judged.number) AS numbers,
                array_agg(judged.last_read_seq ORDER BY judged.number) AS read_seqs,
                array_agg(judged.last_delivered_seq ORDER BY judged.number) AS delivered_seqs
            FROM judged
            WHERE judged.refusal IS NULL
            GROUP BY judged.chat_id
        ),

        counted AS (
            UPDATE chat_heads AS head
            SET
                last_seq = head.last_seq + in_chat.times,
                last_message_at = clock(),
                last_sender_id = by_users[in_chat.last_number],
                last_kind = kinds[in_chat.last_number],
                last_preview = message_preview(texts[in_chat.last_number]),
                version = head.version + in_chat.times
            FROM in_chat
            WHERE head.chat_id = in_chat.chat_id
            RETURNING
                head.chat_id,
                head.last_seq,
                head.version,
                head.last_message_at,
                in_chat.times,
                in_chat.numbers,
                in_chat.read_seqs,
                in_chat.delivered_seqs
        ),

        sent AS MATERIALIZED (
            SELECT
                counted.chat_id,
                by_users[given.number] AS user_id,
                given.number,
                given.read_seq,
                given.delivered_seq,
                counted.last_seq - counted.times + given.rank AS seq,
                counted.version - counted.times + given.rank AS version,
                counted.last_message_at AS created_at
            FROM counted
            CROSS JOIN LATERAL unnest(counted.numbers, counted.read_seqs, counted.delivered_seqs)
                WITH ORDINALITY AS given (number, read_seq, delivered_seq, rank)
        ),

        -- The senders have read all earlier messages.
        moved AS (
            UPDATE unread_messages AS position
            SET last_read_seq = own.seq, last_delivered_seq = own.seq
            FROM (SELECT sent.chat_id, sent.user_id, max(sent.seq) AS seq FROM sent GROUP BY sent.chat_id, sent.user_id) AS own
            WHERE position.user_id = own.user_id AND position.chat_id = own.chat_id
        ),

        -- They become read now, and received if they were not.
        read_now AS (
            UPDATE message_delivery AS run
            SET read_at = sent.created_at
            FROM sent
            WHERE
                sent.read_seq < sent.delivered_seq
                AND run.chat_id = sent.chat_id
                AND run.user_id = sent.user_id
                AND run.through_seq > sent.read_seq
                AND run.read_at IS NULL
        ),

        received_now AS (
            INSERT INTO message_delivery (chat_id, user_id, through_seq, delivered_at, read_at)
            SELECT
                own.chat_id,
                own.user_id,
                own.seq - 1,
                own.created_at,
                own.created_at
            FROM (
                SELECT
                    sent.*,
                    lag(sent.seq, 1, sent.delivered_seq) OVER (PARTITION BY sent.chat_id, sent.user_id ORDER BY sent.seq) AS until_seq
                FROM sent
            ) AS own
            WHERE own.until_seq < own.seq - 1
        ),

        said AS (
            INSERT INTO messages (chat_id, seq, id, sender_id, kind, content, metadata, created_at, version)
            SELECT
                sent.chat_id,
                sent.seq,
                message_ids[sent.number],
                sent.user_id,
                kinds[sent.number],
                texts[sent.number],
                coalesce(more[sent.number], '{}'),
                sent.created_at,
                sent.version
            FROM sent
        )

        SELECT sent.number, sent.seq, sent.version, sent.created_at, NULL
        FROM sent
        UNION ALL
        SELECT judged.number, CASE judged.refusal WHEN 'blocked' THEN 0 ELSE -1 END, NULL, NULL, NULL
        FROM judged
        WHERE judged.refusal IS NOT NULL;

        -- Also who became a member while this waited: other heads are locked by now.
        IF cardinality(by_members) < cardinality(in_chats) THEN
            RETURN QUERY
            SELECT given.number, NULL::bigint, NULL::bigint, NULL::timestamptz, NULL
            FROM unnest(in_chats) WITH ORDINALITY AS given (chat_id, number)
            WHERE given.number <> ALL (by_members);
        END IF;
    END IF;

    FOR draft IN
        SELECT given.*
        FROM unnest(in_chats, by_users, message_ids, kinds, texts, more, answered)
            WITH ORDINALITY AS given (chat_id, user_id, id, kind, words, facts, answered_seq, number)
        WHERE given.chat_id = ANY (apart) AND coalesce(given.number = ANY (by_members), true)
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
                next_seq := NULL;
                next_version := NULL;
                sent_at := NULL;
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
    'Sends a message and gives its seq, its version and its time; nulls: the user is not a member of the chat; seq 0: in a direct chat, the sender has blocked the other; seq -1: the other cannot be reached, see direct_chat_refuses. An id that is in the chat already violates messages_id_key; a reply to what is not in the chat, or what the sender does not see, messages_reply_in_chat_fkey, or messages_reply_to_earlier_check where its seq is not below the new one.';
COMMENT ON FUNCTION hold_positions(uuid[], uuid[]) IS
    'Locks heads of chats and positions of their members, in the order of the chats and the users, and gives the places of these members, from 1. Null where the database keeps inbox_by_user: there it locks only where a chat has several senders.';
COMMENT ON FUNCTION send_messages(uuid[], uuid[], uuid[], message_kind[], text[], jsonb[], bigint[]) IS
    'Sends messages as send_message does, of whatever chats and senders, in the order of the chats, and within a chat in the order given. A row for each, by its place from 1; violated is the constraint that refused one whose id or answered message was in doubt, and undid it alone.';
