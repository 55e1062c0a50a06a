-- The chats of a part that have waited longest, with all marks of each, so that a backlog of many marks makes a chat's rows anew
-- once, and not for each slice of the backlog: in the order of their keys, which is the order in which several rows are locked.
-- Those of a large group are due when the first of them is old enough.
SELECT
    mark.chat_id,
    array_agg(mark.id) AS ids,
    array_agg(DISTINCT mark.user_id) AS users,
    bool_or(mark.user_id IS NULL) AS of_members,
    coalesce(min(chat.member_count), 0) < $3 OR min(mark.marked_at) <= clock_timestamp() - $4 AS is_due
FROM (
    SELECT
        one.chat_id,
        one.id,
        one.user_id,
        one.marked_at,
        row_number() OVER (PARTITION BY one.chat_id) AS number
    FROM inbox_marks AS one
    WHERE
        one.chat_id IN (
            SELECT oldest.chat_id
            FROM inbox_marks AS oldest
            WHERE get_byte(uuid_send(oldest.chat_id), 15) % $1 = $2
            ORDER BY oldest.marked_at
            LIMIT 5000
        )
) AS mark
LEFT JOIN chats AS chat ON mark.chat_id = chat.id
WHERE mark.number <= 10000
GROUP BY mark.chat_id
ORDER BY mark.chat_id
