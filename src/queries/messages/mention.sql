INSERT INTO message_mentions (chat_id, message_seq, user_id)
SELECT
    member.chat_id,
    $2,
    member.user_id
FROM unnest($3::uuid []) AS named (user_id)
INNER JOIN chat_participants AS member
    ON member.chat_id = $1 AND member.user_id = named.user_id AND member.left_at IS NULL
RETURNING user_id
