-- A user's messages that have what is sought, newest first; highlighted, those of the page only.
--
-- OFFSET 0 holds the search of each chat together, so that PostgreSQL asks the index for it, whatever it thinks of how
-- many chats there are and how long they are. So the plan is the same for any user and any words, and is made once: a
-- plan for this user would be no better and cost half as much as the search, which SELECT keeps PostgreSQL from trying.
WITH sought AS MATERIALIZED (
    SELECT
        query,
        chat_query_pattern(query) AS pattern,
        chat_query_decides(query) AS decided
    FROM websearch_to_tsquery('messenger', $2) AS query
)

SELECT
    hit.chat_id,
    hit.seq,
    hit.id,
    hit.sender_id,
    hit.kind,
    hit.content,
    hit.metadata,
    hit.reply_to_seq,
    hit.created_at,
    hit.edited_at,
    hit.deleted_at,
    hit.version,
    ts_headline('messenger', translate(hit.content, $7, $8), hit.query, $9) AS headline
FROM (
    SELECT
        message.*,
        sought.query
    FROM sought
    CROSS JOIN chat_participants AS member
    CROSS JOIN LATERAL (
        SELECT *
        FROM messages
        WHERE
            messages.chat_id = member.chat_id
            AND chat_words(messages.chat_id, to_tsvector('messenger', messages.content))
            @@ chat_query(member.chat_id, sought.pattern)
            AND (sought.decided OR to_tsvector('messenger', messages.content) @@ sought.query)
            AND messages.kind <> 'system'
        OFFSET 0
    ) AS message
    WHERE
        member.user_id = (SELECT $1)
        AND member.left_at IS NULL
        AND ($3 IS NULL OR (message.created_at, message.chat_id, message.seq) < ($3, $4, $5))
    ORDER BY message.created_at DESC, message.chat_id DESC, message.seq DESC
    LIMIT $6
) AS hit
ORDER BY hit.created_at DESC, hit.chat_id DESC, hit.seq DESC
