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
    idle_timeout interval,
    revoked_at timestamptz,
    server_id text,
    connection_id text,
    connected_at timestamptz,
    CONSTRAINT user_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT user_sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT user_sessions_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT user_sessions_token_hash_check CHECK (octet_length(token_hash) = 32),
    CONSTRAINT user_sessions_device_id_check CHECK (char_length(device_id) BETWEEN 1 AND 255),
    CONSTRAINT user_sessions_device_name_check CHECK (char_length(device_name) <= 255),
    CONSTRAINT user_sessions_user_agent_check CHECK (char_length(user_agent) <= 1000),
    CONSTRAINT user_sessions_server_id_check CHECK (char_length(server_id) BETWEEN 1 AND 255),
    CONSTRAINT user_sessions_connection_id_check CHECK (char_length(connection_id) BETWEEN 1 AND 255),
    CONSTRAINT user_sessions_expires_after_created_check CHECK (expires_at > created_at),
    -- Intervals are compared by months of 30 days, and so by years of 360; its seconds are counted by years of 365.25. Years that
    -- are taken back as days are no more than a day, but are added first.
    CONSTRAINT user_sessions_idle_timeout_check CHECK (
        idle_timeout > interval '0'
        AND extract(EPOCH FROM idle_timeout) <= 36525 * 86400.0
        AND extract(YEAR FROM idle_timeout) BETWEEN 0 AND 100
    ),
    CONSTRAINT user_sessions_times_check CHECK (
        least(created_at, last_active_at, expires_at, revoked_at, connected_at) >= '0001-01-01 00:00:00+00'
        AND greatest(created_at, last_active_at, expires_at, revoked_at, connected_at) <= '9999-12-31 23:59:59.999999+00'
    ),
    CONSTRAINT user_sessions_connection_check CHECK (
        (connection_id IS NULL) = (connected_at IS NULL) AND (connection_id IS NULL) = (server_id IS NULL)
    )
)
-- Activity and sockets are written often. Neither is indexed, and pages have free space for updates in place.
WITH (fillfactor = 80);

CREATE INDEX user_sessions_user_idx ON user_sessions (user_id, expires_at);

CREATE INDEX user_sessions_expires_idx ON user_sessions (expires_at);

CREATE UNIQUE INDEX user_sessions_device_key ON user_sessions (user_id, device_id)
WHERE device_id IS NOT NULL AND revoked_at IS NULL;

-- Sessions are locked through this view, as accounts are through local_users.
CREATE VIEW local_user_sessions WITH (security_invoker = true) AS
SELECT
    id,
    user_id,
    last_active_at,
    expires_at,
    idle_timeout,
    revoked_at,
    server_id,
    connection_id
FROM user_sessions;

COMMENT ON TABLE user_sessions IS 'A signed-in device of a user, from sign-in until it expires or is revoked.';
COMMENT ON COLUMN user_sessions.id IS 'The session''s key, safe to show to the user who owns it.';
COMMENT ON COLUMN user_sessions.user_id IS 'Who is signed in.';
COMMENT ON COLUMN user_sessions.token_hash IS
    'SHA-256 of the session''s random 256-bit token, exactly 32 bytes. The token itself is never stored.';
COMMENT ON COLUMN user_sessions.device_id IS
    'What the device calls itself, the same at each sign-in; at most 255 characters. A user has one session for each, besides those that were revoked. Null: it did not say.';
COMMENT ON COLUMN user_sessions.device_type IS 'What kind of device it is.';
COMMENT ON COLUMN user_sessions.device_name IS 'The device''s name as its user knows it, at most 255 characters.';
COMMENT ON COLUMN user_sessions.ip_address IS 'Where the sign-in came from.';
COMMENT ON COLUMN user_sessions.user_agent IS 'What the client said it is, at most 1,000 characters.';
COMMENT ON COLUMN user_sessions.created_at IS 'When the device signed in.';
COMMENT ON COLUMN user_sessions.last_active_at IS
    'When the session was last used, moved at most once a minute. Not indexed, so that moving it stays a HOT update.';
COMMENT ON COLUMN user_sessions.expires_at IS
    'When the session ends by itself at the latest, however much it is used; after created_at.';
COMMENT ON COLUMN user_sessions.idle_timeout IS
    'How long the session may be unused: it ends so long after last_active_at. Null: it may be unused until expires_at.';
