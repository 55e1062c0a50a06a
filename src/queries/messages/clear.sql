SELECT cleared.after_seq
FROM clear_chat($1, $2, $3) AS cleared (after_seq)
