SELECT
    pruned.last_user,
    pruned.removed
FROM prune_user_changes($1, $2, $3, $4) AS pruned
