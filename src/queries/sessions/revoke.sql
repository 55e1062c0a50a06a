-- Ends active sessions of a user, and forgets where their devices are reached: one, or all but one, or all.
WITH chosen AS MATERIALIZED (
    SELECT session.id
    FROM user_sessions AS session
    WHERE
        session.user_id = $1
        AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
        AND ($2::uuid IS NULL OR session.id = $2)
        AND ($3::uuid IS NULL OR session.id <> $3)
    ORDER BY session.id
    FOR NO KEY UPDATE
),

forgotten AS (
    DELETE FROM push_tokens AS token
    USING chosen
    WHERE token.session_id = chosen.id
)

UPDATE user_sessions AS session
SET revoked_at = now()
FROM chosen
WHERE session.id = chosen.id
RETURNING
    session.id,
    session.user_id,
    session.token_hash,
    session.device_id,
    session.device_type,
    session.device_name,
    session.ip_address,
    session.user_agent,
    session.created_at,
    session.last_active_at,
    session.expires_at,
    session.idle_timeout,
    session.revoked_at,
    session.server_id,
    session.connection_id,
    session.connected_at
