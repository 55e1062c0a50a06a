-- In the group: 1 a system message, 2 words of alice's, edited once, 3 pictures of bob's answering it, 4 deleted.
INSERT INTO messages (chat_id, seq, sender_id, kind, content, metadata, reply_to_seq, edited_at, deleted_at) VALUES
('00000000-0000-7000-8000-0000000000e2', 1, NULL, 'system', NULL, '{"event": "created"}', NULL, NULL, NULL),
('00000000-0000-7000-8000-0000000000e2', 2, '00000000-0000-7000-8000-00000000000a', 'text', 'Meet at the café, 9:00', '{}', NULL, now(), NULL),
('00000000-0000-7000-8000-0000000000e2', 3, '00000000-0000-7000-8000-00000000000b', 'image', NULL, '{}', 2, NULL, NULL),
('00000000-0000-7000-8000-0000000000e2', 4, '00000000-0000-7000-8000-00000000000b', 'text', NULL, '{}', NULL, NULL, now());

INSERT INTO message_edits (chat_id, message_seq, version, content) VALUES
('00000000-0000-7000-8000-0000000000e2', 2, 1, 'Meet at the cafe');
