-- Arrays are read as (SELECT …), so that short ones are not planned for anew at each call.
SELECT
    member.chat_id,
    member.user_id,
    member.role,
    member.joined_at,
    member.left_at IS NULL AS is_member
FROM unnest((SELECT $1), (SELECT $2)) AS wanted (chat_id, user_id)
INNER JOIN chat_participants AS member ON wanted.chat_id = member.chat_id AND wanted.user_id = member.user_id
