-- Purpose: push_tokens: the addresses by which Apple, Google, browsers and UnifiedPush wake a device that is not connected.
-- Lock: SHARE ROW EXCLUSIVE on user_sessions and users, for the foreign keys, for a moment: the new table is empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the table.

CREATE TYPE push_service AS ENUM ('apns', 'fcm', 'web_push', 'unified_push');

COMMENT ON TYPE push_service IS 'Who carries a notification to a device.';

CREATE TABLE push_tokens (
    session_id session_id NOT NULL,
    user_id user_id NOT NULL,
    service push_service NOT NULL,
    token text COLLATE "C" NOT NULL,
    p256dh bytea,
    auth bytea,
    registered_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT push_tokens_pkey PRIMARY KEY (session_id),
    CONSTRAINT push_tokens_token_key UNIQUE (service, token),
    CONSTRAINT push_tokens_session_fkey FOREIGN KEY (session_id) REFERENCES user_sessions (id) ON DELETE CASCADE,
    CONSTRAINT push_tokens_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
    -- An entry of an index has 2,704 bytes at most.
    CONSTRAINT push_tokens_token_check CHECK (octet_length(token) BETWEEN 1 AND 2000),
    CONSTRAINT push_tokens_p256dh_check CHECK (octet_length(p256dh) = 65),
    CONSTRAINT push_tokens_auth_check CHECK (octet_length(auth) = 16),
    CONSTRAINT push_tokens_times_check CHECK (
        registered_at >= '0001-01-01 00:00:00+00' AND registered_at <= '9999-12-31 23:59:59.999999+00'
    ),
    CONSTRAINT push_tokens_keys_check CHECK (
        (p256dh IS NULL) = (auth IS NULL)
        AND CASE service WHEN 'web_push' THEN auth IS NOT NULL WHEN 'unified_push' THEN true ELSE auth IS NULL END
    )
);

CREATE INDEX push_tokens_user_idx ON push_tokens (user_id);

-- Ends active sessions of a user, and forgets where their devices are reached: one, or all but one, or all. It locks
-- the account first, as closing it and noting that a server died do: they have several of its sessions, too.
CREATE FUNCTION end_sessions(of_user user_id, only_one session_id, but_one session_id) RETURNS SETOF user_sessions
LANGUAGE plpgsql
AS $$
DECLARE
    chosen uuid [];
BEGIN
    PERFORM FROM local_users WHERE id = of_user FOR NO KEY UPDATE;

    chosen := ARRAY(
        SELECT session.id
        FROM local_user_sessions AS session
        WHERE
            session.user_id = of_user
            AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
            AND (only_one IS NULL OR session.id = only_one)
            AND (but_one IS NULL OR session.id <> but_one)
        ORDER BY session.id
        FOR NO KEY UPDATE
    );

    IF chosen = '{}' THEN
        RETURN;
    END IF;

    -- Ten at least, as many as PostgreSQL assumes of an array that it does not know: for fewer it would plan again.
    chosen := chosen || array_fill(chosen[1], ARRAY[9]);

    DELETE FROM push_tokens WHERE session_id = ANY (chosen);

    RETURN QUERY
    UPDATE user_sessions
    SET revoked_at = now()
    WHERE id = ANY (chosen)
    RETURNING *;
END
$$;

-- The session is locked, so that it is active until this commits, and registers one token at a time; before it the user, as
-- everywhere. A token that another session has moves to this one: the device changed hands, and must not get what is meant for
-- the former user. The tokens are locked in the order of their key: two sessions may take each other's.
CREATE FUNCTION register_push_token(
    for_user user_id,
    in_session session_id,
    by_service push_service,
    new_token text,
    public_key bytea,
    auth_secret bytea
) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM FROM local_users WHERE id = for_user FOR KEY SHARE;

    PERFORM FROM local_user_sessions AS session
    WHERE
        session.id = in_session
        AND session.user_id = for_user
        AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RETURN false;
    END IF;

    PERFORM FROM push_tokens
    WHERE session_id = in_session OR (service = by_service AND token = new_token)
    ORDER BY service, token
    FOR NO KEY UPDATE;

    DELETE FROM push_tokens
    WHERE session_id = in_session AND (service <> by_service OR token <> new_token);

    INSERT INTO push_tokens AS registered (session_id, user_id, service, token, p256dh, auth)
    VALUES (in_session, for_user, by_service, new_token, public_key, auth_secret)
    ON CONFLICT (service, token) DO UPDATE
    SET
        session_id = excluded.session_id,
        user_id = excluded.user_id,
        p256dh = excluded.p256dh,
        auth = excluded.auth,
        registered_at = excluded.registered_at;

    RETURN true;
END
$$;

COMMENT ON TABLE push_tokens IS
    'The address for notifications to a device: one for each session, deleted with it. The token, auth and p256dh together let whoever has them notify the device.';
COMMENT ON COLUMN push_tokens.session_id IS 'Of which session.';
COMMENT ON COLUMN push_tokens.user_id IS 'Whose session, as it says itself.';
COMMENT ON COLUMN push_tokens.service IS 'Who carries the notification.';
COMMENT ON COLUMN push_tokens.token IS
    'The device''s token at Apple or Google, or the URL of its endpoint; at most 2,000 bytes. Of several sessions with one token, the last that registered it has it.';
COMMENT ON COLUMN push_tokens.p256dh IS 'The public key of a Web Push subscription, 65 bytes. Null: the service has none.';
COMMENT ON COLUMN push_tokens.auth IS 'The secret of a Web Push subscription, 16 bytes. Null: the service has none.';
COMMENT ON COLUMN push_tokens.registered_at IS 'When the device registered it, or last registered it again.';
COMMENT ON INDEX push_tokens_user_idx IS 'Used by: the devices of a user that a notification wakes.';
COMMENT ON FUNCTION end_sessions(user_id, session_id, session_id) IS
    'Ends active sessions of a user, and forgets where their devices are reached, and gives them: one, or all but one, or all.';
COMMENT ON FUNCTION register_push_token(user_id, session_id, push_service, text, bytea, bytea) IS
    'Stores the address for notifications to the device of a session, in place of the former one. False: the session is not active.';
