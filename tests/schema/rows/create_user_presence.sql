-- alice is there, bob was; of carol no device was heard of.
INSERT INTO user_presence (user_id, status) VALUES
('00000000-0000-7000-8000-00000000000a', 'online'),
('00000000-0000-7000-8000-00000000000b', 'away');
