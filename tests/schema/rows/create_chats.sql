-- A direct chat of alice and bob (…0e1), and a group of alice (owner), bob and carol (…0e2).
INSERT INTO chats (id, kind, direct_low, direct_high, member_count) VALUES (
    '00000000-0000-7000-8000-0000000000e1', 'direct',
    '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b', 2
);

INSERT INTO chats (id, kind, name, slug, member_count) VALUES
('00000000-0000-7000-8000-0000000000e2', 'group', 'Hikers', 'hikers', 3);

INSERT INTO chat_heads (chat_id, last_seq, last_uncounted_seq, last_message_at, last_sender_id, last_kind, last_preview, version) VALUES
('00000000-0000-7000-8000-0000000000e1', 0, 0, NULL, NULL, NULL, NULL, 0),
('00000000-0000-7000-8000-0000000000e2', 4, 4, now(), '00000000-0000-7000-8000-00000000000b', 'text', NULL, 1);

INSERT INTO chat_participants (chat_id, user_id, role) VALUES
('00000000-0000-7000-8000-0000000000e1', '00000000-0000-7000-8000-00000000000a', 'member'),
('00000000-0000-7000-8000-0000000000e1', '00000000-0000-7000-8000-00000000000b', 'member'),
('00000000-0000-7000-8000-0000000000e2', '00000000-0000-7000-8000-00000000000a', 'owner'),
('00000000-0000-7000-8000-0000000000e2', '00000000-0000-7000-8000-00000000000b', 'admin'),
('00000000-0000-7000-8000-0000000000e2', '00000000-0000-7000-8000-00000000000c', 'member');
