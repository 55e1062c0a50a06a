-- Moves the time of the last activity, if it is a minute old.
WITH session AS MATERIALIZED (
    SELECT
        session.id,
        session.last_active_at
    FROM user_sessions AS session
    WHERE
        session.id = $1
        AND session.user_id = $2
        AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
),

moved AS (
    UPDATE user_sessions AS stale
    SET last_active_at = clock()
    FROM session
    WHERE
        stale.id = session.id
        AND session.last_active_at <= now() - interval '1 minute'
        AND stale.last_active_at <= now() - interval '1 minute'
    RETURNING stale.last_active_at
)

SELECT
    moved.last_active_at IS NOT NULL AS is_moved,
    coalesce(moved.last_active_at, session.last_active_at) AS last_active_at
FROM session
LEFT JOIN moved ON true
