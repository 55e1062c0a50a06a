SELECT
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
    session.connected_at,
    session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout),
    session.last_active_at <= now() - interval '1 minute'
FROM user_sessions AS session
WHERE session.token_hash = $1
