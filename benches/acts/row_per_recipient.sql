-- The other design, as lean as it can be made: for every recipient of every message a row that says how far it got, and
-- a row while it is unread. Users, chats and members are the same tables as ours; so is the search index. No foreign keys: they would only cost.
CREATE SCHEMA row_per_recipient;

SET search_path TO row_per_recipient, public;

CREATE TABLE messages (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id uuid NOT NULL,
    chat_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    kind message_kind NOT NULL DEFAULT 'text',
    content text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE delivery (
    message_id bigint NOT NULL,
    user_id uuid NOT NULL,
    delivered_at timestamptz,
    read_at timestamptz,
    PRIMARY KEY (message_id, user_id)
);

CREATE TABLE unread (
    user_id uuid NOT NULL,
    chat_id uuid NOT NULL,
    message_id bigint NOT NULL,
    PRIMARY KEY (user_id, chat_id, message_id)
);

-- One message in 40 of each chat, received and read.
INSERT INTO messages (client_id, chat_id, sender_id, kind, content, created_at)
SELECT
    id,
    chat_id,
    sender_id,
    kind,
    content,
    created_at
FROM public.messages
WHERE seq % 40 = 0
ORDER BY created_at;

INSERT INTO delivery (message_id, user_id, delivered_at, read_at)
SELECT
    message.id,
    member.user_id,
    now(),
    now()
FROM messages AS message
INNER JOIN chat_participants AS member
    ON message.chat_id = member.chat_id AND message.sender_id <> member.user_id;

-- Made when the rows are there, as compact as can be.
CREATE INDEX messages_chat_idx ON messages (chat_id, id);
CREATE UNIQUE INDEX messages_client_key ON messages (chat_id, client_id);
CREATE INDEX messages_search_idx ON messages USING gin (chat_id, to_tsvector('messenger', content))
WITH (fastupdate = off)
WHERE content IS NOT NULL;
