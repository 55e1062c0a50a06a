SELECT
    discarded.removed,
    discarded.file_keys
FROM discard_uploads($1, $2) AS discarded
