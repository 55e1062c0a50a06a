WITH given AS MATERIALIZED (
    SELECT
        chat_id,
        user_id,
        direct
    FROM unnest($1, $2, $3) AS given (chat_id, user_id, direct)
),

made AS (
    INSERT INTO chats (id, kind, name, direct_low, direct_high, member_count)
    SELECT
        chat_id,
        CASE WHEN direct THEN 'direct'::chat_kind ELSE 'group' END,
        CASE WHEN NOT direct THEN 'A group of ' || count(*) END,
        CASE WHEN direct THEN (array_agg(user_id ORDER BY user_id))[1] END,
        CASE WHEN direct THEN (array_agg(user_id ORDER BY user_id))[2] END,
        count(*)
    FROM given
    GROUP BY chat_id, direct
    RETURNING id
),

headed AS (
    INSERT INTO chat_heads (chat_id)
    SELECT id FROM made
),

joined AS (
    INSERT INTO chat_participants (chat_id, user_id)
    SELECT
        chat_id,
        user_id
    FROM given
)

INSERT INTO unread_messages (user_id, chat_id)
SELECT
    user_id,
    chat_id
FROM given
