-- How the user's memberships in some chats ended: the system message after the last that was sent to the user says it.
-- Arrays are read as (SELECT …), so that short ones are not planned for anew at each call.
SELECT
    ended.chat_id,
    member.left_at,
    event.metadata ->> 'event' AS event
FROM unnest((SELECT $2)) AS ended (chat_id)
LEFT JOIN chat_participants AS member ON ended.chat_id = member.chat_id AND member.user_id = $1
LEFT JOIN messages AS event
    ON ended.chat_id = event.chat_id AND event.seq = member.left_seq + 1 AND event.kind = 'system'
