-- A design after Tinode's (its adapter for PostgreSQL): topics with a counter, and read marks for each subscriber, with
-- the columns, keys, indexes and foreign keys that these tables have there. It has no search, no idempotency, no check of the
-- sender's membership in SQL, no blocks, no times of receipts, no former words, no sessions in SQL; what is written is not
-- checked.
CREATE TABLE users (
    id bigint PRIMARY KEY,
    created_at timestamp(3) NOT NULL DEFAULT now(),
    updated_at timestamp(3) NOT NULL DEFAULT now(),
    state smallint NOT NULL DEFAULT 0,
    state_at timestamp(3),
    access json DEFAULT '{"Auth": "JRWPAS", "Anon": "N"}',
    last_seen timestamp,
    user_agent varchar(255) DEFAULT '',
    public json,
    trusted json,
    tags json
);

CREATE TABLE topics (
    id serial PRIMARY KEY,
    created_at timestamp(3) NOT NULL DEFAULT now(),
    updated_at timestamp(3) NOT NULL DEFAULT now(),
    state smallint NOT NULL DEFAULT 0,
    state_at timestamp(3),
    touched_at timestamp(3),
    name varchar(25) NOT NULL,
    is_channel boolean DEFAULT FALSE,
    owner bigint NOT NULL DEFAULT 0,
    access json DEFAULT '{"Auth": "JRWPAS", "Anon": "N"}',
    seq integer NOT NULL DEFAULT 0,
    deletion integer DEFAULT 0,
    subscribers integer DEFAULT 0,
    public json,
    trusted json,
    tags json,
    more json
);

CREATE TABLE subscriptions (
    id serial PRIMARY KEY,
    created_at timestamp(3) NOT NULL DEFAULT now(),
    updated_at timestamp(3) NOT NULL DEFAULT now(),
    deleted_at timestamp(3),
    user_id bigint NOT NULL,
    topic varchar(25) NOT NULL,
    deletion integer DEFAULT 0,
    received_seq integer DEFAULT 0,
    read_seq integer DEFAULT 0,
    mode_want varchar(8) DEFAULT 'JRWPAS',
    mode_given varchar(8) DEFAULT 'JRWPAS',
    private json
);

CREATE TABLE messages (
    id serial,
    created_at timestamp(3) NOT NULL,
    updated_at timestamp(3) NOT NULL,
    deleted_at timestamp(3),
    deletion integer DEFAULT 0,
    seq integer NOT NULL,
    topic varchar(25) NOT NULL,
    sender bigint NOT NULL,
    head json,
    content json
);

CREATE TABLE deletions (
    id serial PRIMARY KEY,
    topic varchar(25) NOT NULL,
    deleted_for bigint NOT NULL DEFAULT 0,
    deletion integer NOT NULL,
    low integer NOT NULL,
    high integer NOT NULL
);

CREATE FUNCTION topic_of(chat uuid) RETURNS text
IMMUTABLE
RETURN 'p2p' || right(replace(chat::text, '-', ''), 22);

CREATE FUNCTION number_of(someone uuid) RETURNS bigint
IMMUTABLE
RETURN ('x' || right(replace(someone::text, '-', ''), 16))::bit(64)::bigint;

INSERT INTO users (id, public)
SELECT
    number_of(id),
    json_build_object('fn', display_name)
FROM public.users;

INSERT INTO topics (name, seq, touched_at)
SELECT
    topic_of(chat_id),
    last_seq,
    last_message_at
FROM chat_heads;

INSERT INTO subscriptions (topic, user_id, received_seq, read_seq)
SELECT
    topic_of(member.chat_id),
    number_of(member.user_id),
    head.last_seq,
    head.last_seq
FROM chat_participants AS member
INNER JOIN chat_heads AS head ON member.chat_id = head.chat_id;

-- All of our messages that somebody has sent.
INSERT INTO messages (created_at, updated_at, seq, topic, sender, content)
SELECT
    created_at,
    created_at,
    seq,
    topic_of(chat_id),
    number_of(sender_id),
    to_json(content)
FROM public.messages
WHERE sender_id IS NOT NULL
ORDER BY created_at;

CREATE INDEX users_state_idx ON users (state, state_at);
CREATE INDEX users_seen_idx ON users (last_seen, updated_at);
CREATE UNIQUE INDEX topics_name_key ON topics (name);
CREATE INDEX topics_owner_idx ON topics (owner);
CREATE INDEX topics_state_idx ON topics (state, state_at);
CREATE INDEX topics_seq_idx ON topics (name, state, seq);
CREATE UNIQUE INDEX subscriptions_topic_user_key ON subscriptions (topic, user_id);
CREATE INDEX subscriptions_topic_idx ON subscriptions (topic);
CREATE INDEX subscriptions_deleted_idx ON subscriptions (deleted_at);
CREATE INDEX subscriptions_user_idx ON subscriptions (user_id, topic, deleted_at);
ALTER TABLE subscriptions ADD FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE messages ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX messages_seq_key ON messages (topic, seq);
ALTER TABLE messages ADD FOREIGN KEY (topic) REFERENCES topics (name);
CREATE INDEX deletions_of_user_idx ON deletions (topic, deletion, deleted_for);
CREATE INDEX deletions_range_idx ON deletions (topic, deleted_for, low, high);
CREATE INDEX deletions_for_idx ON deletions (deleted_for);
ALTER TABLE deletions ADD FOREIGN KEY (topic) REFERENCES topics (name);
