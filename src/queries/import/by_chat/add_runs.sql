INSERT INTO message_delivery (chat_id, user_id, through_seq, delivered_at, read_at)
SELECT
    position.chat_id,
    position.user_id,
    $2,
    $3,
    $3
FROM unread_messages AS position
INNER JOIN chat_participants AS member
    ON position.chat_id = member.chat_id AND position.user_id = member.user_id AND member.left_at IS NULL
WHERE position.chat_id = $1 AND member.chat_id = $1 AND position.last_delivered_seq < $2
