WITH own AS MATERIALIZED (
    SELECT account.presence_to
    FROM users AS account
    WHERE account.id = $1
),

watcher AS MATERIALIZED (
    SELECT other.user_id
    FROM own
    CROSS JOIN chat_participants AS membership
    INNER JOIN chat_participants AS other ON other.chat_id = membership.chat_id
    WHERE
        own.presence_to = 'everybody'
        AND membership.user_id = $1
        AND membership.left_at IS NULL
        AND other.left_at IS NULL
        AND other.user_id <> $1
    UNION
    SELECT contact.contact_id
    FROM own
    CROSS JOIN contacts AS contact
    WHERE own.presence_to <> 'nobody' AND contact.user_id = $1 AND contact.accepted_at IS NOT NULL
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
    AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
    AND NOT EXISTS (SELECT FROM blocks WHERE blocker_id = $1 AND blocked_id = watcher.user_id)
    AND NOT EXISTS (SELECT FROM blocks WHERE blocker_id = watcher.user_id AND blocked_id = $1)
ORDER BY session.server_id, session.user_id, session.id
