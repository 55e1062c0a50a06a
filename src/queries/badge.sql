-- The unread messages of the chats that are not muted, and the unread mentions of those that are.
SELECT
    coalesce(sum(
        CASE
            WHEN setting.muted_until_at > now() THEN (
                SELECT count(*)
                FROM message_mentions AS mention
                WHERE
                    mention.chat_id = position.chat_id
                    AND mention.user_id = position.user_id
                    AND mention.message_seq > position.last_read_seq
            )
            ELSE head.last_seq - position.last_read_seq
                - CASE
                    WHEN head.last_uncounted_seq > position.last_read_seq THEN (
                        SELECT count(*)
                        FROM messages AS uncounted
                        WHERE
                            uncounted.chat_id = position.chat_id
                            AND uncounted.seq > position.last_read_seq
                            AND (uncounted.sender_id IS NULL OR uncounted.deleted_at IS NOT NULL)
                    )
                    ELSE 0
                END
        END
    ), 0)::bigint AS badge
FROM unread_messages AS position
INNER JOIN chat_heads AS head ON head.chat_id = position.chat_id AND head.last_seq > position.last_read_seq
LEFT JOIN chat_settings AS setting ON setting.user_id = position.user_id AND setting.chat_id = position.chat_id
WHERE position.user_id = $1
