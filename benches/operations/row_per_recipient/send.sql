-- All of a send in one statement.
WITH sent AS (
    INSERT INTO sent_messages (client_id, chat_id, sender_id, content)
    SELECT
        $3,
        chat_id,
        user_id,
        $4
    FROM chat_participants
    WHERE chat_id = $1 AND user_id = $2 AND left_at IS NULL
    RETURNING id
),

members AS MATERIALIZED (
    SELECT
        sent.id,
        member.user_id
    FROM sent
    INNER JOIN chat_participants AS member
        ON member.chat_id = $1 AND member.left_at IS NULL AND member.user_id <> $2
),

received AS (
    INSERT INTO recipients (message_id, user_id)
    SELECT
        id,
        user_id
    FROM members
),

waiting AS (
    INSERT INTO unread (user_id, chat_id, message_id)
    SELECT
        user_id,
        $1,
        id
    FROM members
)

SELECT id FROM sent
