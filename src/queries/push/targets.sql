-- Whom a message wakes, each with their badge: the members who are no sender, have no device connected, have not read
-- it, and have not muted the chat, or are named in the message.
--
-- Each table is read once, for all members together: with 300 of them in ten chats each, a look at an index for each
-- row is what costs. The joins of what was read are FULL, and what they do not match is left out at the end: the planner
-- takes the 300 for ten, and would compare each row with each instead of hashing them.
WITH message AS MATERIALIZED (
    SELECT
        message.seq,
        message.sender_id
    FROM messages AS message
    WHERE message.chat_id = $1 AND message.seq = $2 AND message.sender_id IS NOT NULL AND message.deleted_at IS NULL
),

mention AS MATERIALIZED (
    SELECT named.user_id
    FROM message_mentions AS named
    WHERE named.chat_id = $1 AND named.message_seq = $2
),

recipient AS MATERIALIZED (
    SELECT member.user_id
    FROM message
    INNER JOIN chat_participants AS member
        ON
            member.chat_id = $1
            AND member.left_at IS NULL
            AND member.joined_seq < message.seq
            AND member.user_id <> message.sender_id
),

session AS MATERIALIZED (
    SELECT
        own.id,
        own.user_id,
        own.connection_id
    FROM user_sessions AS own
    WHERE
        own.user_id = ANY (ARRAY(SELECT recipient.user_id FROM recipient))
        AND session_is_active(own.revoked_at, own.expires_at, own.last_active_at, own.idle_timeout)
),

away AS MATERIALIZED (
    SELECT recipient.user_id
    FROM recipient
    WHERE recipient.user_id NOT IN (SELECT session.user_id FROM session WHERE session.connection_id IS NOT NULL)
),

muted AS MATERIALIZED (
    SELECT setting.user_id
    FROM chat_settings AS setting
    WHERE
        setting.chat_id = $1
        AND setting.user_id = ANY (ARRAY(SELECT away.user_id FROM away))
        AND setting.muted_until_at > now()
),

token AS MATERIALIZED (
    SELECT
        address.user_id,
        address.session_id,
        address.service,
        address.token,
        address.p256dh,
        address.auth
    FROM push_tokens AS address
    WHERE
        address.user_id = ANY (
            ARRAY(
                SELECT away.user_id
                FROM away
                WHERE
                    away.user_id NOT IN (SELECT muted.user_id FROM muted)
                    OR away.user_id IN (SELECT mention.user_id FROM mention)
            )
        )
),

counted AS MATERIALIZED (
    SELECT
        unread.user_id,
        unread.is_unread,
        unread.badge
    FROM badges($1, $2, ARRAY(SELECT token.user_id FROM token)) AS unread
),

device AS MATERIALIZED (
    SELECT
        token.user_id,
        session.id,
        token.service,
        token.token,
        token.p256dh,
        token.auth
    FROM token
    FULL JOIN session ON session.id = token.session_id
)

SELECT
    device.user_id,
    device.id,
    device.service,
    device.token,
    device.p256dh,
    device.auth,
    counted.badge,
    device.user_id IN (SELECT mention.user_id FROM mention) AS is_mentioned
FROM device
FULL JOIN counted ON counted.user_id = device.user_id
-- One of them is null in what was not matched. A plain condition would turn the joins back into others.
WHERE coalesce(counted.is_unread AND device.id IS NOT NULL AND device.user_id IS NOT NULL, false)
ORDER BY device.user_id, device.id
