-- The 20 most frequent reactions to each of some messages, counted, the one that was first given first.
-- Arrays are read as (SELECT …), so that short ones are not planned for anew at each call.
SELECT
    given.chat_id,
    given.message_seq,
    given.emoji,
    given.times,
    given.is_mine
FROM (
    SELECT
        reaction.chat_id,
        reaction.message_seq,
        reaction.emoji,
        min(reaction.created_at) AS first_at,
        count(*) AS times,
        bool_or(reaction.user_id = $3) AS is_mine,
        row_number() OVER (
            PARTITION BY reaction.chat_id, reaction.message_seq
            ORDER BY count(*) DESC, min(reaction.created_at), reaction.emoji
        ) AS place
    FROM unnest((SELECT $1), (SELECT $2)) AS wanted (chat_id, seq)
    INNER JOIN message_reactions AS reaction ON wanted.chat_id = reaction.chat_id AND wanted.seq = reaction.message_seq
    GROUP BY reaction.chat_id, reaction.message_seq, reaction.emoji
) AS given
WHERE given.place <= 20
ORDER BY given.first_at, given.emoji
