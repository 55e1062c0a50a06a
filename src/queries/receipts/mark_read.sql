-- Reads everything up to a message: moves the position, marks the runs up to it, splits the run that goes beyond it,
-- and adds one for what had not been received, in one round trip.
--
-- All parts of the statement see the same moment, and a run that another device writes meanwhile is not in it. But
-- whoever writes runs moves the position in the same transaction: the update happens only to the position that was
-- seen, so when it happens, all runs were seen. Else nothing is done, and the caller sees it by moved = false with
-- last_read_seq < target_seq.
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
    SET
        last_read_seq = seen.target_seq,
        last_delivered_seq = greatest(seen.last_delivered_seq, seen.target_seq)
    FROM seen
    WHERE
        position.user_id = $2
        AND position.chat_id = $1
        AND position.last_read_seq = seen.last_read_seq
        AND position.last_delivered_seq = seen.last_delivered_seq
        AND position.last_read_seq < seen.target_seq
    RETURNING
        seen.last_read_seq,
        seen.target_seq
),

-- The runs that end here or before: read now.
marked AS (
    UPDATE message_delivery AS run
    SET read_at = now()
    FROM moved
    WHERE
        run.chat_id = $1
        AND run.user_id = $2
        AND run.through_seq > moved.last_read_seq
        AND run.through_seq <= moved.target_seq
        AND run.read_at IS NULL
),

-- No run ends here: one goes beyond, and its first part, received with it, is read now; or nothing was received so
-- far, and is now.
added AS (
    INSERT INTO message_delivery (chat_id, user_id, through_seq, delivered_at, read_at)
    SELECT
        $1,
        $2,
        moved.target_seq,
        coalesce(beyond.delivered_at, now()),
        now()
    FROM moved
    LEFT JOIN LATERAL (
        SELECT
            run.through_seq,
            run.delivered_at
        FROM message_delivery AS run
        WHERE run.chat_id = $1 AND run.user_id = $2 AND run.through_seq >= moved.target_seq
        ORDER BY run.through_seq
        LIMIT 1
    ) AS beyond ON true
    WHERE beyond.through_seq IS DISTINCT FROM moved.target_seq
)

SELECT
    seen.last_read_seq,
    seen.target_seq,
    EXISTS (SELECT FROM moved) AS moved
FROM seen
