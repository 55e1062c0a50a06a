-- The reactions to some messages, counted, the one that was first given first.
SELECT
    reaction.chat_id,
    reaction.message_seq,
    reaction.emoji,
    count(*) AS times,
    bool_or(reaction.user_id = $3) AS is_mine
FROM unnest($1, $2) AS wanted (chat_id, seq)
INNER JOIN message_reactions AS reaction ON wanted.chat_id = reaction.chat_id AND wanted.seq = reaction.message_seq
GROUP BY reaction.chat_id, reaction.message_seq, reaction.emoji
ORDER BY min(reaction.created_at), reaction.emoji
