SELECT
    sent.next_seq,
    sent.next_version,
    sent.sent_at
FROM send_message($1, $2, $3, $4, $5, $6, $7) AS sent
