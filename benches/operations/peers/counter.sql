-- A design after Tinode's: topics with a counter, and read marks for each subscriber. It has no search, no
-- idempotency, no check of the sender's membership in SQL, no times of receipts, no foreign keys.
CREATE TABLE topics (
    id uuid PRIMARY KEY,
    seq bigint NOT NULL DEFAULT 0,
    touched_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

CREATE TABLE subscriptions (
    topic_id uuid NOT NULL,
    user_id uuid NOT NULL,
    received_seq bigint NOT NULL DEFAULT 0,
    read_seq bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic_id, user_id)
) WITH (fillfactor = 80);

CREATE INDEX subscriptions_user_idx ON subscriptions (user_id);

CREATE TABLE posts (
    topic_id uuid NOT NULL,
    seq bigint NOT NULL,
    sender_id uuid NOT NULL,
    content text,
    edited_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE presence (
    user_id uuid PRIMARY KEY,
    status text NOT NULL DEFAULT 'offline',
    seen_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

-- All of our messages that somebody has sent.
INSERT INTO posts (topic_id, seq, sender_id, content, created_at)
SELECT
    chat_id,
    seq,
    sender_id,
    content,
    created_at
FROM messages
WHERE sender_id IS NOT NULL;

ALTER TABLE posts ADD PRIMARY KEY (topic_id, seq);

INSERT INTO topics (id, seq) SELECT chat_id, last_seq FROM chat_heads;

INSERT INTO subscriptions (topic_id, user_id, received_seq, read_seq)
SELECT
    member.chat_id,
    member.user_id,
    topics.seq,
    topics.seq
FROM chat_participants AS member
INNER JOIN topics ON member.chat_id = topics.id;

INSERT INTO presence (user_id) SELECT id FROM users;
