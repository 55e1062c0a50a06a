WITH watcher AS MATERIALIZED (
    SELECT other.user_id
    FROM chat_participants AS own
    INNER JOIN chat_participants AS other ON other.chat_id = own.chat_id
    WHERE own.user_id = $1 AND own.left_at IS NULL AND other.left_at IS NULL AND other.user_id <> $1
    UNION
    SELECT contact.contact_id
    FROM contacts AS contact
    WHERE contact.user_id = $1 AND contact.status = 'accepted'
)

SELECT
    session.user_id,
    session.id,
    session.server_id,
    session.connection_id
FROM watcher
INNER JOIN user_sessions AS session ON session.user_id = watcher.user_id
WHERE
    session.connection_id IS NOT NULL
    AND session_is_active(session)
    AND NOT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = watcher.user_id)
    AND NOT EXISTS (SELECT FROM blocks WHERE blocker_id = watcher.user_id AND blocked_id = $1)
ORDER BY session.server_id, session.user_id, session.id
