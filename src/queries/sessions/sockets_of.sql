SELECT
    session.user_id,
    session.id,
    session.server_id,
    session.connection_id
FROM (SELECT DISTINCT user_id FROM unnest($1::uuid []) AS one (user_id)) AS concerned
INNER JOIN user_sessions AS session ON session.user_id = concerned.user_id
WHERE
    session.connection_id IS NOT NULL
    AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
ORDER BY session.server_id, session.user_id, session.id
