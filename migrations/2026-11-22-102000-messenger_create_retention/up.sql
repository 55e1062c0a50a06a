-- Purpose: unused_files, the files that the service is to delete from the object store; and the functions that remove old
--   messages, deleted chats and abandoned uploads in batches, and put their files on that list.
-- Lock: none on existing tables; a table and functions are created.
-- Tolerable because: nobody can be using a table or calling a function that did not exist.
-- Code deployed before: does not know them, and calls none of them.
--
-- Each call of a function is a batch: a transaction of its own, bounded in rows, and what it has done stays done. A file is on
-- the list before its row is gone for anybody, and stays there until the service says that it has deleted it.

CREATE TABLE unused_files (
    -- At random, because logical replication does not copy the value of a sequence.
    id bigint NOT NULL DEFAULT hashtextextended(gen_random_uuid()::text, 0) & 9223372036854775807,
    file_key text NOT NULL,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT unused_files_pkey PRIMARY KEY (id),
    CONSTRAINT unused_files_times_check CHECK (
        queued_at >= '0001-01-01 00:00:00+00' AND queued_at <= '9999-12-31 23:59:59.999999+00'
    )
);

CREATE FUNCTION queue_unused_files(file_keys text []) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO unused_files (file_key)
    SELECT file.key
    FROM unnest(file_keys) AS file (key)
    WHERE file.key IS NOT NULL;
END
$$;

CREATE FUNCTION remove_uploads(storage_keys text []) RETURNS text []
LANGUAGE plpgsql
AS $$
DECLARE
    file_keys text [] := ARRAY(
        SELECT file.key
        FROM uploads AS old
        CROSS JOIN LATERAL (VALUES (old.storage_key), (old.medium_key), (old.thumbnail_key)) AS file (key)
        WHERE old.storage_key = ANY (storage_keys COLLATE "C") AND file.key IS NOT NULL
    );
BEGIN
    PERFORM queue_unused_files(file_keys);
    DELETE FROM uploads WHERE storage_key = ANY (storage_keys COLLATE "C");
    RETURN file_keys;
END
$$;

CREATE FUNCTION discard_uploads(
    unattached interval,
    at_most bigint,
    OUT removed bigint,
    OUT file_keys text []
)
LANGUAGE plpgsql
AS $$
DECLARE
    old_keys text [];
BEGIN
    old_keys := ARRAY(
        SELECT old.storage_key
        FROM uploads AS old
        WHERE old.attached_chat IS NULL AND old.created_at <= clock_timestamp() - unattached
        ORDER BY old.created_at
        LIMIT at_most
        FOR UPDATE SKIP LOCKED
    );
    removed := cardinality(old_keys);
    file_keys := remove_uploads(old_keys);
END
$$;

CREATE FUNCTION remove_oldest_messages(
    in_chat chat_id,
    before timestamptz,
    at_most bigint,
    OUT outcome text,
    OUT removed bigint,
    OUT begins_seq bigint,
    OUT next_version bigint,
    OUT file_keys text []
)
LANGUAGE plpgsql
AS $$
DECLARE
    -- How many rows that hang from messages, and how many answers to them, a batch writes at most.
    most_children CONSTANT bigint := 2000;
    most_answers CONSTANT bigint := 50;
    newest_seq bigint;
    through_seq bigint;
    other_seq bigint;
    unlinked bigint := 0;
    step bigint;
    behind bigint;
    held bigint;
