UPDATE user_sessions AS session
SET token_hash = $3
WHERE session.id = $1 AND session.user_id = $2 AND session_is_active(session)
RETURNING session.id
