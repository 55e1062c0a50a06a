-- In the order of the chats and users, so that two that have several positions in common do not wait for each other in a
-- circle; each is moved by the function that moves it alone.
SELECT
    given.place,
    marked.after_seq,
    marked.through_seq,
    marked.delivered_after_seq,
    marked.delivered_through_seq,
    CASE WHEN $5 AND current_setting('messenger_db.relaxed', true) = 'on' THEN set_config('synchronous_commit', 'off', true) END
FROM (
    SELECT mark.*
    FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS mark (chat_id, user_id, seq, is_read, place)
    ORDER BY mark.chat_id, mark.user_id, mark.place
) AS given
CROSS JOIN LATERAL (
    SELECT
        after_seq,
        through_seq,
        delivered_after_seq,
        delivered_through_seq
    FROM mark_read(given.chat_id, given.user_id, given.seq)
    WHERE given.is_read
    UNION ALL
    SELECT
        after_seq,
        through_seq,
        after_seq,
        through_seq
    FROM mark_delivered(given.chat_id, given.user_id, given.seq)
    WHERE NOT given.is_read
) AS marked
