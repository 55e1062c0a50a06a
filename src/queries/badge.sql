-- The unread messages of the chats that are not muted, and the unread mentions of those that are.
SELECT
    coalesce(
        sum(CASE WHEN entry.muted_until_at > now() THEN entry.mention_count ELSE entry.unread_count END), 0
    )::bigint AS badge
FROM inbox_entries AS entry
WHERE entry.user_id = $1 AND entry.last_seq > entry.last_read_seq
