-- The messages of one chat that are what is sought, newest first, as all.sql has those of all chats.
WITH sought AS MATERIALIZED (
    SELECT
        pattern,
        parts,
        excluded,
        literal,
        marked,
        is_exact
    FROM search_query($2)
),

candidate AS (
    SELECT message.*
    FROM sought
    CROSS JOIN chat_participants AS member
    CROSS JOIN LATERAL (
        SELECT *
        FROM messages
        WHERE
            chat_words(messages.chat_id, search_words(search_text(messages.content)))
            @@ chat_query(member.chat_id, sought.pattern)
        OFFSET 0
    ) AS message
    WHERE
        sought.pattern IS NOT NULL
        AND member.chat_id = $11
        AND member.user_id = $1
        AND member.left_at IS NULL
        AND message.chat_id = $11
        AND message.seq > member.seen_after_seq
    UNION ALL
    -- Without a word that the index has: the newest messages.
    SELECT message.*
    FROM sought
    CROSS JOIN LATERAL (
        SELECT head.last_seq
        FROM chat_participants AS member
        INNER JOIN chat_heads AS head ON member.chat_id = head.chat_id
        -- Asked in here, so that the head is not read for a query that the index answers.
        WHERE
            sought.pattern IS NULL
            AND member.chat_id = $11
            AND member.user_id = $1
            AND member.left_at IS NULL
            AND head.chat_id = $11
        LIMIT 1
    ) AS newest
    INNER JOIN messages AS message ON message.seq BETWEEN newest.last_seq - 399 AND newest.last_seq
    WHERE
        (sought.parts <> '{}' OR sought.literal <> '')
        AND message.chat_id = $11
        AND message.content IS NOT NULL
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
    search_marks(hit.content, sought.marked) AS marks
FROM sought
CROSS JOIN LATERAL (
    SELECT newest.*
    FROM (
        SELECT
            likely.*,
            sum(octet_length(likely.content)) OVER (
                ORDER BY likely.created_at DESC, likely.chat_id DESC, likely.seq DESC ROWS UNBOUNDED PRECEDING
            ) AS bytes
        FROM (
            SELECT *
            FROM candidate
            WHERE
                candidate.kind <> 'system'
                AND ($3 IS NULL OR (candidate.created_at, candidate.chat_id, candidate.seq) < ($3, $4, $5))
                AND ($7 IS NULL OR candidate.sender_id = $7)
                AND ($8 IS NULL OR candidate.created_at >= $8)
                AND ($9 IS NULL OR candidate.created_at < $9)
                AND (NOT $10 OR candidate.kind = 'image')
                AND (
                    NOT $12
                    OR EXISTS (
                        SELECT FROM message_mentions AS mention
                        WHERE
                            mention.chat_id = candidate.chat_id
                            AND mention.message_seq = candidate.seq
                            AND mention.user_id = $1
                    )
                )
            ORDER BY candidate.created_at DESC, candidate.chat_id DESC, candidate.seq DESC
            LIMIT 5000
        ) AS likely
    ) AS newest
    WHERE
        -- A page of the longest messages is less.
        (sought.is_exact OR newest.bytes <= 1000000)
        AND NOT EXISTS (
            SELECT FROM chat_participants AS viewer
            WHERE
                viewer.chat_id = $11
                AND viewer.user_id = $1
                AND (newest.seq <= viewer.seen_after_seq OR newest.seq = ANY (viewer.hidden_seqs))
            OFFSET 0
        )
        AND (sought.is_exact OR search_finds(newest.content, sought.parts, sought.excluded, sought.literal))
    LIMIT $6
) AS hit
ORDER BY hit.created_at DESC, hit.chat_id DESC, hit.seq DESC
