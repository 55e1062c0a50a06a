UPDATE user_presence
SET status = coalesce($2::user_status, status), last_seen_at = now()
WHERE user_id = $1
RETURNING
    user_id,
    CASE WHEN $3 AND current_setting('messenger_db.relaxed', true) = 'on' THEN set_config('synchronous_commit', 'off', true) END