COMMENT ON COLUMN user_sessions.revoked_at IS 'When the session was ended before its time. Null: it was not.';
COMMENT ON COLUMN user_sessions.server_id IS
    'The server that holds the open socket, by the name it has since it started; at most 255 characters. Null: no socket is open. Not indexed, so that a connect stays a HOT update.';
COMMENT ON COLUMN user_sessions.connection_id IS
    'The socket that is open for this session, as its server names it, at most 255 characters. Null: none is.';
COMMENT ON COLUMN user_sessions.connected_at IS 'When that socket was opened; present exactly when connection_id is.';
COMMENT ON INDEX user_sessions_user_idx IS 'Used by: a user''s active sessions; revoking them.';
COMMENT ON INDEX user_sessions_expires_idx IS 'Used by: purging expired sessions.';
COMMENT ON INDEX user_sessions_device_key IS 'One session for each device of a user; uses: signing a device in again.';

-- A device signs in. A lock orders the sign-ins of one user, so that a later sign-in of a device replaces the earlier one.
CREATE FUNCTION open_session(
    for_user user_id,
    new_id session_id,
    new_hash bytea,
    of_device text,
    of_type device_type,
    of_name text,
    from_address inet,
    by_agent text,
    at_most interval,
    idle interval
) RETURNS SETOF user_sessions
LANGUAGE plpgsql
AS $$
DECLARE
    former session_id;
BEGIN
    IF of_device IS NULL THEN
        PERFORM FROM local_users WHERE id = for_user FOR KEY SHARE;
    ELSE
        PERFORM FROM local_users WHERE id = for_user FOR NO KEY UPDATE;
    END IF;

    -- Asked under the lock: FOR KEY SHARE gives a row as it was when the statement began, where a profile was changed meanwhile.
    IF NOT EXISTS (SELECT FROM local_users WHERE id = for_user AND deleted_at IS NULL) THEN
        RETURN;
    END IF;

    IF of_device IS NOT NULL THEN
        SELECT id INTO former FROM user_sessions
        WHERE user_id = for_user AND device_id = of_device AND revoked_at IS NULL;

        -- The session before its token, as everywhere.
        PERFORM FROM local_user_sessions WHERE id = former FOR NO KEY UPDATE;

        DELETE FROM push_tokens WHERE session_id = former;

        RETURN QUERY
        UPDATE user_sessions
        SET revoked_at = clock()
        WHERE user_id = for_user AND device_id = of_device AND revoked_at IS NULL
        RETURNING *;
    END IF;

    RETURN QUERY
    INSERT INTO user_sessions (
        id, user_id, token_hash, device_id, device_type, device_name, ip_address, user_agent, expires_at, idle_timeout
    )
    VALUES (
        new_id, for_user, new_hash, of_device, of_type, of_name, from_address, by_agent, now() + at_most, idle
    )
    RETURNING *;
END
$$;

CREATE FUNCTION session_is_active(
    revoked_at timestamptz, expires_at timestamptz, last_active_at timestamptz, idle_timeout interval
) RETURNS boolean
LANGUAGE sql
STABLE
AS $$
    SELECT
        revoked_at IS NULL
        AND expires_at > now()
        AND (idle_timeout IS NULL OR last_active_at + idle_timeout > now())
$$;

-- The user's row is locked first: when two devices connect or disconnect at once, the second sees what the first did.
CREATE FUNCTION connect_session(
    of_user user_id, in_session session_id, to_server text, by_connection text
) RETURNS TABLE (is_first boolean, former_server text, former_connection text)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM local_users WHERE id = of_user FOR NO KEY UPDATE;

    SELECT session.server_id, session.connection_id
    INTO former_server, former_connection
    FROM local_user_sessions AS session
    WHERE
        session.id = in_session
        AND session.user_id = of_user
        AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RETURN;
    END IF;

    UPDATE user_sessions
    SET server_id = to_server, connection_id = by_connection, connected_at = clock()
    WHERE id = in_session;

    is_first := former_connection IS NULL AND NOT EXISTS (
        SELECT FROM user_sessions AS other
        WHERE
            other.user_id = of_user
            AND other.id <> in_session
            AND other.connection_id IS NOT NULL
            AND session_is_active(other.revoked_at, other.expires_at, other.last_active_at, other.idle_timeout)
    );
    RETURN NEXT;
END
$$;

