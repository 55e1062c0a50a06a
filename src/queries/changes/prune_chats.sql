SELECT
    pruned.last_chat,
    pruned.removed
FROM prune_chat_changes($1, $2, $3, $4) AS pruned
