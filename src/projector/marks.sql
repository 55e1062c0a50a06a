-- The marks of a part, chat by chat in the order of their keys, which is the order in which several rows are locked. Those of a
-- large group are due when the first of them is old enough.
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
        one.marked_at
    FROM inbox_marks AS one
    WHERE get_byte(uuid_send(one.chat_id), 15) % $1 = $2
    ORDER BY one.marked_at
    LIMIT 5000
) AS mark
LEFT JOIN chats AS chat ON mark.chat_id = chat.id
GROUP BY mark.chat_id
ORDER BY mark.chat_id
