UPDATE users
SET status = coalesce($2::user_status, status), last_seen_at = now()
WHERE id = $1 AND deleted_at IS NULL
RETURNING
    id,
    CASE WHEN $3 AND current_setting('messenger_db.relaxed', true) = 'on' THEN set_config('synchronous_commit', 'off', true) END
