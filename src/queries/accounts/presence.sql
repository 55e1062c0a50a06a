WITH marked AS (
    UPDATE user_presence
    SET status = CASE WHEN $2 IS NULL THEN status ELSE $2::user_status END, last_seen_at = now()
    WHERE user_id = $1
    RETURNING user_id
)

-- Not in RETURNING: where Citus distributes the table, no setting may be made there.
SELECT
    user_id,
    CASE WHEN $3 AND current_setting('messenger_db.relaxed', true) = 'on' THEN set_config('synchronous_commit', 'off', true) END
FROM marked
