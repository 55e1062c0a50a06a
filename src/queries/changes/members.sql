SELECT
    member.chat_id,
    member.user_id,
    member.role,
    member.joined_at,
    member.left_at IS NULL AS is_member
FROM unnest($1, $2) AS wanted (chat_id, user_id)
INNER JOIN chat_participants AS member ON wanted.chat_id = member.chat_id AND wanted.user_id = member.user_id
