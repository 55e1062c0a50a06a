SELECT
    marked.after_seq,
    marked.through_seq,
    marked.delivered_after_seq,
    marked.delivered_through_seq,
    CASE WHEN $4 AND current_setting('messenger_db.relaxed', true) = 'on' THEN set_config('synchronous_commit', 'off', true) END
FROM mark_read($1, $2, $3) AS marked
