-- A user's messages that are what is sought, newest first. Those of the page only are marked, and until the page is full are
-- asked what the index cannot tell: the order of words, their stems, what is excluded; of 5,000 at most, however few are it.
--
-- OFFSET 0 holds the search of each chat together, so that PostgreSQL asks the index for it, whatever it thinks of how
-- many chats there are and how long they are. So the plan is the same for any user and any words, and is made once: a
-- plan for this user would be no better and cost half as much as the search, which SELECT keeps PostgreSQL from trying.
-- The chat is compared outside, because PostgreSQL would read the whole chat through its key beside the index. What is
-- sought is asked by a SELECT of its own wherever it is needed: in a join, Citus would not take it to the servers.
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
        AND member.user_id = (SELECT $1)
        AND member.left_at IS NULL
        AND message.chat_id = member.chat_id
        AND message.seq > member.seen_after_seq
        AND message.seq <> ALL (member.hidden_seqs)
    UNION ALL
    -- Without a word that the index has: the newest messages of the chats where something was said last.
    SELECT message.*
    FROM (
        SELECT
            entry.about_chat_id,
            entry.last_seq
        FROM inbox_entries AS entry
        -- Asked in here, so that nobody's chats are sorted for a query that the index answers.
        WHERE entry.user_id = (SELECT $1) AND (SELECT sought.pattern IS NULL FROM sought)
        ORDER BY entry.last_message_at DESC NULLS LAST
        LIMIT 10
    ) AS recent
    INNER JOIN chat_participants AS member ON member.chat_id = recent.about_chat_id
    INNER JOIN messages AS message
        ON message.chat_id = member.chat_id AND message.seq BETWEEN recent.last_seq - 39 AND recent.last_seq
    WHERE
        (SELECT sought.parts <> '{}' OR sought.literal <> '' FROM sought)
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
                    NOT $11
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
