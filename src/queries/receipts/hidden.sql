SELECT
    hidden.of_user,
    hidden.is_hidden,
    hidden.blocked_at
FROM hidden_receipts($1, $2) AS hidden
