SELECT
    id,
    user_id,
    token_hash,
    device_id,
    device_type,
    device_name,
    ip_address,
    user_agent,
    created_at,
    last_active_at,
    expires_at,
    idle_timeout,
    revoked_at,
    server_id,
    connection_id,
    connected_at
FROM open_session($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
