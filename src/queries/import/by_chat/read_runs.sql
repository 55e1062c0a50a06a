-- The positions are locked by a statement before, so this sees them as they are.
UPDATE message_delivery AS run
SET read_at = $3
FROM unread_messages AS position
INNER JOIN chat_participants AS member
    ON position.chat_id = member.chat_id AND position.user_id = member.user_id AND member.left_at IS NULL
WHERE
    run.chat_id = $1
    AND position.chat_id = $1
    AND member.chat_id = $1
    AND position.last_read_seq < $2
    AND run.user_id = position.user_id
    AND run.through_seq > position.last_read_seq
    AND run.read_at IS NULL