BEGIN
    removed := 0;
    file_keys := '{}';
    outcome := 'done';

    -- While the head is locked, nobody sends, edits, deletes or reacts here. A chat that somebody else holds for longer than
    -- the lock timeout is left for the next run: others wait behind it.
    BEGIN
        SELECT head.first_seq, head.last_seq, head.version
        INTO begins_seq, newest_seq, next_version
        FROM chat_heads AS head
        WHERE head.chat_id = in_chat
        FOR NO KEY UPDATE;
    EXCEPTION
        WHEN lock_not_available THEN
            outcome := 'busy';
            RETURN;
    END;

    through_seq := least(newest_seq, begins_seq + at_most - 1);
    SELECT coalesce(min(young.seq) - 1, through_seq)
    INTO through_seq
    FROM messages AS young
    WHERE
        young.chat_id = in_chat
        AND young.seq BETWEEN begins_seq AND through_seq
        AND young.created_at >= before
        -- Imported messages follow the system's message that the group was created, which is younger than they are.
        AND young.kind <> 'system';

    -- Up to the last old message. Or all of this part, when it has messages of the system only and the first other message
    -- after it is old.
    through_seq := coalesce(
        (
            SELECT max(old.seq)
            FROM messages AS old
            WHERE old.chat_id = in_chat AND old.seq BETWEEN begins_seq AND through_seq AND old.created_at < before
        ),
        CASE
            WHEN (
                SELECT said.created_at
                FROM messages AS said
                WHERE said.chat_id = in_chat AND said.seq >= begins_seq AND said.kind <> 'system'
                ORDER BY said.seq
                LIMIT 1
            ) < before THEN through_seq
        END
    );

    IF through_seq IS NULL OR through_seq < begins_seq THEN
        RETURN;
    END IF;

    outcome := 'more';

    -- No more messages than the bound on the rows that hang from them allows.
    other_seq := (
        SELECT child.message_seq
        FROM (
            (
                SELECT reaction.message_seq
                FROM message_reactions AS reaction
                WHERE reaction.chat_id = in_chat AND reaction.message_seq BETWEEN begins_seq AND through_seq
                ORDER BY reaction.message_seq
                LIMIT most_children + 1
            )
            UNION ALL
            (
                SELECT mention.message_seq
                FROM message_mentions AS mention
                WHERE mention.chat_id = in_chat AND mention.message_seq BETWEEN begins_seq AND through_seq
                ORDER BY mention.message_seq
                LIMIT most_children + 1
            )
            UNION ALL
            (
                SELECT edit.message_seq
                FROM message_edits AS edit
                WHERE edit.chat_id = in_chat AND edit.message_seq BETWEEN begins_seq AND through_seq
                ORDER BY edit.message_seq
                LIMIT most_children + 1
            )
        ) AS child
        ORDER BY child.message_seq
        OFFSET most_children
        LIMIT 1
    );

    IF other_seq = begins_seq THEN
        -- The first message alone exceeds the bound: a part of its rows is removed now.
        DELETE FROM message_reactions AS reaction
        WHERE
            reaction.chat_id = in_chat
            AND reaction.message_seq = begins_seq
            AND (reaction.user_id, reaction.emoji) IN (
                SELECT one.user_id, one.emoji
                FROM message_reactions AS one
                WHERE one.chat_id = in_chat AND one.message_seq = begins_seq
                LIMIT most_children
            );
        DELETE FROM message_mentions AS mention
        WHERE
            mention.chat_id = in_chat
            AND mention.message_seq = begins_seq
            AND mention.user_id IN (
                SELECT one.user_id
                FROM message_mentions AS one
                WHERE one.chat_id = in_chat AND one.message_seq = begins_seq
                LIMIT most_children
            );
        DELETE FROM message_edits AS edit
        WHERE
            edit.chat_id = in_chat
            AND edit.message_seq = begins_seq
            AND edit.version IN (
                SELECT one.version
                FROM message_edits AS one
                WHERE one.chat_id = in_chat AND one.message_seq = begins_seq
                LIMIT most_children
            );

        IF keeps_inbox() THEN
            PERFORM mark_inbox(in_chat, NULL, NULL);
        END IF;

        RETURN;
    END IF;

    through_seq := coalesce(other_seq - 1, through_seq);

    -- Replies that stay lose their reference. When there are too many of them, the messages that the rest answers stay for
    -- the next batch.
    LOOP
        IF unlinked < most_answers THEN
            UPDATE messages
            SET reply_to_seq = NULL
            WHERE
                chat_id = in_chat
                AND seq IN (
                    SELECT answer.seq
                    FROM messages AS answer
                    WHERE
                        answer.chat_id = in_chat
                        AND answer.reply_to_seq BETWEEN begins_seq AND through_seq
                        AND answer.seq > through_seq
                    ORDER BY answer.reply_to_seq, answer.seq
                    LIMIT most_answers - unlinked
                );
            GET DIAGNOSTICS step = ROW_COUNT;
            unlinked := unlinked + step;
        END IF;

        SELECT min(answer.reply_to_seq)
        INTO other_seq
        FROM messages AS answer
        WHERE
            answer.chat_id = in_chat
            AND answer.reply_to_seq BETWEEN begins_seq AND through_seq
            AND answer.seq > through_seq;

        EXIT WHEN other_seq IS NULL;
        through_seq := other_seq - 1;
        EXIT WHEN through_seq < begins_seq;
    END LOOP;

    IF through_seq < begins_seq THEN
        RETURN;
    END IF;

    -- Does not wait for a position that another transaction has locked: meanwhile everybody would wait for the head.
    SELECT count(*)
    INTO behind
    FROM chat_participants AS member
    INNER JOIN unread_messages AS position ON member.user_id = position.user_id AND position.chat_id = in_chat
    WHERE member.chat_id = in_chat AND member.left_at IS NULL AND position.last_read_seq < through_seq;

    IF behind > 0 THEN
        SELECT count(*)
        INTO held
        FROM (
            SELECT position.user_id
            FROM chat_participants AS member
            INNER JOIN unread_messages AS position ON member.user_id = position.user_id AND position.chat_id = in_chat
            WHERE member.chat_id = in_chat AND member.left_at IS NULL AND position.last_read_seq < through_seq
            ORDER BY position.user_id
            FOR NO KEY UPDATE OF position SKIP LOCKED
        ) AS locked;

        IF held < behind THEN
            outcome := 'busy';
            RETURN;
        END IF;

        -- A mark as unread stays. Removed messages count as read and received.
        UPDATE chat_settings AS setting
        SET unread_from_seq = through_seq
        FROM unread_messages AS position
        INNER JOIN chat_participants AS member ON member.chat_id = in_chat AND member.user_id = position.user_id
        WHERE
            setting.chat_id = in_chat
            AND setting.user_id = position.user_id
            AND position.chat_id = in_chat
            AND position.last_read_seq < through_seq
            AND setting.unread_from_seq = position.last_read_seq;

        UPDATE unread_messages AS position
        SET
            last_read_seq = through_seq,
            last_delivered_seq = greatest(position.last_delivered_seq, through_seq)
        FROM chat_participants AS member
        WHERE
            member.chat_id = in_chat
            AND member.left_at IS NULL
            AND position.user_id = member.user_id
            AND position.chat_id = in_chat
            AND position.last_read_seq < through_seq;
    END IF;

    file_keys := ARRAY(
        SELECT file.key
        FROM attachments AS picture
        CROSS JOIN LATERAL (
            VALUES (picture.storage_key), (picture.medium_key), (picture.thumbnail_key)
        ) AS file (key)
        WHERE
            picture.chat_id = in_chat
            AND picture.message_seq BETWEEN begins_seq AND through_seq
            AND file.key IS NOT NULL
    );

    IF file_keys <> '{}' THEN
        PERFORM queue_unused_files(file_keys);
        DELETE FROM uploads WHERE storage_key = ANY (file_keys COLLATE "C");
        DELETE FROM attachments WHERE chat_id = in_chat AND message_seq BETWEEN begins_seq AND through_seq;
    END IF;

    DELETE FROM message_reactions WHERE chat_id = in_chat AND message_seq BETWEEN begins_seq AND through_seq;
    DELETE FROM message_mentions WHERE chat_id = in_chat AND message_seq BETWEEN begins_seq AND through_seq;
    DELETE FROM message_edits WHERE chat_id = in_chat AND message_seq BETWEEN begins_seq AND through_seq;
    DELETE FROM messages WHERE chat_id = in_chat AND seq BETWEEN begins_seq AND through_seq;
    GET DIAGNOSTICS removed = ROW_COUNT;

    UPDATE chat_heads
    SET
        first_seq = through_seq + 1,
        version = version + 1,
        last_sender_id = CASE WHEN last_seq > through_seq THEN last_sender_id END,
        last_kind = CASE WHEN last_seq > through_seq THEN last_kind END,
        last_preview = CASE WHEN last_seq > through_seq THEN last_preview END
    WHERE chat_id = in_chat
    RETURNING first_seq, version INTO begins_seq, next_version;

    IF keeps_inbox() THEN
        PERFORM mark_inbox(in_chat, NULL, NULL);
    END IF;
