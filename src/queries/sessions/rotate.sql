-- Found first: where Citus distributes the table, an UPDATE may not add the columns of a row to a time.
WITH active AS MATERIALIZED (
    SELECT session.id
    FROM user_sessions AS session
    WHERE
        session.id = $1
        AND session.user_id = $2
        AND session_is_active(session.revoked_at, session.expires_at, session.last_active_at, session.idle_timeout)
    FOR NO KEY UPDATE
)

UPDATE user_sessions AS session
SET token_hash = $3
FROM active
WHERE session.id = active.id
RETURNING session.id
