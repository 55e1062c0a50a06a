INSERT INTO chat_settings (user_id, chat_id, muted_until_at, pin_rank, is_archived, hidden_through_seq, unread_from_seq, draft)
VALUES ('00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-0000000000e2', now() + interval '1 hour', 0, true, 4, 4, 'Shall');
