-- The other design, as lean as it can be made: for every recipient of every message a row that says how far it got, and
-- a row while it is unread. Users, chats and members are the same tables as ours.
CREATE TABLE sent_messages (
    id bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id uuid NOT NULL,
    chat_id uuid NOT NULL,
    sender_id uuid NOT NULL,
    kind message_kind NOT NULL DEFAULT 'text',
    content text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE recipients (
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

-- A page of history.
CREATE INDEX sent_messages_chat_idx ON sent_messages (chat_id, id);
