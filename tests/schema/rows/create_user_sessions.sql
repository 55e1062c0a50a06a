INSERT INTO user_sessions (
    id, user_id, token_hash, device_id, device_type, ip_address, expires_at, idle_timeout, server_id, connection_id, connected_at
)
VALUES (
    '00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-00000000000a',
    sha256('alice'), 'phone-1', 'ios', '2001:db8::1', now() + interval '30 days', interval '7 days', 'gateway-1', '7', now()
);
