-- Where some chats begin for the user, and which messages after that the user has deleted for themselves.
-- Arrays are read as (SELECT …), so that short ones are not planned for anew at each call.
SELECT
    viewer.chat_id,
    greatest(head.first_seq, viewer.seen_after_seq + 1) AS first_seq,
    viewer.hidden_seqs
FROM unnest((SELECT $2)) AS wanted (chat_id)
INNER JOIN chat_participants AS viewer
    ON wanted.chat_id = viewer.chat_id AND viewer.user_id = $1 AND viewer.left_at IS NULL
INNER JOIN chat_heads AS head ON wanted.chat_id = head.chat_id
ORDER BY viewer.chat_id
