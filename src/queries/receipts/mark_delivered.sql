-- Receives everything up to a message: moves the position and adds one run, in one round trip.
--
-- All parts of the statement see the same moment, and a run that another device writes meanwhile is not in it. But
-- whoever writes runs moves the position in the same transaction: the update happens only to the position that was
-- seen, so when it happens, all runs were seen. Else nothing is done, and the caller sees it by moved = false with
-- last_delivered_seq < target_seq.
WITH seen AS MATERIALIZED (
    SELECT
        position.last_read_seq,
        position.last_delivered_seq,
        least($3, head.last_seq) AS target_seq
    FROM unread_messages AS position
    INNER JOIN chat_heads AS head ON position.chat_id = head.chat_id
    WHERE position.user_id = $2 AND position.chat_id = $1
),

moved AS (
    UPDATE unread_messages AS position
    SET last_delivered_seq = seen.target_seq
    FROM seen
    WHERE
        position.user_id = $2
        AND position.chat_id = $1
        AND position.last_read_seq = seen.last_read_seq
        AND position.last_delivered_seq = seen.last_delivered_seq
        AND position.last_delivered_seq < seen.target_seq
    RETURNING seen.target_seq
),

added AS (
    INSERT INTO message_delivery (chat_id, user_id, through_seq)
    SELECT
        $1,
        $2,
        moved.target_seq
    FROM moved
)

SELECT
    seen.last_delivered_seq,
    seen.target_seq,
    EXISTS (SELECT FROM moved) AS moved
FROM seen
