SELECT
    hidden.of_user,
    hidden.is_hidden,
    hidden.blocked_at
FROM hidden_receipts AS hidden
WHERE hidden.from_reader = $1 AND hidden.of_user = ANY ($2)
