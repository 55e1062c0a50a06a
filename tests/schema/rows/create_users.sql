-- alice, bob and carol have accounts; dave has closed his.
INSERT INTO users (id, username, password_hash, display_name) VALUES
('00000000-0000-7000-8000-00000000000a', 'alice', '$argon2id$alice', 'Alice'),
('00000000-0000-7000-8000-00000000000b', 'Bob_1', '$2b$12$bob', NULL),
('00000000-0000-7000-8000-00000000000c', 'carol', '$argon2id$carol', 'Carol');

INSERT INTO users (id, deleted_at) VALUES ('00000000-0000-7000-8000-00000000000d', now());
INSERT INTO reserved_usernames (username_hash) VALUES (sha256(convert_to('dave', 'UTF8')));
