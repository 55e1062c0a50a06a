SELECT
    sent.place,
    sent.next_seq,
    sent.next_version,
    sent.sent_at,
    sent.violated
FROM send_messages($1, $2, $3, $4, $5, $6, $7) AS sent
