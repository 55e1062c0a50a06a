-- A messenger with enough in it that a plan matters: 6,000 users; a chat of 200 with 5,000 messages, 149 of 11 with 60 each,
-- of which user 1 is in 40; and 6,000 direct chats with one message. Made without checking the foreign keys, which
-- is ten times as fast.
SET session_replication_role = replica;

CREATE FUNCTION pg_temp.key(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT lpad(to_hex(number), 32, '0')::uuid $$;

INSERT INTO users (id, username, password_hash)
SELECT pg_temp.key(n), 'user_' || n, '$' FROM generate_series(1, 6000) AS n;

INSERT INTO user_presence (user_id)
SELECT pg_temp.key(n) FROM generate_series(1, 6000) AS n;

INSERT INTO user_sessions (user_id, token_hash, expires_at, last_active_at)
SELECT id, sha256(convert_to(id::text || device, 'UTF8')), now() + device * interval '1 day', now() - interval '1 hour'
FROM users, generate_series(1, 3) AS device;

INSERT INTO push_tokens (session_id, user_id, service, token)
SELECT DISTINCT ON (session.user_id) session.id, session.user_id, 'fcm', session.id::text
FROM user_sessions AS session ORDER BY session.user_id, session.expires_at DESC;

INSERT INTO uploads (storage_key, owner_id, mime_type, byte_size)
SELECT 'pictures/' || n, pg_temp.key(n), 'image/jpeg', 1000 FROM generate_series(1, 6000) AS n;

INSERT INTO contacts (user_id, contact_id, status, requested_by, accepted_at)
SELECT pg_temp.key(one), pg_temp.key(other), 'accepted', pg_temp.key(least(one, other)), now()
FROM generate_series(1, 2000) AS one, unnest(ARRAY[-3, -2, -1, 1, 2, 3]) AS distance,
    LATERAL (SELECT one + distance) AS near (other)
WHERE other > 0;

INSERT INTO blocks (blocker_id, blocked_id)
SELECT pg_temp.key(n), pg_temp.key(n + 100 * distance)
FROM generate_series(1, 1500) AS n, generate_series(3, 4) AS distance;

INSERT INTO chats (id, kind, name, member_count)
SELECT pg_temp.key(n), 'group', 'Group ' || n, CASE n WHEN 1 THEN 200 ELSE 11 END FROM generate_series(1, 150) AS n;

INSERT INTO chats (id, kind, direct_low, direct_high, member_count)
SELECT pg_temp.key(1000 * distance + n), 'direct', pg_temp.key(n), pg_temp.key(n + distance), 2
FROM generate_series(1, 1000) AS n, generate_series(1, 6) AS distance;

INSERT INTO chat_heads (chat_id, last_seq, last_message_at, last_sender_id, last_kind, last_preview)
SELECT
    id,
    CASE WHEN kind = 'direct' THEN 1 WHEN id = pg_temp.key(1) THEN 5000 ELSE 60 END,
    now() - interval '1 hour', pg_temp.key(1), 'text', 'Shall we?'
FROM chats;

INSERT INTO chat_participants (chat_id, user_id, role)
SELECT pg_temp.key(1), pg_temp.key(n), (CASE n WHEN 1 THEN 'owner' ELSE 'member' END)::participant_role
FROM generate_series(1, 200) AS n
UNION ALL
SELECT
    pg_temp.key(chat),
    CASE WHEN n = 0 AND chat <= 40 THEN pg_temp.key(1) ELSE pg_temp.key(300 + (chat * 5 + n) % 1700) END,
    (CASE n WHEN 0 THEN 'owner' ELSE 'member' END)::participant_role
FROM generate_series(2, 150) AS chat, generate_series(0, 10) AS n
UNION ALL
SELECT id, direct_low, 'member' FROM chats WHERE kind = 'direct'
UNION ALL
SELECT id, direct_high, 'member' FROM chats WHERE kind = 'direct';

INSERT INTO unread_messages (user_id, chat_id, last_read_seq, last_delivered_seq)
SELECT user_id, chat_id, last_seq * 8 / 10, last_seq * 9 / 10
FROM chat_participants INNER JOIN chat_heads USING (chat_id);

INSERT INTO chat_settings (user_id, chat_id, muted_until_at, pin_rank, is_archived)
SELECT user_id, chat_id, now() + interval '1 day', 7, false FROM unread_messages WHERE right(user_id::text, 1) = '3';

INSERT INTO message_delivery (chat_id, user_id, through_seq, read_at)
SELECT chat_id, user_id, last_read_seq * run / 40, now() FROM unread_messages, generate_series(1, 40) AS run
WHERE chat_id = pg_temp.key(1)
UNION ALL
SELECT chat_id, user_id, last_delivered_seq, NULL FROM unread_messages WHERE last_delivered_seq > last_read_seq;

INSERT INTO messages (chat_id, seq, id, sender_id, kind, content, reply_to_seq, created_at)
SELECT
    member.chat_id, seq, pg_temp.key(seq), member.user_id,
    (CASE seq % 5 WHEN 0 THEN 'image' ELSE 'text' END)::message_kind,
    'Shall we meet at the ' || (ARRAY['lake', 'station', 'summit', 'market'])[1 + seq % 4] || ' ' || seq * seq % 997,
    CASE WHEN seq % 7 = 0 THEN seq - 6 END,
    now() - interval '1 hour' * (1 + last_seq - seq)
FROM chat_heads AS head
INNER JOIN LATERAL (
    SELECT chat_id, user_id FROM chat_participants AS sender WHERE sender.chat_id = head.chat_id LIMIT 1
) AS member ON true,
generate_series(1, last_seq) AS seq;

INSERT INTO message_mentions (chat_id, message_seq, user_id)
SELECT chat_id, seq, user_id FROM messages INNER JOIN chat_participants USING (chat_id)
WHERE seq % 50 = 0 AND user_id < pg_temp.key(20);

INSERT INTO message_edits (chat_id, message_seq, version, content)
SELECT chat_id, seq, 1, 'Shall we?' FROM messages WHERE seq % 4 = 0;

INSERT INTO attachments (chat_id, message_seq, position, file_name, mime_type, byte_size, storage_key)
SELECT chat_id, seq, position, 'p.jpg', 'image/jpeg', 1000, 'k' FROM messages, generate_series(0, 4) AS position
WHERE kind = 'image';

INSERT INTO message_reactions (chat_id, message_seq, user_id, emoji)
SELECT chat_id, seq, user_id, emoji
FROM messages INNER JOIN chat_participants USING (chat_id), unnest(ARRAY['👍', '🎉']) AS emoji
WHERE seq % 10 = 0 AND user_id < pg_temp.key(5);

RESET session_replication_role;
