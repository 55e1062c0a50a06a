-- Only the positions, not the memberships, which a send holds while it waits for the head.
SELECT position.last_read_seq
FROM unread_messages AS position
INNER JOIN chat_participants AS member
    ON position.user_id = member.user_id AND position.chat_id = member.chat_id
WHERE position.chat_id = $1 AND member.chat_id = $1 AND member.left_at IS NULL
ORDER BY position.user_id
FOR NO KEY UPDATE OF position
