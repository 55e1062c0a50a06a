SELECT
    session.user_id,
    session.id,
    session.server_id,
    session.connection_id
FROM chat_participants AS member
INNER JOIN user_sessions AS session ON session.user_id = member.user_id
WHERE
    member.chat_id = $1
    AND member.left_at IS NULL
    AND session.connection_id IS NOT NULL
    AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
ORDER BY session.server_id, session.user_id, session.id
