-- Sends as before: by a lock on the membership, and one on the position when the sender is behind.

CREATE OR REPLACE FUNCTION send_message(
    in_chat chat_id,
    by_user user_id,
    message message_id,
    what message_kind,
    words text,
    facts jsonb,
    answered_seq bigint
) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    blocked boolean;
    next_seq bigint;
    read_seq bigint;
    delivered_seq bigint;
BEGIN
    -- Waits for the end of this membership, if that is under way, and holds it off until the message is sent.
    SELECT
        EXISTS (
            SELECT
            FROM chats
            INNER JOIN blocks
                ON
                    (blocker_id = direct_low AND blocked_id = direct_high)
                    OR (blocker_id = direct_high AND blocked_id = direct_low)
            WHERE chats.id = in_chat
        )
    INTO blocked
    FROM chat_participants
    WHERE chat_id = in_chat AND user_id = by_user AND left_at IS NULL
    FOR SHARE OF chat_participants;

    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF blocked THEN
        RETURN 0;
    END IF;

    UPDATE chat_heads
    SET
        last_seq = last_seq + 1,
        last_message_at = now(),
        last_sender_id = by_user,
        last_kind = what,
        last_preview = left(words, 100)
    WHERE chat_id = in_chat
    RETURNING last_seq INTO next_seq;

    INSERT INTO messages (chat_id, seq, id, sender_id, kind, content, metadata, reply_to_seq)
    VALUES (in_chat, next_seq, message, by_user, what, words, coalesce(facts, '{}'), answered_seq);

    -- The usual case: the sender has read everything before, and so has received it.
    UPDATE unread_messages
    SET last_read_seq = next_seq, last_delivered_seq = next_seq
    WHERE user_id = by_user AND chat_id = in_chat AND last_read_seq = next_seq - 1;

    IF NOT FOUND THEN
        -- Who writes has read what is above: it becomes read now, and received if it was not.
        SELECT last_read_seq, last_delivered_seq
        INTO read_seq, delivered_seq
        FROM unread_messages
        WHERE user_id = by_user AND chat_id = in_chat
        FOR NO KEY UPDATE;

        UPDATE unread_messages
        SET last_read_seq = next_seq, last_delivered_seq = next_seq
        WHERE user_id = by_user AND chat_id = in_chat;

        IF read_seq < delivered_seq THEN
            UPDATE message_delivery
            SET read_at = now()
            WHERE chat_id = in_chat AND user_id = by_user AND through_seq > read_seq AND read_at IS NULL;
        END IF;

        IF delivered_seq < next_seq - 1 THEN
            INSERT INTO message_delivery (chat_id, user_id, through_seq, read_at)
            VALUES (in_chat, by_user, next_seq - 1, now());
        END IF;
    END IF;

    RETURN next_seq;
END
$$;