END
$$;

CREATE FUNCTION remove_old_receipts(in_chat chat_id, before_seq bigint, at_most bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    of_member user_id;
    last_seq bigint;
    step bigint;
    removed bigint := 0;
BEGIN
    FOR of_member IN SELECT member.user_id FROM chat_participants AS member WHERE member.chat_id = in_chat LOOP
        -- The last run of this batch.
        last_seq := (
            SELECT max(old.through_seq)
            FROM (
                SELECT run.through_seq
                FROM message_delivery AS run
                WHERE run.chat_id = in_chat AND run.user_id = of_member AND run.through_seq < before_seq
                ORDER BY run.through_seq
                LIMIT at_most - removed
            ) AS old
        );
        CONTINUE WHEN last_seq IS NULL;

        DELETE FROM message_delivery AS run
        WHERE run.chat_id = in_chat AND run.user_id = of_member AND run.through_seq <= last_seq;
        GET DIAGNOSTICS step = ROW_COUNT;
        removed := removed + step;
        EXIT WHEN removed >= at_most;
    END LOOP;

    RETURN removed;
END
$$;

CREATE FUNCTION purge_deleted_chat(
    deleted_before timestamptz,
    at_most bigint,
    OUT of_chat chat_id,
    OUT removed bigint,
    OUT is_gone boolean,
    OUT file_keys text []
)
LANGUAGE plpgsql
AS $$
DECLARE
    batch record;
BEGIN
    removed := 0;
    is_gone := false;
    file_keys := '{}';

    SELECT chat.id
    INTO of_chat
    FROM local_chats AS chat
    WHERE chat.deleted_at < deleted_before
    ORDER BY chat.deleted_at
    LIMIT 1
    -- Not FOR UPDATE: who changes a head twice in a transaction has its foreign key checked under the lock of the head.
    FOR NO KEY UPDATE SKIP LOCKED;

    IF NOT FOUND THEN
        RETURN;
    END IF;

    SELECT * INTO batch FROM remove_oldest_messages(of_chat, 'infinity', at_most) AS oldest;
    IF batch.outcome <> 'done' THEN
        removed := batch.removed;
        file_keys := batch.file_keys;
        RETURN;
    END IF;

    -- What is left of it, in bounded steps: runs, the log, who was there, and the chat.
    IF remove_old_receipts(of_chat, 9223372036854775807, at_most * 10) > 0 THEN
        RETURN;
    END IF;

    DELETE FROM chat_changes
    WHERE
        chat_id = of_chat
        AND version <= (
            SELECT least(first.version, 9223372036854775807 - at_most * 10) + at_most * 10
            FROM chat_changes AS first
            WHERE first.chat_id = of_chat
            ORDER BY first.version
            LIMIT 1
        );
    IF FOUND THEN
        RETURN;
    END IF;

    DELETE FROM chat_participants AS member
    WHERE
        member.chat_id = of_chat
        AND member.user_id IN (
            SELECT former.user_id
            FROM chat_participants AS former
            WHERE former.chat_id = of_chat
            LIMIT greatest(at_most / 10, 1)
        );
    IF FOUND THEN
        RETURN;
    END IF;

    DELETE FROM chats
    WHERE id = of_chat
    RETURNING ARRAY(SELECT avatar_url WHERE avatar_url <> '') INTO file_keys;

    PERFORM queue_unused_files(file_keys);
    is_gone := true;
END
$$;

COMMENT ON TABLE unused_files IS
    'Files of removed messages, chats, accounts and uploads, for the service to delete from the object store: it reads the list, deletes the files, and then the rows. So each is given at least once.';
COMMENT ON COLUMN unused_files.id IS 'Chosen at random, not negative. By it the service says what it has deleted.';
COMMENT ON COLUMN unused_files.file_key IS
    'The key of a picture or of a copy of it in the object store; of a profile picture, where it is.';
COMMENT ON COLUMN unused_files.queued_at IS 'Since when nothing in the database needs it.';
COMMENT ON FUNCTION queue_unused_files(text []) IS 'Puts files on the list of those that are to be deleted; nulls are left out.';
COMMENT ON FUNCTION remove_uploads(text []) IS
    'Removes uploads and puts their files, copies included, on the list of those to delete. Gives the files.';
COMMENT ON FUNCTION discard_uploads(interval, bigint) IS
    'Removes the oldest uploads that nobody attached within a time, also those that were given up, and puts their files on the list. Skips those that are locked.';
COMMENT ON FUNCTION remove_oldest_messages(chat_id, timestamptz, bigint) IS
    'Removes the oldest messages of a chat, a bounded number, up to the first that is not older than a time, and puts their files on the list. Locks the head. Outcome: more (call it again), done, or busy (a position or, for longer than the lock timeout, the head is locked elsewhere; nothing was removed). Gives where history begins now, and the version of the chat.';
COMMENT ON FUNCTION remove_old_receipts(chat_id, bigint, bigint) IS
    'Removes the runs of receipts that end before a message, such as the one where history begins, a bounded number. Gives how many it removed.';
COMMENT ON FUNCTION purge_deleted_chat(timestamptz, bigint) IS
    'Removes a part of the chat that was deleted earliest, if that was before a time, and at last the chat itself. Null: there is no such chat, or other calls purge all of them.';
