-- Purpose: users: who they are, how they sign in, what they show to whom.
-- Lock: none on existing tables; a type, a domain, tables and their indexes are created.
-- Tolerable because: nobody can be reading or writing a table that did not exist.
-- Code deployed before: does not know the table.

CREATE DOMAIN user_id AS uuid;

COMMENT ON DOMAIN user_id IS
    'The key of a user: a UUIDv7 made by the application, a random one where plain SQL leaves it out. A domain of its own, so that the compiler tells it from a chat''s.';

CREATE TYPE visibility AS ENUM ('everybody', 'contacts', 'nobody');

COMMENT ON TYPE visibility IS 'Who may see something of a user or do something with them.';

-- The choices of the user. Blocks apply in addition.
CREATE FUNCTION allows(visible_to visibility, is_contact boolean) RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE visible_to WHEN 'everybody' THEN true WHEN 'contacts' THEN is_contact ELSE false END
$$;

COMMENT ON FUNCTION allows(visibility, boolean) IS
    'Whether a user''s choice includes another user, who is a contact or not.';

CREATE TABLE users (
    id user_id NOT NULL DEFAULT gen_random_uuid(),
    -- The C collation makes lower() the same everywhere: in a Turkish one, "I" and "i" differ.
    username text COLLATE "C",
    password_hash text,
    display_name text,
    avatar_url text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    presence_to visibility NOT NULL DEFAULT 'everybody',
    receipts_to visibility NOT NULL DEFAULT 'everybody',
    addable_by visibility NOT NULL DEFAULT 'everybody',
    findable_by visibility NOT NULL DEFAULT 'everybody',
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_username_check CHECK (username ~ '^[A-Za-z0-9_]{3,50}$'),
    CONSTRAINT users_password_hash_check CHECK (password_hash LIKE '$%'),
    CONSTRAINT users_display_name_check CHECK (octet_length(display_name) <= 1000),
    CONSTRAINT users_display_name_shown_check CHECK (is_name(display_name)),
    CONSTRAINT users_avatar_url_check CHECK (char_length(avatar_url) <= 500),
    CONSTRAINT users_times_check CHECK (
        least(created_at, updated_at, deleted_at) >= '0001-01-01 00:00:00+00'
        AND greatest(created_at, updated_at, deleted_at) <= '9999-12-31 23:59:59.999999+00'
    ),
    CONSTRAINT users_closed_is_anonymous_check CHECK (
        CASE
            WHEN deleted_at IS NULL THEN
                username IS NOT NULL AND password_hash IS NOT NULL
            ELSE
                username IS NULL AND password_hash IS NULL
                AND display_name IS NULL AND avatar_url IS NULL
        END
    )
);

CREATE UNIQUE INDEX users_username_key ON users (lower(username));

CREATE INDEX users_username_trgm_idx ON users USING gin (username gin_trgm_ops);

CREATE TABLE reserved_usernames (
    username_hash bytea NOT NULL,
    reserved_at timestamptz NOT NULL DEFAULT now(),
    user_id user_id,
    CONSTRAINT reserved_usernames_pkey PRIMARY KEY (username_hash),
    CONSTRAINT reserved_usernames_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT reserved_usernames_username_hash_check CHECK (octet_length(username_hash) = 32),
    CONSTRAINT reserved_usernames_times_check CHECK (
        reserved_at >= '0001-01-01 00:00:00+00' AND reserved_at <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE INDEX reserved_usernames_age_idx ON reserved_usernames (reserved_at);

CREATE INDEX reserved_usernames_user_idx ON reserved_usernames (user_id) WHERE user_id IS NOT NULL;

-- Accounts are locked through this view: see its comment.
CREATE VIEW local_users WITH (security_invoker = true) AS
SELECT
    id,
    username,
    avatar_url,
    deleted_at
FROM users;

COMMENT ON TABLE users IS
    'A person''s account. It is closed by anonymising it, never by deleting the row, so the messages it sent keep a sender.';
COMMENT ON COLUMN users.id IS 'The user''s key.';
COMMENT ON COLUMN users.username IS
    'The name to sign in with and be found by: 3 to 50 of A-Z, a-z, 0-9 and _, unique ignoring case. Null once the account is closed.';
COMMENT ON COLUMN users.password_hash IS
    'The password''s hash as a PHC or bcrypt string, which starts with $. Never the password. Null once the account is closed.';
COMMENT ON COLUMN users.display_name IS 'The name shown to others, at most 100 characters as people count them, and 1,000 bytes. It has a visible character, and none that changes the direction of text. Null: show the username.';
COMMENT ON COLUMN users.avatar_url IS 'Where the user''s picture is, at most 500 characters.';
COMMENT ON COLUMN users.created_at IS 'When the account was registered.';
COMMENT ON COLUMN users.updated_at IS
    'When the profile, the password or the account''s state last changed. Each operation that changes them sets it; what the user shows to whom does not count.';
COMMENT ON COLUMN users.deleted_at IS 'When the account was closed. Null: it is open.';
COMMENT ON COLUMN users.presence_to IS 'Who sees whether the user is there, and when they were last seen.';
COMMENT ON COLUMN users.receipts_to IS
    'Who sees what the user has read. It is mutual: the user does not see the receipts of those who do not see the user''s.';
COMMENT ON COLUMN users.addable_by IS 'Who may add the user to groups.';
COMMENT ON COLUMN users.findable_by IS 'Whose search by a part of the name finds the user.';
COMMENT ON INDEX users_username_key IS
    'One account per username, ignoring case; used by: signing in, finding by username, as lower(username) = lower($1 COLLATE "C").';
COMMENT ON INDEX users_username_trgm_idx IS 'Used by: partial search on usernames, ILIKE ''%x%''.';
COMMENT ON CONSTRAINT users_closed_is_anonymous_check ON users IS
    'An open account has a username and a password; a closed one has nothing that names a person.';
COMMENT ON TABLE reserved_usernames IS
    'The usernames of closed accounts, and those that users gave up for others, which nobody else can take yet: register and update_profile ask it. Only hashes: a closed account leaves nothing that names a person.';
COMMENT ON COLUMN reserved_usernames.username_hash IS
    'The SHA-256 of the username in lower case: sha256(convert_to(lower(username), ''UTF8'')).';
COMMENT ON COLUMN reserved_usernames.reserved_at IS 'When the account was closed, or had another username.';
COMMENT ON COLUMN reserved_usernames.user_id IS
    'Who gave it up, and may take it back; three of one user at most. Null: the account is closed.';
COMMENT ON INDEX reserved_usernames_age_idx IS 'Used by: releasing what was reserved long enough.';
COMMENT ON INDEX reserved_usernames_user_idx IS 'Used by: the foreign key, and giving up a username.';
COMMENT ON VIEW local_users IS
    'The rows of users, to be locked. Where Citus distributes the database, those of the coordinator''s own copy: for the lock of one row of a table that is whole on each server, Citus locks the table. distribute makes it anew.';
COMMENT ON COLUMN local_users.id IS 'As in users.';
COMMENT ON COLUMN local_users.username IS 'As in users.';
COMMENT ON COLUMN local_users.avatar_url IS 'As in users.';
COMMENT ON COLUMN local_users.deleted_at IS 'As in users.';
