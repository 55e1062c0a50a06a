-- How many messages are in the beginnings of chats that are older than a time: up to the first message of a member that is younger,
-- and with the younger words of the system that stand before older messages.
SELECT count(*)
FROM (
    SELECT
        placed.seq,
        max(placed.seq) FILTER (WHERE placed.created_at < $1) OVER (PARTITION BY placed.chat_id) AS last_old_seq
    FROM (
        SELECT
            message.chat_id,
            message.seq,
            message.created_at,
            bool_and(message.created_at < $1 OR message.kind = 'system')
                OVER (PARTITION BY message.chat_id ORDER BY message.seq) AS goes
        FROM messages AS message
    ) AS placed
    WHERE placed.goes
) AS beginning
WHERE beginning.seq <= beginning.last_old_seq
