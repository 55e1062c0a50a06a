-- Whom a message wakes, each with their badge: the members who are no sender, have no device connected, have not read
-- it, and have not muted the chat, or are named in the message.
WITH message AS MATERIALIZED (
    SELECT
        message.seq,
        message.sender_id
    FROM messages AS message
    WHERE message.chat_id = $1 AND message.seq = $2 AND message.sender_id IS NOT NULL AND message.deleted_at IS NULL
),

recipient AS MATERIALIZED (
    SELECT
        member.user_id,
        mention.user_id IS NOT NULL AS is_mentioned
    FROM message
    INNER JOIN chat_participants AS member
        ON
            member.chat_id = $1
            AND member.left_at IS NULL
            AND member.joined_seq < message.seq
            AND member.user_id <> message.sender_id
    INNER JOIN unread_messages AS position
        ON position.user_id = member.user_id AND position.chat_id = $1 AND position.last_read_seq < message.seq
    LEFT JOIN chat_settings AS setting ON setting.user_id = member.user_id AND setting.chat_id = $1
    LEFT JOIN message_mentions AS mention
        ON mention.chat_id = $1 AND mention.message_seq = $2 AND mention.user_id = member.user_id
    WHERE
        (setting.muted_until_at IS NULL OR setting.muted_until_at <= now() OR mention.user_id IS NOT NULL)
        AND EXISTS (SELECT FROM push_tokens AS token WHERE token.user_id = member.user_id)
        AND NOT EXISTS (
            SELECT FROM user_sessions AS session
            WHERE
                session.user_id = member.user_id
                AND session.connection_id IS NOT NULL
                AND session_is_active(session)
        )
),

-- Everything that is unread, as if nothing were muted.
unread AS MATERIALIZED (
    SELECT
        recipient.user_id,
        recipient.is_mentioned,
        counted.messages
    FROM recipient
    CROSS JOIN LATERAL (
        SELECT
            sum(
                head.last_seq - position.last_read_seq
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
            )::bigint AS messages
        FROM unread_messages AS position
        INNER JOIN chat_heads AS head ON head.chat_id = position.chat_id
        WHERE position.user_id = recipient.user_id
    ) AS counted
),

-- In the chats that are muted, the messages do not count, and the mentions do. A user has muted few.
muted_chat AS MATERIALIZED (
    SELECT
        recipient.user_id,
        setting.chat_id
    FROM recipient
    -- With an OFFSET, the planner asks the index for each recipient, and does not read the table for all of them.
    CROSS JOIN LATERAL (
        SELECT own.chat_id
        FROM chat_settings AS own
        WHERE own.user_id = recipient.user_id AND own.muted_until_at > now()
        OFFSET 0
    ) AS setting
),

muted AS MATERIALIZED (
    SELECT
        muted_chat.user_id,
        sum(
            head.last_seq - position.last_read_seq
            - (
                SELECT count(*)
                FROM messages AS uncounted
                WHERE
                    uncounted.chat_id = position.chat_id
                    AND uncounted.seq > position.last_read_seq
                    AND (uncounted.sender_id IS NULL OR uncounted.deleted_at IS NOT NULL)
            )
            - (
                SELECT count(*)
                FROM message_mentions AS mention
                WHERE
                    mention.chat_id = position.chat_id
                    AND mention.user_id = position.user_id
                    AND mention.message_seq > position.last_read_seq
            )
        )::bigint AS messages
    FROM muted_chat
    INNER JOIN unread_messages AS position
        ON position.user_id = muted_chat.user_id AND position.chat_id = muted_chat.chat_id
    INNER JOIN chat_heads AS head ON head.chat_id = position.chat_id AND head.last_seq > position.last_read_seq
    GROUP BY muted_chat.user_id
)

SELECT
    unread.user_id,
    session.id,
    token.service,
    token.token,
    token.p256dh,
    token.auth,
    unread.messages - coalesce(muted.messages, 0) AS badge,
    unread.is_mentioned
FROM unread
LEFT JOIN muted ON muted.user_id = unread.user_id
INNER JOIN push_tokens AS token ON token.user_id = unread.user_id
INNER JOIN user_sessions AS session ON session.id = token.session_id
WHERE session_is_active(session)
ORDER BY unread.user_id, session.id
