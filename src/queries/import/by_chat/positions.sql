UPDATE unread_messages AS position
SET last_read_seq = $2, last_delivered_seq = $2
FROM chat_participants AS member
WHERE
    position.chat_id = $1
    AND member.chat_id = $1
    AND member.user_id = position.user_id
    AND member.left_at IS NULL
    AND position.last_read_seq < $2
