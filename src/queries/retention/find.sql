-- The chats, of some that follow, whose oldest message is older than a time; and the last of those that were looked at.
WITH looked_at AS MATERIALIZED (
    SELECT
        head.chat_id,
        head.first_seq
    FROM chat_heads AS head
    WHERE head.chat_id > $1
    ORDER BY head.chat_id
    LIMIT $3
)

SELECT
    (SELECT last.chat_id FROM looked_at AS last ORDER BY last.chat_id DESC LIMIT 1) AS last_chat,
    ARRAY(
        SELECT oldest.chat_id
        FROM looked_at
        INNER JOIN messages AS oldest ON looked_at.chat_id = oldest.chat_id AND looked_at.first_seq = oldest.seq
        WHERE
            oldest.created_at < $2
            -- Imported messages follow the younger word of the system that the group was created.
            OR (
                oldest.kind = 'system'
                AND (
                    SELECT said.created_at
                    FROM messages AS said
                    WHERE said.chat_id = oldest.chat_id AND said.seq >= oldest.seq AND said.kind <> 'system'
                    ORDER BY said.seq
                    LIMIT 1
                ) < $2
            )
        ORDER BY oldest.chat_id
    ) AS old_chats
