-- The positions are locked by the statement before, so all of this sees them as they are.
WITH behind AS MATERIALIZED (
    SELECT
        member.chat_id,
        member.user_id,
        position.last_read_seq,
        position.last_delivered_seq,
        head.last_seq
    FROM chat_heads AS head
    INNER JOIN chat_participants AS member ON head.chat_id = member.chat_id AND member.left_at IS NULL
    INNER JOIN unread_messages AS position
        ON member.user_id = position.user_id AND member.chat_id = position.chat_id
    WHERE head.chat_id = ANY($1) AND position.last_read_seq < head.last_seq
),

received_before AS (
    UPDATE message_delivery AS run
    SET read_at = statement_timestamp()
    FROM behind
    WHERE
        run.chat_id = behind.chat_id
        AND run.user_id = behind.user_id
        AND run.through_seq > behind.last_read_seq
        AND run.read_at IS NULL
),

received_now AS (
    INSERT INTO message_delivery (chat_id, user_id, through_seq, delivered_at, read_at)
    SELECT
        chat_id,
        user_id,
        last_seq,
        statement_timestamp(),
        statement_timestamp()
    FROM behind
    WHERE last_delivered_seq < last_seq
)

UPDATE unread_messages AS position
SET last_read_seq = behind.last_seq, last_delivered_seq = behind.last_seq
FROM behind
WHERE position.user_id = behind.user_id AND position.chat_id = behind.chat_id
RETURNING position.last_read_seq
