-- A design after Mattermost's (its migrations for PostgreSQL): posts with a generated key and a time, counts for each channel
-- and member, with the keys, indexes and types of columns that these tables have there; columns that no operation here touches
-- are left out. It has no idempotency, no check of the sender's membership in SQL, no blocks, no receipts, no foreign keys; what is
-- written is not checked. Its search index is over all posts.
CREATE TABLE users (
    id varchar(26) PRIMARY KEY,
    username varchar(64),
    nickname varchar(64),
    picture_at bigint
);

CREATE TABLE channels (
    id varchar(26) PRIMARY KEY,
    created_at bigint,
    updated_at bigint,
    deleted_at bigint DEFAULT 0,
    team_id varchar(26) DEFAULT '',
    kind varchar(1) DEFAULT 'D',
    display_name varchar(64) DEFAULT '',
    name varchar(64),
    purpose varchar(250) DEFAULT '',
    last_post_at bigint DEFAULT 0,
    last_root_post_at bigint DEFAULT 0,
    total_posts bigint DEFAULT 0,
    total_root_posts bigint DEFAULT 0,
    scheme_id varchar(26)
);

CREATE TABLE schemes (
    id varchar(26) PRIMARY KEY,
    user_role varchar(64)
);

CREATE TABLE teams (
    id varchar(26) PRIMARY KEY,
    scheme_id varchar(26)
);

CREATE TABLE channel_members (
    channel_id varchar(26) NOT NULL,
    user_id varchar(26) NOT NULL,
    roles varchar(256) DEFAULT '',
    last_viewed_at bigint DEFAULT 0,
    read_posts bigint DEFAULT 0,
    read_root_posts bigint DEFAULT 0,
    mention_count bigint DEFAULT 0,
    root_mention_count bigint DEFAULT 0,
    urgent_mention_count bigint DEFAULT 0,
    notify_props jsonb DEFAULT '{"push": "default", "email": "default", "desktop": "default", "mark_unread": "all"}',
    updated_at bigint DEFAULT 0,
    is_user boolean DEFAULT TRUE,
    is_admin boolean DEFAULT FALSE,
    is_guest boolean DEFAULT FALSE,
    PRIMARY KEY (channel_id, user_id)
);

CREATE TABLE posts (
    id varchar(26) NOT NULL,
    created_at bigint,
    updated_at bigint,
    edited_at bigint DEFAULT 0,
    deleted_at bigint DEFAULT 0,
    is_pinned boolean DEFAULT FALSE,
    user_id varchar(26),
    channel_id varchar(26),
    root_id varchar(26) DEFAULT '',
    original_id varchar(26) DEFAULT '',
    message varchar(65535),
    kind varchar(26) DEFAULT '',
    props jsonb DEFAULT '{}',
    hashtags varchar(1000) DEFAULT '',
    filenames varchar(4000) DEFAULT '[]',
    file_ids varchar(300) DEFAULT '[]',
    has_reactions boolean DEFAULT FALSE
);

CREATE TABLE reactions (
    user_id varchar(26) NOT NULL,
    post_id varchar(26) NOT NULL,
    emoji_name varchar(64) NOT NULL,
    created_at bigint,
    updated_at bigint,
    deleted_at bigint DEFAULT 0,
    channel_id varchar(26) NOT NULL DEFAULT '',
    PRIMARY KEY (post_id, user_id, emoji_name)
);

CREATE TABLE status (
    user_id varchar(26) PRIMARY KEY,
    status varchar(32),
    is_manual boolean,
    last_activity_at bigint,
    dnd_end_time bigint,
    previous_status varchar(32)
);

CREATE TABLE sessions (
    id varchar(26) PRIMARY KEY,
    token varchar(26),
    created_at bigint,
    expires_at bigint,
    last_activity_at bigint,
    user_id varchar(26),
    device_id varchar(512),
    roles varchar(256),
    is_oauth boolean,
    props jsonb
);

CREATE FUNCTION key_of(thing uuid) RETURNS text
IMMUTABLE
RETURN right(replace(thing::text, '-', ''), 26);

CREATE FUNCTION milliseconds(moment timestamptz) RETURNS bigint
IMMUTABLE
RETURN (extract(EPOCH FROM moment) * 1000)::bigint;

INSERT INTO users (id, username, nickname)
SELECT
    key_of(id),
    username,
    display_name
FROM public.users;

INSERT INTO channels (id, name, created_at, updated_at, last_post_at, last_root_post_at, total_posts, total_root_posts)
SELECT
    key_of(chat_id),
    chat_id::text,
    milliseconds(last_message_at),
    milliseconds(last_message_at),
    milliseconds(last_message_at),
    milliseconds(last_message_at),
    last_seq,
    last_seq
