INSERT INTO push_tokens (session_id, user_id, service, token, p256dh, auth) VALUES
('00000000-0000-7000-8000-0000000000a1', '00000000-0000-7000-8000-00000000000a', 'web_push', 'https://push.example/1', decode(repeat('04', 65), 'hex'), decode(repeat('05', 16), 'hex'));
