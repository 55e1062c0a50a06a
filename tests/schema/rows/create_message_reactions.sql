INSERT INTO message_reactions (chat_id, message_seq, user_id, emoji) VALUES
('00000000-0000-7000-8000-0000000000e2', 2, '00000000-0000-7000-8000-00000000000c', '👩‍❤️‍💋‍👨');
