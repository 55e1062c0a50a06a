SELECT
    ended.id,
    ended.user_id,
    ended.token_hash,
    ended.device_id,
    ended.device_type,
    ended.device_name,
    ended.ip_address,
    ended.user_agent,
    ended.created_at,
    ended.last_active_at,
    ended.expires_at,
    ended.idle_timeout,
    ended.revoked_at,
    ended.server_id,
    ended.connection_id,
    ended.connected_at
FROM end_sessions($1, $2, $3) AS ended