FROM chat_heads;

INSERT INTO channel_members (channel_id, user_id, read_posts, read_root_posts)
SELECT
    key_of(member.chat_id),
    key_of(member.user_id),
    head.last_seq,
    head.last_seq
FROM chat_participants AS member
INNER JOIN chat_heads AS head ON member.chat_id = head.chat_id;

-- All of our messages that somebody has sent; answers are answers there, too, and reactions are reactions.
INSERT INTO posts (id, created_at, updated_at, user_id, channel_id, root_id, message, has_reactions)
SELECT
    key_of(said.id),
    milliseconds(said.created_at),
    milliseconds(said.created_at),
    key_of(said.sender_id),
    key_of(said.chat_id),
    coalesce(key_of(answered.id), ''),
    said.content,
    EXISTS (
        SELECT FROM message_reactions AS given WHERE given.chat_id = said.chat_id AND given.message_seq = said.seq
    )
FROM public.messages AS said
LEFT JOIN public.messages AS answered ON said.chat_id = answered.chat_id AND said.reply_to_seq = answered.seq
WHERE said.sender_id IS NOT NULL
ORDER BY said.created_at;

INSERT INTO reactions (user_id, post_id, emoji_name, created_at, updated_at, channel_id)
SELECT
    key_of(given.user_id),
    key_of(said.id),
    given.emoji,
    milliseconds(given.created_at),
    milliseconds(given.created_at),
    key_of(said.chat_id)
FROM message_reactions AS given
INNER JOIN public.messages AS said ON given.chat_id = said.chat_id AND given.message_seq = said.seq;

INSERT INTO status (user_id, status, is_manual, last_activity_at, dnd_end_time, previous_status)
SELECT
    key_of(id),
    'offline',
    FALSE,
    0,
    0,
    ''
FROM public.users;

INSERT INTO sessions (id, token, created_at, expires_at, last_activity_at, user_id, device_id, roles, is_oauth, props)
SELECT
    reverse(key_of(id)),
    key_of(id),
    0,
    0,
    0,
    key_of(id),
    '',
    'system_user',
    FALSE,
    '{}'
FROM public.users;

CREATE UNIQUE INDEX channels_name_key ON channels (name, team_id);
CREATE INDEX channels_display_name_idx ON channels (lower(display_name));
CREATE INDEX channels_lower_name_idx ON channels (lower(name));
CREATE INDEX channels_updated_idx ON channels (updated_at);
CREATE INDEX channels_team_name_idx ON channels (team_id, display_name);
CREATE INDEX channels_team_kind_idx ON channels (team_id, kind);
CREATE INDEX channels_deleted_idx ON channels (deleted_at);
CREATE INDEX channels_created_idx ON channels (created_at);
CREATE INDEX channels_scheme_idx ON channels (scheme_id);
CREATE INDEX channels_search_idx ON channels USING gin (
    to_tsvector('english', name || ' ' || display_name || ' ' || purpose)
);
CREATE INDEX channel_members_user_idx ON channel_members (user_id, channel_id, last_viewed_at);
CREATE INDEX channel_members_guest_idx ON channel_members (channel_id, is_guest, user_id);
ALTER TABLE posts ADD PRIMARY KEY (id);
CREATE INDEX posts_updated_idx ON posts (updated_at);
CREATE INDEX posts_created_idx ON posts (created_at);
CREATE INDEX posts_created_id_idx ON posts (created_at, id);
CREATE INDEX posts_deleted_idx ON posts (deleted_at);
CREATE INDEX posts_root_idx ON posts (root_id, deleted_at);
CREATE INDEX posts_user_idx ON posts (user_id);
CREATE INDEX posts_pinned_idx ON posts (is_pinned);
CREATE INDEX posts_original_idx ON posts (original_id);
CREATE INDEX posts_channel_updated_idx ON posts (channel_id, updated_at);
CREATE INDEX posts_channel_created_idx ON posts (channel_id, deleted_at, created_at);
CREATE INDEX posts_message_idx ON posts USING gin (to_tsvector('english', message));
CREATE INDEX posts_hashtags_idx ON posts USING gin (to_tsvector('english', hashtags));
CREATE INDEX reactions_channel_idx ON reactions (channel_id);
CREATE INDEX status_idx ON status (status, dnd_end_time);
CREATE INDEX sessions_user_idx ON sessions (user_id);
CREATE INDEX sessions_token_idx ON sessions (token);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);
CREATE INDEX sessions_created_idx ON sessions (created_at);
CREATE INDEX sessions_activity_idx ON sessions (last_activity_at);
