-- Purpose: user_sessions: one row per signed-in device.
-- Lock: SHARE ROW EXCLUSIVE on users, for the foreign key, for a moment: the new table is empty.
-- Tolerable because: readers of users go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.

CREATE DOMAIN session_id AS uuid;

COMMENT ON DOMAIN session_id IS 'The key of a session: a UUIDv7 made by the application. It is no secret; the token is.';

CREATE TYPE device_type AS ENUM ('web', 'ios', 'android', 'desktop', 'other');

COMMENT ON TYPE device_type IS 'What kind of device a session runs on.';

CREATE TABLE user_sessions (
    id session_id NOT NULL DEFAULT gen_random_uuid(),
    user_id user_id NOT NULL,
    token_hash bytea NOT NULL,
    device_id text,
    device_type device_type NOT NULL DEFAULT 'other',
    device_name text,
    ip_address inet,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_active_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    connection_id text,
    connected_at timestamptz,
    CONSTRAINT user_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT user_sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT user_sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT user_sessions_token_hash_check CHECK (octet_length(token_hash) = 32),
    CONSTRAINT user_sessions_device_id_check CHECK (char_length(device_id) BETWEEN 1 AND 255),
    CONSTRAINT user_sessions_device_name_check CHECK (char_length(device_name) <= 255),
    CONSTRAINT user_sessions_user_agent_check CHECK (char_length(user_agent) <= 1000),
    CONSTRAINT user_sessions_connection_id_check CHECK (char_length(connection_id) BETWEEN 1 AND 255),
    CONSTRAINT user_sessions_expires_after_created_check CHECK (expires_at > created_at),
    CONSTRAINT user_sessions_connection_check CHECK ((connection_id IS NULL) = (connected_at IS NULL))
)
-- Activity and sockets are written often; neither is indexed, and there is room to update in place.
WITH (fillfactor = 80);

CREATE INDEX user_sessions_user_idx ON user_sessions (user_id, expires_at);

CREATE INDEX user_sessions_expires_idx ON user_sessions (expires_at);

COMMENT ON TABLE user_sessions IS 'A signed-in device of a user, from sign-in until it expires or is revoked.';
COMMENT ON COLUMN user_sessions.id IS 'The session''s key, safe to show to the user who owns it.';
COMMENT ON COLUMN user_sessions.user_id IS 'Who is signed in.';
COMMENT ON COLUMN user_sessions.token_hash IS
    'SHA-256 of the session''s random 256-bit token, exactly 32 bytes. The token itself is never stored.';
COMMENT ON COLUMN user_sessions.device_id IS
    'What the device calls itself, the same at each sign-in; at most 255 characters. Null: it did not say.';
COMMENT ON COLUMN user_sessions.device_type IS 'What kind of device it is.';
COMMENT ON COLUMN user_sessions.device_name IS 'The device''s name as its user knows it, at most 255 characters.';
COMMENT ON COLUMN user_sessions.ip_address IS 'Where the sign-in came from.';
COMMENT ON COLUMN user_sessions.user_agent IS 'What the client said it is, at most 1,000 characters.';
COMMENT ON COLUMN user_sessions.created_at IS 'When the device signed in.';
COMMENT ON COLUMN user_sessions.last_active_at IS
    'When the session was last used, moved at most once a minute. Not indexed, so that moving it stays a HOT update.';
COMMENT ON COLUMN user_sessions.expires_at IS 'When the session ends by itself; after created_at.';
COMMENT ON COLUMN user_sessions.revoked_at IS 'When the session was ended before its time. Null: it was not.';
COMMENT ON COLUMN user_sessions.connection_id IS
    'The socket that is open for this session, as the gateway names it. Null: none is.';
COMMENT ON COLUMN user_sessions.connected_at IS 'When that socket was opened; present exactly when connection_id is.';
COMMENT ON INDEX user_sessions_user_idx IS 'Rides: a user''s active sessions; revoking them.';
COMMENT ON INDEX user_sessions_expires_idx IS 'Rides: purging expired sessions.';
