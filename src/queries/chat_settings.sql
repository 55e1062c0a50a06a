SELECT
    done.newest_seq,
    done.read_seq,
    (done.changed).muted_until_at,
    (done.changed).pin_rank,
    (done.changed).is_archived,
    (done.changed).hidden_through_seq,
    (done.changed).unread_from_seq,
    (done.changed).draft
FROM change_chat_settings($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11) AS done
WHERE done.newest_seq IS NOT NULL
