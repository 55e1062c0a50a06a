SELECT
    hidden.of_user,
    hidden.is_blocked
FROM hidden_receipts($1, $2) AS hidden
