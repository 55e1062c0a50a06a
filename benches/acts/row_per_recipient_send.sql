-- All of a send in one statement.
WITH sent AS (
    INSERT INTO row_per_recipient.messages (client_id, chat_id, sender_id, content)
    SELECT
        $3,
        chat_id,
        user_id,
        $4
    FROM chat_participants
    WHERE chat_id = $1 AND user_id = $2 AND left_at IS NULL
    RETURNING id
),

recipients AS MATERIALIZED (
    SELECT
        sent.id,
        member.user_id
    FROM sent
    INNER JOIN chat_participants AS member
        ON member.chat_id = $1 AND member.left_at IS NULL AND member.user_id <> $2
),

delivered AS (
    INSERT INTO row_per_recipient.delivery (message_id, user_id)
    SELECT
        id,
        user_id
    FROM recipients
),

unread AS (
    INSERT INTO row_per_recipient.unread (user_id, chat_id, message_id)
    SELECT
        user_id,
        $1,
        id
    FROM recipients
)

SELECT id FROM sent
