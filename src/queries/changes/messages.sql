-- Arrays are read as (SELECT …), so that short ones are not planned for anew at each call.
SELECT
    message.chat_id,
    message.seq,
    message.id,
    message.sender_id,
    message.kind,
    message.content,
    message.metadata,
    message.reply_to_seq,
    message.created_at,
    message.edited_at,
    message.deleted_at,
    message.version
FROM unnest((SELECT $1), (SELECT $2)) AS wanted (chat_id, seq)
INNER JOIN messages AS message ON wanted.chat_id = message.chat_id AND wanted.seq = message.seq
INNER JOIN chat_participants AS viewer ON wanted.chat_id = viewer.chat_id AND viewer.user_id = $3
WHERE wanted.seq > viewer.seen_after_seq AND wanted.seq <> ALL (viewer.hidden_seqs)
