-- What the account is, and what is its own beside chats: a kind and a line each.
SELECT
    'account' AS kind,
    (
        to_jsonb(account) - '{id,password_hash}'::text[]
        || jsonb_build_object('kind', 'account', 'user_id', account.id)
        || coalesce(
            (
                SELECT jsonb_build_object('status', presence.status, 'last_seen_at', presence.last_seen_at)
                FROM user_presence AS presence
                WHERE presence.user_id = $1
            ),
            '{}'
        )
    )::text AS line
FROM users AS account
WHERE account.id = $1
UNION ALL
SELECT
    'session',
    jsonb_build_object(
        'kind', 'session', 'session_id', session.id, 'device_id', session.device_id, 'device_type', session.device_type,
        'device_name', session.device_name, 'ip_address', session.ip_address, 'user_agent', session.user_agent,
        'created_at', session.created_at, 'last_active_at', session.last_active_at, 'expires_at', session.expires_at,
        'revoked_at', session.revoked_at, 'connected_at', session.connected_at
    )::text
FROM user_sessions AS session
WHERE session.user_id = $1
UNION ALL
SELECT
    'push_token',
    jsonb_build_object(
        'kind', 'push_token', 'session_id', token.session_id, 'service', token.service,
        'registered_at', token.registered_at
    )::text
FROM push_tokens AS token
WHERE token.user_id = $1
UNION ALL
SELECT
    'contact',
    jsonb_build_object(
        'kind', 'contact', 'user_id', contact.contact_id, 'status', contact.status,
        'requested_by', contact.requested_by, 'created_at', contact.created_at, 'accepted_at', contact.accepted_at
    )::text
FROM contacts AS contact
WHERE contact.user_id = $1
UNION ALL
SELECT
    'block',
    jsonb_build_object('kind', 'block', 'user_id', block.blocked_id, 'created_at', block.created_at)::text
FROM blocks AS block
WHERE block.blocker_id = $1
UNION ALL
SELECT
    'declined_request',
    jsonb_build_object(
        'kind', 'declined_request', 'asker_id', request.asker_id, 'decliner_id', request.decliner_id,
        'declined_at', request.declined_at
    )::text
FROM declined_requests AS request
WHERE request.asker_id = $1 OR request.decliner_id = $1
UNION ALL
SELECT
    'reserved_username',
    jsonb_build_object(
        'kind', 'reserved_username', 'username_hash', encode(reserved.username_hash, 'hex'),
        'reserved_at', reserved.reserved_at
    )::text
FROM reserved_usernames AS reserved
WHERE reserved.user_id = $1
UNION ALL
SELECT
    'upload',
    jsonb_build_object(
        'kind', 'upload', 'storage_key', upload.storage_key, 'medium_key', upload.medium_key,
        'thumbnail_key', upload.thumbnail_key, 'mime_type', upload.mime_type, 'byte_size', upload.byte_size,
        'created_at', upload.created_at
    )::text
FROM uploads AS upload
WHERE upload.owner_id = $1 AND upload.attached_chat IS NULL
