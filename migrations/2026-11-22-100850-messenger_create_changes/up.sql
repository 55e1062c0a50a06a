-- Purpose: what changed, for devices that were away: chat_changes, the log of each chat, under the version that its head
--   counts; and user_changes, the log of each user's own things, under the version that user_heads counts.
-- Lock: SHARE ROW EXCLUSIVE on chat_heads, for the foreign key, for a moment: the new tables are empty.
-- Tolerable because: readers go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the tables.
--
-- A new message has no row in the log: it is newer than what a device knows, and the send writes nothing more than the
-- counter. A version is taken under the lock of the head, which is held until the end of the transaction: so versions are
-- committed in their order, and whoever sees version 8 also sees version 7. A clock or a sequence does not guarantee that.

CREATE TYPE chat_change_kind AS ENUM (
    'message_edited', 'message_deleted', 'reactions_changed', 'member_joined', 'member_left', 'role_changed',
    'chat_changed', 'chat_deleted', 'profile_changed', 'picture_changed'
);

COMMENT ON TYPE chat_change_kind IS 'What changed in a chat, besides a new message.';

CREATE TYPE user_change_kind AS ENUM (
    'membership_began', 'membership_ended', 'contact_changed', 'block_changed', 'profile_changed',
    'session_ended', 'settings_changed', 'messages_hidden'
);

COMMENT ON TYPE user_change_kind IS 'What changed of a user''s own things.';

CREATE TABLE chat_changes (
    chat_id chat_id NOT NULL,
    version bigint NOT NULL,
    kind chat_change_kind NOT NULL,
    message_seq bigint,
    user_id user_id,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT chat_changes_pkey PRIMARY KEY (chat_id, version),
    CONSTRAINT chat_changes_chat_fkey FOREIGN KEY (chat_id) REFERENCES chat_heads (chat_id) ON DELETE CASCADE,
    CONSTRAINT chat_changes_version_check CHECK (version >= 1),
    CONSTRAINT chat_changes_times_check CHECK (
        changed_at >= '0001-01-01 00:00:00+00' AND changed_at <= '9999-12-31 23:59:59.999999+00'
    ),
    CONSTRAINT chat_changes_message_check CHECK (
        (message_seq IS NOT NULL) = (kind IN ('message_edited', 'message_deleted', 'reactions_changed'))
    ),
    CONSTRAINT chat_changes_user_check CHECK (
        user_id IS NOT NULL OR kind NOT IN ('member_joined', 'member_left', 'role_changed', 'profile_changed', 'picture_changed')
    )
);

CREATE TABLE user_heads (
    user_id user_id NOT NULL,
    version bigint NOT NULL DEFAULT 0,
    pruned_version bigint NOT NULL DEFAULT 0,
    -- squawk-ignore prefer-bigint-over-int -- it counts to 50, and begins anew
    added_times integer NOT NULL DEFAULT 0,
    added_from_at timestamptz,
    CONSTRAINT user_heads_pkey PRIMARY KEY (user_id),
    CONSTRAINT user_heads_version_check CHECK (pruned_version BETWEEN 0 AND version),
    CONSTRAINT user_heads_added_check CHECK (added_times >= 0 AND added_times <= 50),
    CONSTRAINT user_heads_times_check CHECK (
        added_from_at >= '0001-01-01 00:00:00+00' AND added_from_at <= '9999-12-31 23:59:59.999999+00'
    )
)
WITH (fillfactor = 50);

CREATE TABLE user_changes (
    user_id user_id NOT NULL,
    version bigint NOT NULL,
    kind user_change_kind NOT NULL,
    about_chat_id chat_id,
    about_user_id user_id,
    about_session_id session_id,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT user_changes_pkey PRIMARY KEY (user_id, version),
    CONSTRAINT user_changes_user_fkey FOREIGN KEY (user_id) REFERENCES user_heads (user_id) ON DELETE CASCADE,
    CONSTRAINT user_changes_version_check CHECK (version >= 1),
    CONSTRAINT user_changes_times_check CHECK (
        changed_at >= '0001-01-01 00:00:00+00' AND changed_at <= '9999-12-31 23:59:59.999999+00'
    )
);

COMMENT ON TABLE chat_changes IS
    'The log of each chat: a row for each change that a member can see and that is no new message. Pruned by age and number.';
COMMENT ON COLUMN chat_changes.chat_id IS 'In which chat.';
COMMENT ON COLUMN chat_changes.version IS 'The version that the chat took with it.';
COMMENT ON COLUMN chat_changes.kind IS 'What changed.';
COMMENT ON COLUMN chat_changes.message_seq IS 'Which message changed; null when it was none.';
COMMENT ON COLUMN chat_changes.user_id IS
    'Who came, left, has another role or another profile; of a reaction, who gave it or took it back. No foreign key: it would lock the user''s row.';
COMMENT ON COLUMN chat_changes.changed_at IS 'When. It never runs backwards along the versions of a chat.';
COMMENT ON TABLE user_heads IS
    'The counter of each user''s log; without a row, it is 0. Its row is the last lock that an operation takes.';
COMMENT ON COLUMN user_heads.user_id IS
    'Whose log. No foreign key: it would lock the user''s row, which closing an account holds while it waits for chats.';
COMMENT ON COLUMN user_heads.version IS 'How many changes the log has counted.';
COMMENT ON COLUMN user_heads.pruned_version IS
    'The newest version whose row in user_changes was pruned; 0: none was. A device that knows an older one loads everything anew.';
COMMENT ON COLUMN user_heads.added_times IS
    'How often others who are no contacts of the user added them to groups within a day from added_from_at: 50 times at most. In this row, because it is locked for the log of the membership anyway.';
COMMENT ON COLUMN user_heads.added_from_at IS 'When that day began. Null: never.';
COMMENT ON TABLE user_changes IS
    'The log of each user''s own things: memberships, contacts, blocks, account, sessions, settings. Pruned by age and number.';
COMMENT ON COLUMN user_changes.user_id IS 'In whose log.';
COMMENT ON COLUMN user_changes.version IS 'The version that the log took with it.';
COMMENT ON COLUMN user_changes.kind IS 'What changed.';
COMMENT ON COLUMN user_changes.about_chat_id IS 'Which chat it is about; null when it is about none. No foreign key: the chat may be purged.';
COMMENT ON COLUMN user_changes.about_user_id IS 'Which other user it is about; null when it is about none.';
COMMENT ON COLUMN user_changes.about_session_id IS
    'Which session it is about; null when it is about none. No foreign key: the session is purged after its time.';
COMMENT ON COLUMN user_changes.changed_at IS 'When. It never runs backwards along the versions of a user.';
