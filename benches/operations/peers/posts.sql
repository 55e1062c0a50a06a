-- A design after Mattermost's: posts with a generated key and a time, counts for each channel and member. It has no
-- idempotency, no check of the sender's membership in SQL, no receipts, no foreign keys. Its search index is over all
-- posts.
CREATE TABLE channels (
    id uuid PRIMARY KEY,
    total_posts bigint NOT NULL DEFAULT 0,
    last_post_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

CREATE TABLE channel_members (
    channel_id uuid NOT NULL,
    user_id uuid NOT NULL,
    read_posts bigint NOT NULL DEFAULT 0,
    mention_count bigint NOT NULL DEFAULT 0,
    last_viewed_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel_id, user_id)
) WITH (fillfactor = 80);

CREATE INDEX channel_members_user_idx ON channel_members (user_id, channel_id);

CREATE TABLE posts (
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    original_id uuid,
    content text,
    has_reactions boolean NOT NULL DEFAULT FALSE,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    deleted_at timestamptz
);

CREATE TABLE post_reactions (
    post_id uuid NOT NULL,
    user_id uuid NOT NULL,
    emoji text NOT NULL,
    channel_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (post_id, user_id, emoji)
);

CREATE TABLE presence (
    user_id uuid PRIMARY KEY,
    status text NOT NULL DEFAULT 'offline',
    seen_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);

-- All of our messages that somebody has sent.
INSERT INTO posts (id, channel_id, sender_id, content, created_at, updated_at)
SELECT
    id,
    chat_id,
    sender_id,
    content,
    created_at,
    created_at
FROM messages
WHERE sender_id IS NOT NULL;

ALTER TABLE posts ADD PRIMARY KEY (id);
CREATE INDEX posts_channel_idx ON posts (channel_id, created_at);
CREATE INDEX posts_updated_idx ON posts (updated_at);
CREATE INDEX posts_search_idx ON posts USING gin (to_tsvector('english', content));

INSERT INTO channels (id, total_posts) SELECT chat_id, last_seq FROM chat_heads;

INSERT INTO channel_members (channel_id, user_id, read_posts)
SELECT
    member.chat_id,
    member.user_id,
    channels.total_posts
FROM chat_participants AS member
INNER JOIN channels ON member.chat_id = channels.id;

INSERT INTO presence (user_id) SELECT id FROM users;
