-- The versions of some chats and of some users, for a server that serves them.
SELECT
    head.chat_id,
    NULL::user_id AS user_id,
    head.version
FROM chat_heads AS head
WHERE head.chat_id = any($1)
UNION ALL
SELECT
    NULL::chat_id AS chat_id,
    head.user_id,
    head.version
FROM user_heads AS head
WHERE head.user_id = any($2)
