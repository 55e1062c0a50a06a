-- Purpose: chats, split by how often they change: `chats` rarely, `chat_heads` with every message; and who
--   takes part in them.
-- Lock: SHARE ROW EXCLUSIVE on users, for the foreign keys, for a moment: the new tables are empty.
-- Tolerable because: readers of users go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the tables.

CREATE DOMAIN chat_id AS uuid;

COMMENT ON DOMAIN chat_id IS
    'The key of a chat: a UUIDv7 made by the application. A domain of its own, so that the compiler tells it from a user''s.';

CREATE TYPE chat_kind AS ENUM ('direct', 'group');

COMMENT ON TYPE chat_kind IS 'A chat of exactly two users, or of up to 300.';

CREATE TYPE participant_role AS ENUM ('owner', 'admin', 'member');

COMMENT ON TYPE participant_role IS 'What a member may do in a group. In a direct chat both are members.';

CREATE TYPE message_kind AS ENUM ('text', 'image', 'system');

COMMENT ON TYPE message_kind IS
    'What a message is: words, pictures with or without words, or the chat''s own record of what happened in it.';

CREATE TABLE chats (
    id chat_id NOT NULL DEFAULT gen_random_uuid(),
    kind chat_kind NOT NULL,
    name text,
    slug text COLLATE "C",
    avatar_url text,
    direct_low user_id,
    direct_high user_id,
    -- squawk-ignore prefer-bigint-over-int -- its CHECK ends it at 300
    member_count integer NOT NULL DEFAULT 0,
    newcomers_see_all boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    CONSTRAINT chats_pkey PRIMARY KEY (id),
    CONSTRAINT chats_direct_pair_key UNIQUE (direct_low, direct_high),
    CONSTRAINT chats_direct_low_fkey FOREIGN KEY (direct_low) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT chats_direct_high_fkey FOREIGN KEY (direct_high) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT chats_name_check CHECK (octet_length(name) <= 1000 AND is_name(name)),
    CONSTRAINT chats_name_of_group_check CHECK ((kind = 'group') = (name IS NOT NULL)),
    CONSTRAINT chats_slug_check CHECK (slug ~ '^[A-Za-z0-9_-]{1,100}$'),
    CONSTRAINT chats_slug_of_group_check CHECK (kind = 'group' OR slug IS NULL),
    CONSTRAINT chats_avatar_url_check CHECK (char_length(avatar_url) <= 500),
    CONSTRAINT chats_pair_of_direct_check CHECK (
        (kind = 'direct') = (direct_low IS NOT NULL) AND (kind = 'direct') = (direct_high IS NOT NULL)
    ),
    CONSTRAINT chats_direct_pair_order_check CHECK (direct_low < direct_high),
    CONSTRAINT chats_member_count_check CHECK (member_count BETWEEN 0 AND 300),
    CONSTRAINT chats_times_check CHECK (
        least(created_at, updated_at, deleted_at) >= '0001-01-01 00:00:00+00'
        AND greatest(created_at, updated_at, deleted_at) <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE UNIQUE INDEX chats_slug_key ON chats (lower(slug));

CREATE INDEX chats_deleted_idx ON chats (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE chat_heads (
    chat_id chat_id NOT NULL,
    last_seq bigint NOT NULL DEFAULT 0,
    first_seq bigint NOT NULL DEFAULT 1,
    last_uncounted_seq bigint NOT NULL DEFAULT 0,
    last_message_at timestamptz,
    last_sender_id user_id,
    last_kind message_kind,
    last_preview text,
    version bigint NOT NULL DEFAULT 0,
    pruned_version bigint NOT NULL DEFAULT 0,
    CONSTRAINT chat_heads_pkey PRIMARY KEY (chat_id),
    CONSTRAINT chat_heads_chat_fkey FOREIGN KEY (chat_id) REFERENCES chats (id) ON DELETE CASCADE,
    CONSTRAINT chat_heads_first_seq_check CHECK (first_seq BETWEEN 1 AND last_seq + 1),
    CONSTRAINT chat_heads_last_uncounted_seq_check CHECK (last_uncounted_seq BETWEEN 0 AND last_seq),
    CONSTRAINT chat_heads_last_preview_check CHECK (char_length(last_preview) <= 300),
    CONSTRAINT chat_heads_version_check CHECK (pruned_version BETWEEN 0 AND version),
    CONSTRAINT chat_heads_times_check CHECK (
        last_message_at >= '0001-01-01 00:00:00+00' AND last_message_at <= '9999-12-31 23:59:59.999999+00'
    )
)
-- Every send updates one row here. Half of each page is kept free for these updates, and only the key is indexed.
WITH (fillfactor = 50);

CREATE TABLE chat_participants (
    chat_id chat_id NOT NULL,
    user_id user_id NOT NULL,
    role participant_role NOT NULL DEFAULT 'member',
    joined_at timestamptz NOT NULL DEFAULT now(),
    joined_seq bigint NOT NULL DEFAULT 0,
    left_at timestamptz,
    left_seq bigint,
    seen_after_seq bigint NOT NULL DEFAULT 0,
    hidden_seqs bigint [] NOT NULL DEFAULT '{}',
    CONSTRAINT chat_participants_pkey PRIMARY KEY (chat_id, user_id),
    CONSTRAINT chat_participants_chat_fkey FOREIGN KEY (chat_id) REFERENCES chat_heads (chat_id) ON DELETE CASCADE,
    CONSTRAINT chat_participants_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT chat_participants_joined_seq_check CHECK (joined_seq >= 0),
    CONSTRAINT chat_participants_left_seq_check CHECK (left_seq >= 0),
    CONSTRAINT chat_participants_left_check CHECK ((left_at IS NULL) = (left_seq IS NULL)),
    CONSTRAINT chat_participants_seen_after_seq_check CHECK (seen_after_seq >= 0),
    CONSTRAINT chat_participants_hidden_seqs_check CHECK (
        -- No element is looked for in an array of several dimensions.
        CASE
            WHEN array_ndims(hidden_seqs) > 1 THEN false
            ELSE
                cardinality(hidden_seqs) <= 1000
                AND array_position(hidden_seqs, NULL) IS NULL
                AND coalesce(array_lower(hidden_seqs, 1), 1) = 1
        END
    ),
    CONSTRAINT chat_participants_times_check CHECK (
        least(joined_at, left_at) >= '0001-01-01 00:00:00+00'
        AND greatest(joined_at, left_at) <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE INDEX chat_participants_active_idx ON chat_participants (user_id, chat_id) WHERE left_at IS NULL;

CREATE INDEX chat_participants_left_idx ON chat_participants (user_id, chat_id) WHERE left_at IS NOT NULL;

CREATE INDEX chat_participants_hiding_idx ON chat_participants (user_id, chat_id)
WHERE seen_after_seq > 0 OR hidden_seqs <> '{}';

CREATE UNIQUE INDEX chat_participants_one_owner_key ON chat_participants (chat_id)
WHERE role = 'owner' AND left_at IS NULL;

-- Chats are locked through this view, as accounts are through local_users.
CREATE VIEW local_chats WITH (security_invoker = true) AS
SELECT
    id,
    kind,
    deleted_at
FROM chats;

COMMENT ON TABLE chats IS 'A conversation: the part of it that changes rarely. What changes with every message is in chat_heads.';
COMMENT ON COLUMN chats.id IS 'The chat''s key.';
COMMENT ON COLUMN chats.kind IS 'Direct or group; a chat never changes its kind.';
COMMENT ON COLUMN chats.name IS 'The group''s name, 1 to 100 characters as people count them, and at most 1,000 bytes. It has a visible character, and none that changes the direction of text. A direct chat has none: it shows the other user.';
COMMENT ON COLUMN chats.slug IS
    'The group''s name in a link, 1 to 100 of A-Z, a-z, 0-9, _ and -, unique ignoring case. Null: it has no link of its own.';
COMMENT ON COLUMN chats.avatar_url IS 'Where the group''s picture is, at most 500 characters.';
COMMENT ON COLUMN chats.direct_low IS 'The user with the lower id of the two in a direct chat; null in a group.';
COMMENT ON COLUMN chats.direct_high IS 'The user with the higher id of the two in a direct chat; null in a group.';
COMMENT ON COLUMN chats.member_count IS
    'How many members the chat has now, 300 at most. Counted by whoever adds or removes a member, in the same transaction.';
COMMENT ON COLUMN chats.newcomers_see_all IS
    'Whether a new member sees the history from the beginning, or from then on. Read when somebody joins.';
COMMENT ON COLUMN chats.created_at IS 'When the chat was opened.';
COMMENT ON COLUMN chats.updated_at IS
    'When its name, slug, avatar, history for newcomers or state last changed; messages and members do not count. Each operation that changes them sets it.';
COMMENT ON COLUMN chats.deleted_at IS 'When the chat was deleted. Its rows stay until it is purged.';
COMMENT ON INDEX chats_slug_key IS 'One group per slug, ignoring case.';
COMMENT ON CONSTRAINT chats_direct_pair_key ON chats IS 'One direct chat per pair of users, under any concurrency.';
COMMENT ON CONSTRAINT chats_direct_high_fkey ON chats IS 'Not indexed: users are never deleted, and a pair is looked up by both.';
COMMENT ON INDEX chats_deleted_idx IS 'Used by: purging deleted chats.';
COMMENT ON TABLE chat_heads IS
    'The newest message of each chat, and its counters: one narrow row that every send updates, so that an inbox reads no message at all.';
COMMENT ON COLUMN chat_heads.chat_id IS 'Which chat.';
COMMENT ON COLUMN chat_heads.last_seq IS 'The seq of the chat''s newest message; 0: it has none. The next one gets last_seq + 1.';
COMMENT ON COLUMN chat_heads.first_seq IS
    'Where history begins: the seq of the oldest message that is still there; retention removes those before it. last_seq + 1: none is there.';
COMMENT ON COLUMN chat_heads.last_uncounted_seq IS
    'The seq of the newest message that does not count as unread, because the system wrote it or it was deleted; 0: there is none. For a member who has read up to it, the unread count is a subtraction.';
COMMENT ON COLUMN chat_heads.last_message_at IS 'When the newest message was sent.';
COMMENT ON COLUMN chat_heads.last_sender_id IS
    'Who sent it; null for a system message. No foreign key: that would write to the user''s row on every send.';
COMMENT ON COLUMN chat_heads.last_kind IS 'What it is.';
COMMENT ON COLUMN chat_heads.last_preview IS 'The first 100 characters of it as people see them, within 300 code points, none of them cut; null when it has no words, or was deleted.';
COMMENT ON COLUMN chat_heads.version IS
    'The chat''s version: each change that a member can see takes the next one, under the lock of this row. Whoever sees a version also sees every earlier one.';
COMMENT ON COLUMN chat_heads.pruned_version IS
    'The newest version whose row in chat_changes was pruned; 0: none was. A device that knows an older one loads the chat anew.';
COMMENT ON TABLE chat_participants IS
    'Who takes part in a chat, or did. A row is deleted only with its chat, because messages point at it.';
COMMENT ON COLUMN chat_participants.chat_id IS 'In which chat.';
COMMENT ON COLUMN chat_participants.user_id IS 'Who.';
COMMENT ON COLUMN chat_participants.role IS 'What the user may do there. At most one active owner per chat.';
COMMENT ON COLUMN chat_participants.joined_at IS 'Since when; rejoining starts again.';
COMMENT ON COLUMN chat_participants.joined_seq IS
    'The chat''s last_seq at that moment: nothing up to it is unread or pending. seen_after_seq says whether it can be read.';
COMMENT ON COLUMN chat_participants.left_at IS 'When the user left or was removed. Null: is a member now.';
COMMENT ON COLUMN chat_participants.left_seq IS
    'The chat''s last_seq when the user left: nothing after it was sent to them. Null: is a member now.';
COMMENT ON COLUMN chat_participants.seen_after_seq IS
    'The user sees nothing up to this seq: it is older than the membership, in a group that shows newcomers no history, or the user has cleared the chat. 0: all of it. It grows, and stays when the membership ends.';
COMMENT ON COLUMN chat_participants.hidden_seqs IS
    'The later messages that the user has deleted for themselves, by seq, 1,000 at most. They stay so when the membership ends.';
COMMENT ON CONSTRAINT chat_participants_chat_fkey ON chat_participants IS
    'Points at the head, not the chat, so that a purge deletes participants and messages in the same step, and their order does not matter.';
COMMENT ON CONSTRAINT chat_participants_user_fkey ON chat_participants IS
    'Not indexed as a whole: users are never deleted; who is a member has chat_participants_active_idx, and who left chat_participants_left_idx.';
COMMENT ON INDEX chat_participants_active_idx IS 'Used by: a user''s chats, as an index-only scan.';
COMMENT ON INDEX chat_participants_left_idx IS 'Used by: erasing and exporting what a user said in chats that they left.';
COMMENT ON INDEX chat_participants_hiding_idx IS
    'Used by: whether a user sees the newest message of each of their chats. It has the few members who do not see all.';
COMMENT ON INDEX chat_participants_one_owner_key IS 'At most one active owner per chat.';
COMMENT ON VIEW local_chats IS 'The rows of chats, to be locked, as local_users has those of users.';
COMMENT ON COLUMN local_chats.id IS 'As in chats.';
COMMENT ON COLUMN local_chats.kind IS 'As in chats.';
COMMENT ON COLUMN local_chats.deleted_at IS 'As in chats.';
