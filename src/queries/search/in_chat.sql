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
    FROM chat_participants AS member
    CROSS JOIN LATERAL (
        SELECT *
        FROM messages
        WHERE
            chat_words(messages.chat_id, search_words(search_text(messages.content)))
            @@ chat_query(member.chat_id, (SELECT sought.pattern FROM sought))
        OFFSET 0
    ) AS message
    WHERE
        (SELECT sought.pattern IS NOT NULL FROM sought)
        AND member.chat_id = $11
        AND member.user_id = $1
        AND member.left_at IS NULL
        AND message.chat_id = member.chat_id
        AND message.seq > member.seen_after_seq
        AND message.seq <> ALL (member.hidden_seqs)
    UNION ALL
    -- Without a word that the index has: the newest messages.
    SELECT message.*
    FROM chat_participants AS member
    INNER JOIN chat_heads AS head ON head.chat_id = member.chat_id
    INNER JOIN messages AS message
        ON message.chat_id = member.chat_id AND message.seq BETWEEN head.last_seq - 399 AND head.last_seq
    WHERE
        (SELECT sought.pattern IS NULL AND (sought.parts <> '{}' OR sought.literal <> '') FROM sought)
        AND member.chat_id = $11
        AND member.user_id = $1
        AND member.left_at IS NULL
        AND message.seq > member.seen_after_seq
        AND message.seq <> ALL (member.hidden_seqs)
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
        AND (sought.is_exact OR search_finds(newest.content, sought.parts, sought.excluded, sought.literal))
    LIMIT $6
) AS hit
ORDER BY hit.created_at DESC, hit.chat_id DESC, hit.seq DESC
