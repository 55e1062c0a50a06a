-- What is logged of some chats after the versions that the device knows: chat by chat, each in the order of its versions.
SELECT
    logged.chat_id,
    logged.version,
    logged.kind,
    logged.message_seq,
    logged.user_id
FROM unnest($1, $2) AS known (chat_id, version)
CROSS JOIN LATERAL (
    SELECT
        change.chat_id,
        change.version,
        change.kind,
        change.message_seq,
        change.user_id
    FROM chat_changes AS change
    WHERE change.chat_id = known.chat_id AND change.version > known.version
    ORDER BY change.version
    LIMIT $3
) AS logged
ORDER BY logged.chat_id, logged.version
LIMIT $3
