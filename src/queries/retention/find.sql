-- The chats, of some that follow, whose oldest message is older than a time, or in which a run that was interrupted has left runs
-- of receipts from before the beginning of history; and the last of those that were looked at.
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
        SELECT looked_at.chat_id
        FROM looked_at
        LEFT JOIN messages AS oldest ON looked_at.chat_id = oldest.chat_id AND looked_at.first_seq = oldest.seq
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
            OR (
                looked_at.first_seq > 1
                AND EXISTS (
                    SELECT
                    FROM chat_participants AS member
                    WHERE
                        member.chat_id = looked_at.chat_id
                        AND (
                            SELECT run.through_seq
                            FROM message_delivery AS run
                            WHERE run.chat_id = member.chat_id AND run.user_id = member.user_id
                            ORDER BY run.through_seq
                            LIMIT 1
                        ) < looked_at.first_seq
                )
            )
        ORDER BY looked_at.chat_id
    ) AS old_chats
