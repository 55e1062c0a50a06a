SELECT
    purged.of_chat,
    purged.removed,
    purged.is_gone
FROM purge_deleted_chat($1, $2) AS purged
