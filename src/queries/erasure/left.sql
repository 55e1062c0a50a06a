-- What of a person is still there, by table: nothing, once they are erased.
SELECT
    'attachments' AS table_name,
    count(*) AS rows
FROM messages AS message
INNER JOIN attachments AS picture ON message.chat_id = picture.chat_id AND message.seq = picture.message_seq
WHERE message.sender_id = $1
UNION ALL
SELECT
    'blocks',
    count(*)
FROM blocks
WHERE blocker_id = $1 OR blocked_id = $1
UNION ALL
SELECT
    'chat_participants',
    count(*)
FROM chat_participants
WHERE
    user_id = $1
    AND (
        left_at IS NULL
        OR joined_at <> left_at
        OR joined_seq <> left_seq
        OR role <> 'member'
        OR seen_after_seq <> 0
        OR hidden_seqs <> '{}'
    )
UNION ALL
SELECT
    'chat_settings',
    count(*)
FROM chat_settings
WHERE user_id = $1
UNION ALL
SELECT
    'contacts',
    count(*)
FROM contacts
WHERE user_id = $1 OR contact_id = $1
UNION ALL
SELECT
    'declined_requests',
    count(*)
FROM declined_requests
WHERE asker_id = $1 OR decliner_id = $1
UNION ALL
SELECT
    'inbox_by_user',
    count(*)
FROM inbox_by_user
WHERE user_id = $1 OR (last_sender_id = $1 AND last_preview IS NOT NULL)
UNION ALL
SELECT
    'inbox_marks',
    count(*)
FROM inbox_marks
WHERE user_id = $1
UNION ALL
SELECT
    'message_delivery',
    count(*)
FROM message_delivery
WHERE user_id = $1
UNION ALL
SELECT
    'message_edits',
    count(*)
FROM messages AS message
INNER JOIN message_edits AS edit ON message.chat_id = edit.chat_id AND message.seq = edit.message_seq
WHERE message.sender_id = $1
UNION ALL
SELECT
    'message_mentions',
    count(*)
FROM message_mentions
WHERE user_id = $1
UNION ALL
SELECT
    'message_reactions',
    count(*)
FROM message_reactions
WHERE user_id = $1
UNION ALL
SELECT
    'messages',
    count(*)
FROM messages
WHERE sender_id = $1 AND deleted_at IS NULL
UNION ALL
SELECT
    'push_tokens',
    count(*)
FROM push_tokens
WHERE user_id = $1
UNION ALL
SELECT
    'reserved_usernames',
    count(*)
FROM reserved_usernames
WHERE user_id = $1
UNION ALL
SELECT
    'unread_messages',
    count(*)
FROM unread_messages
WHERE user_id = $1
UNION ALL
SELECT
    'uploads',
    count(*)
FROM uploads
WHERE owner_id = $1
UNION ALL
SELECT
    'user_changes',
    count(*)
FROM user_changes
WHERE user_id = $1
UNION ALL
SELECT
    'user_heads',
    count(*)
FROM user_heads
WHERE user_id = $1
UNION ALL
SELECT
    'user_presence',
    count(*)
FROM user_presence
WHERE user_id = $1
UNION ALL
SELECT
    'user_sessions',
    count(*)
FROM user_sessions
WHERE user_id = $1
UNION ALL
SELECT
    'users',
    count(*)
FROM users
WHERE id = $1 AND deleted_at IS NULL
ORDER BY 1
