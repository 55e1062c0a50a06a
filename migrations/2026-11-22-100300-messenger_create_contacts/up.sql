-- Purpose: contacts, which are always mutual; requests that were declined; and blocks.
-- Lock: SHARE ROW EXCLUSIVE on users, for the foreign keys, for a moment: the new tables are empty.
-- Tolerable because: readers of users go on; writers wait no longer than creating an empty table takes.
-- Code deployed before: does not know the tables.

CREATE TYPE contact_status AS ENUM ('pending', 'accepted');

COMMENT ON TYPE contact_status IS 'Whether a contact was only asked for, or agreed to.';

CREATE TABLE contacts (
    user_id user_id NOT NULL,
    contact_id user_id NOT NULL,
    status contact_status NOT NULL DEFAULT 'pending',
    requested_by user_id NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    accepted_at timestamptz,
    CONSTRAINT contacts_pkey PRIMARY KEY (user_id, contact_id),
    CONSTRAINT contacts_user_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT contacts_contact_fkey FOREIGN KEY (contact_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT contacts_mirror_fkey FOREIGN KEY (contact_id, user_id) REFERENCES contacts (user_id, contact_id)
        ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT contacts_not_self_check CHECK (user_id <> contact_id),
    CONSTRAINT contacts_requested_by_check CHECK (requested_by IN (user_id, contact_id)),
    CONSTRAINT contacts_accepted_at_check CHECK ((status = 'accepted') = (accepted_at IS NOT NULL)),
    CONSTRAINT contacts_times_check CHECK (
        least(created_at, accepted_at) >= '0001-01-01 00:00:00+00'
        AND greatest(created_at, accepted_at) <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE TABLE declined_requests (
    asker_id user_id NOT NULL,
    decliner_id user_id NOT NULL,
    declined_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT declined_requests_pkey PRIMARY KEY (asker_id, decliner_id),
    CONSTRAINT declined_requests_asker_fkey FOREIGN KEY (asker_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT declined_requests_decliner_fkey FOREIGN KEY (decliner_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT declined_requests_not_self_check CHECK (asker_id <> decliner_id),
    CONSTRAINT declined_requests_times_check CHECK (
        declined_at >= '0001-01-01 00:00:00+00' AND declined_at <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE INDEX declined_requests_decliner_idx ON declined_requests (decliner_id);

CREATE TABLE blocks (
    blocker_id user_id NOT NULL,
    blocked_id user_id NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id),
    CONSTRAINT blocks_blocker_fkey FOREIGN KEY (blocker_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT blocks_blocked_fkey FOREIGN KEY (blocked_id) REFERENCES users (id) ON DELETE NO ACTION,
    CONSTRAINT blocks_not_self_check CHECK (blocker_id <> blocked_id),
    CONSTRAINT blocks_times_check CHECK (
        created_at >= '0001-01-01 00:00:00+00' AND created_at <= '9999-12-31 23:59:59.999999+00'
    )
);

-- By both, so that one block is found by either index, however many others somebody has blocked, or is blocked by.
CREATE INDEX blocks_blocked_idx ON blocks (blocked_id, blocker_id);

-- Contacts are locked through this view, as accounts are through local_users.
CREATE VIEW local_contacts WITH (security_invoker = true) AS
SELECT
    user_id,
    contact_id,
    status,
    requested_by
FROM contacts;

COMMENT ON TABLE contacts IS
    'Two users who know each other, or one who asked: always a pair of rows, (a, b) and (b, a), held together at commit.';
COMMENT ON COLUMN contacts.user_id IS 'Whose contact list the row is in.';
COMMENT ON COLUMN contacts.contact_id IS 'Who is on that list.';
COMMENT ON COLUMN contacts.status IS 'Asked for, or agreed to; whoever changes one row changes its mirror too.';
COMMENT ON COLUMN contacts.requested_by IS 'Which of the two asked.';
COMMENT ON COLUMN contacts.created_at IS 'When it was asked for.';
COMMENT ON COLUMN contacts.accepted_at IS 'When it was agreed to; present exactly when it was.';
COMMENT ON CONSTRAINT contacts_mirror_fkey ON contacts IS
    'A row cannot exist without its mirror. Checked at commit, so that the two can be written one after the other.';
COMMENT ON CONSTRAINT contacts_contact_fkey ON contacts IS 'Not indexed: users are never deleted, and the mirror row finds it.';
COMMENT ON TABLE declined_requests IS
    'When somebody last declined another''s request to become a contact: the other waits a week before asking again.';
COMMENT ON COLUMN declined_requests.asker_id IS 'Who asked.';
COMMENT ON COLUMN declined_requests.decliner_id IS 'Who declined.';
COMMENT ON COLUMN declined_requests.declined_at IS 'When.';
COMMENT ON INDEX declined_requests_decliner_idx IS 'Used by: closing an account, which forgets what it declined.';
COMMENT ON TABLE blocks IS 'A user who blocks another: directional, and independent of contacts.';
COMMENT ON COLUMN blocks.blocker_id IS 'Who blocks.';
COMMENT ON COLUMN blocks.blocked_id IS 'Who is blocked.';
COMMENT ON COLUMN blocks.created_at IS 'Since when.';
COMMENT ON INDEX blocks_blocked_idx IS
    'Used by: whether anybody has blocked a reader, asked once for a statement, and only then for each user whom it shows; and the foreign key.';
COMMENT ON VIEW local_contacts IS 'The rows of contacts, to be locked, as local_users has those of users.';
COMMENT ON COLUMN local_contacts.user_id IS 'As in contacts.';
COMMENT ON COLUMN local_contacts.contact_id IS 'As in contacts.';
COMMENT ON COLUMN local_contacts.status IS 'As in contacts.';
COMMENT ON COLUMN local_contacts.requested_by IS 'As in contacts.';