CREATE FUNCTION disconnect_session(
    of_user user_id, in_session session_id, from_server text, by_connection text
) RETURNS TABLE (was_open boolean, was_last boolean)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM local_users WHERE id = of_user FOR NO KEY UPDATE;

    UPDATE user_sessions
    SET server_id = NULL, connection_id = NULL, connected_at = NULL
    WHERE
        id = in_session
        AND user_id = of_user
        AND server_id = from_server
        AND connection_id = by_connection;

    was_open := FOUND;
    was_last := was_open AND NOT EXISTS (
        SELECT FROM user_sessions AS other
        WHERE
            other.user_id = of_user
            AND other.connection_id IS NOT NULL
            AND session_is_active(other.revoked_at, other.expires_at, other.last_active_at, other.idle_timeout)
    );
    RETURN NEXT;
END
$$;

-- Removes the sockets of a server that died. Gives each of its users once, and whether no device of theirs is connected any
-- more.
CREATE FUNCTION disconnect_server(dead_server text) RETURNS TABLE (of_user user_id, was_last boolean)
LANGUAGE plpgsql
AS $$
DECLARE
    concerned uuid[] := ARRAY(
        SELECT DISTINCT session.user_id FROM user_sessions AS session WHERE session.server_id = dead_server ORDER BY 1
    );
BEGIN
    FOREACH of_user IN ARRAY concerned LOOP
        PERFORM FROM local_users WHERE id = of_user FOR NO KEY UPDATE;
    END LOOP;

    IF concerned = '{}' THEN
        RETURN;
    END IF;

    -- Ten at least, as many as PostgreSQL assumes of an array that it does not know: for fewer it would plan again.
    concerned := concerned || array_fill(concerned[1], ARRAY[9]);

    -- Another call, or the device, may have closed a socket before this had its user's row.
    WITH closed AS (
        UPDATE user_sessions
        SET server_id = NULL, connection_id = NULL, connected_at = NULL
        WHERE server_id = dead_server AND user_id = ANY (concerned)
        RETURNING user_id
    )

    SELECT array_agg(DISTINCT closed.user_id::uuid) INTO concerned FROM closed;

    IF concerned IS NULL THEN
        RETURN;
    END IF;

    concerned := concerned || array_fill(concerned[1], ARRAY[9]);

    RETURN QUERY
    SELECT
        account.id,
        NOT EXISTS (
            SELECT FROM user_sessions AS other
            WHERE
                other.user_id = account.id
                AND other.connection_id IS NOT NULL
                AND session_is_active(other.revoked_at, other.expires_at, other.last_active_at, other.idle_timeout)
        )
    FROM users AS account
    WHERE account.id = ANY (concerned)
    ORDER BY account.id;
END
$$;

COMMENT ON FUNCTION open_session(
    user_id, session_id, bytea, text, device_type, text, inet, text, interval, interval
) IS
    'Signs a device in: the session that it replaces, as it was ended, and then the new one. Nothing: there is no such account.';
COMMENT ON FUNCTION session_is_active(timestamptz, timestamptz, timestamptz, interval) IS
    'Whether the session has neither been revoked nor ended by itself.';
COMMENT ON FUNCTION connect_session(user_id, session_id, text, text) IS
    'Notes the socket of a session: whether it is the first of its user, and the socket that it replaces. Nothing: the session is not active.';
COMMENT ON FUNCTION disconnect_session(user_id, session_id, text, text) IS
    'Notes that a socket is closed: whether it was the one of its session, and the last of its user.';
COMMENT ON FUNCTION disconnect_server(text) IS
    'Notes that all sockets of a server are closed: whose they were, and whether they were the last of their user.';
COMMENT ON VIEW local_user_sessions IS 'The rows of user_sessions, to be locked, as local_users has those of users.';
COMMENT ON COLUMN local_user_sessions.id IS 'As in user_sessions.';
COMMENT ON COLUMN local_user_sessions.user_id IS 'As in user_sessions.';
COMMENT ON COLUMN local_user_sessions.last_active_at IS 'As in user_sessions.';
COMMENT ON COLUMN local_user_sessions.expires_at IS 'As in user_sessions.';
COMMENT ON COLUMN local_user_sessions.idle_timeout IS 'As in user_sessions.';
COMMENT ON COLUMN local_user_sessions.revoked_at IS 'As in user_sessions.';
COMMENT ON COLUMN local_user_sessions.server_id IS 'As in user_sessions.';
COMMENT ON COLUMN local_user_sessions.connection_id IS 'As in user_sessions.';
