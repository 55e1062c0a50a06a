-- Purpose: the functions that erase what a person left behind, once their account is closed: in one chat, and in the account.
-- Lock: none on existing tables; functions are created.
-- Tolerable because: nobody can be calling a function that did not exist.
-- Code deployed before: does not know them, and calls none of them.
--
-- Each call is a batch: a transaction of its own, bounded in rows, and what it has done stays done. The account is closed, so
-- that nothing new comes; what is erased already is passed over.

CREATE FUNCTION erase_in_chat(
    of_user user_id,
    in_chat chat_id,
    after_seq bigint,
    OUT through_seq bigint,
    OUT erased_messages bigint,
    OUT erased_others bigint,
    OUT next_version bigint
)
LANGUAGE plpgsql
AS $$
DECLARE
    -- How many messages are looked at, and how many are written.
    look CONSTANT bigint := 5000;
    most CONSTANT integer := 20;
    most_others CONSTANT bigint := 1000;
    oldest_seq bigint;
    newest_seq bigint;
    own bigint [];
    hanging bigint [];
    given bigint [];
    file_keys text [];
    one_seq bigint;
    last_seq_of bigint;
    happened_at timestamptz;
BEGIN
    erased_messages := 0;
    erased_others := 0;

    SELECT greatest(head.first_seq, after_seq + 1), head.last_seq
    INTO oldest_seq, newest_seq
    FROM chat_heads AS head
    WHERE head.chat_id = in_chat;

    IF oldest_seq <= newest_seq THEN
        through_seq := least(newest_seq, oldest_seq + look - 1);
        own := ARRAY(
            SELECT message.seq
            FROM messages AS message
            WHERE
                message.chat_id = in_chat
                AND message.seq BETWEEN oldest_seq AND through_seq
                AND message.sender_id = of_user
                -- Plain SQL that deletes a message may have left what hangs from it. Each is asked for by its key.
                AND (
                    message.deleted_at IS NULL
                    OR EXISTS (
                        SELECT FROM message_edits AS edit
                        WHERE edit.chat_id = in_chat AND edit.message_seq = message.seq
                        OFFSET 0
                    )
                    OR EXISTS (
                        SELECT FROM attachments AS picture
                        WHERE picture.chat_id = in_chat AND picture.message_seq = message.seq
                        OFFSET 0
                    )
                    OR EXISTS (
                        SELECT FROM message_mentions AS mention
                        WHERE mention.chat_id = in_chat AND mention.message_seq = message.seq
                        OFFSET 0
                    )
                    OR EXISTS (
                        SELECT FROM message_reactions AS reaction
                        WHERE reaction.chat_id = in_chat AND reaction.message_seq = message.seq
                        OFFSET 0
                    )
                )
            ORDER BY message.seq
            LIMIT most
        );
        through_seq := coalesce(own[most], through_seq);
        given := ARRAY(
            SELECT DISTINCT reaction.message_seq
            FROM message_reactions AS reaction
            WHERE
                reaction.chat_id = in_chat
                AND reaction.message_seq BETWEEN oldest_seq AND through_seq
                AND reaction.user_id = of_user
                AND reaction.message_seq <> ALL (own)
            ORDER BY reaction.message_seq
            LIMIT most
        );
        through_seq := coalesce(given[most], through_seq);

        IF own = '{}' AND given = '{}' THEN
            RETURN;
        END IF;

        -- While the head is locked, nobody deletes these messages or removes them as old.
        PERFORM FROM chat_heads AS head WHERE head.chat_id = in_chat FOR NO KEY UPDATE;
        hanging := ARRAY(
            SELECT edit.message_seq FROM message_edits AS edit
            WHERE edit.chat_id = in_chat AND edit.message_seq = ANY (own)
            UNION
            SELECT picture.message_seq FROM attachments AS picture
            WHERE picture.chat_id = in_chat AND picture.message_seq = ANY (own)
            UNION
            SELECT mention.message_seq FROM message_mentions AS mention
            WHERE mention.chat_id = in_chat AND mention.message_seq = ANY (own)
            UNION
            SELECT reaction.message_seq FROM message_reactions AS reaction
            WHERE reaction.chat_id = in_chat AND reaction.message_seq = ANY (own)
        );
        own := ARRAY(
            SELECT message.seq
            FROM messages AS message
            WHERE
                message.chat_id = in_chat
                AND message.seq = ANY (own)
                AND message.seq <= through_seq
                AND (message.deleted_at IS NULL OR message.seq = ANY (hanging))
            ORDER BY message.seq
        );

        FOREACH one_seq IN ARRAY own LOOP
            SELECT recorded.next_version, recorded.happened_at
            INTO next_version, happened_at
            FROM record_chat_change(in_chat, 'message_deleted', one_seq, of_user) AS recorded;

            UPDATE messages
            SET content = NULL, metadata = '{}', deleted_at = coalesce(deleted_at, happened_at), version = next_version
            WHERE chat_id = in_chat AND seq = one_seq;
            erased_messages := erased_messages + 1;
        END LOOP;

        IF own <> '{}' THEN
            file_keys := ARRAY(
                SELECT file.key
                FROM attachments AS picture
                CROSS JOIN LATERAL (
                    VALUES (picture.storage_key), (picture.medium_key), (picture.thumbnail_key)
                ) AS file (key)
                WHERE picture.chat_id = in_chat AND picture.message_seq = ANY (own) AND file.key IS NOT NULL
            );
            PERFORM queue_unused_files(file_keys);
            DELETE FROM uploads WHERE storage_key = ANY (file_keys COLLATE "C");
            DELETE FROM attachments WHERE chat_id = in_chat AND message_seq = ANY (own);
            DELETE FROM message_reactions WHERE chat_id = in_chat AND message_seq = ANY (own);
            DELETE FROM message_mentions WHERE chat_id = in_chat AND message_seq = ANY (own);
            DELETE FROM message_edits WHERE chat_id = in_chat AND message_seq = ANY (own);
            UPDATE chat_heads SET last_preview = NULL WHERE chat_id = in_chat AND last_seq = ANY (own);
        END IF;

        FOREACH one_seq IN ARRAY given LOOP
            DELETE FROM message_reactions
            WHERE chat_id = in_chat AND message_seq = one_seq AND user_id = of_user;
            IF FOUND THEN
                SELECT recorded.next_version
                INTO next_version
                FROM record_chat_change(in_chat, 'reactions_changed', one_seq, of_user) AS recorded;
                erased_others := erased_others + 1;
            END IF;
        END LOOP;

        RETURN;
    END IF;

    -- Through all messages. What hangs from the membership goes in steps, and through_seq says that there may be more.
    through_seq := coalesce(newest_seq, 0);

    DELETE FROM message_mentions AS mention
    WHERE
        mention.chat_id = in_chat
        AND mention.user_id = of_user
        AND mention.message_seq <= (
            SELECT max(one.message_seq)
            FROM (
                SELECT named.message_seq
                FROM message_mentions AS named
                WHERE named.chat_id = in_chat AND named.user_id = of_user
                ORDER BY named.message_seq
                LIMIT most_others
            ) AS one
        );
    GET DIAGNOSTICS erased_others = ROW_COUNT;
    IF erased_others > 0 THEN
        RETURN;
    END IF;

    last_seq_of := (
        SELECT max(one.through_seq)
        FROM (
            SELECT run.through_seq
            FROM message_delivery AS run
            WHERE run.chat_id = in_chat AND run.user_id = of_user
            ORDER BY run.through_seq
            LIMIT most_others
        ) AS one
    );
    DELETE FROM message_delivery AS run
    WHERE run.chat_id = in_chat AND run.user_id = of_user AND run.through_seq <= last_seq_of;
    GET DIAGNOSTICS erased_others = ROW_COUNT;
    IF erased_others > 0 THEN
        RETURN;
    END IF;

    through_seq := NULL;

    -- The chat has no members left who could read the entry.
    UPDATE chats AS chat
    SET deleted_at = clock(), updated_at = clock()
    WHERE chat.id = in_chat AND chat.kind = 'direct' AND chat.member_count = 0 AND chat.deleted_at IS NULL;

    PERFORM FROM chat_heads AS head WHERE head.chat_id = in_chat FOR NO KEY UPDATE;

    -- The words of a newest message that plain SQL deleted.
    UPDATE chat_heads
    SET last_preview = NULL
    WHERE chat_id = in_chat AND last_sender_id = of_user AND last_preview IS NOT NULL;
    IF FOUND AND keeps_inbox() THEN
        PERFORM mark_inbox(in_chat, NULL, NULL);
    END IF;

    -- The row stays, because messages point at it. It counts as the recipient of no message, so that the counts of receipts
    -- stay right.
    UPDATE chat_participants
    SET role = 'member', joined_at = left_at, joined_seq = left_seq, seen_after_seq = 0, hidden_seqs = '{}'
    WHERE
        chat_id = in_chat
        AND user_id = of_user
        AND left_at IS NOT NULL
        AND (
            role <> 'member'
            OR joined_at <> left_at
            OR joined_seq <> left_seq
            OR seen_after_seq <> 0
            OR hidden_seqs <> '{}'
        );

    -- The first time: whoever heard that the person left, before the account was closed, still has name and picture.
    IF FOUND THEN
        SELECT recorded.next_version
        INTO next_version
        FROM record_chat_change(in_chat, 'profile_changed', NULL, of_user) AS recorded;
    END IF;
END
$$;

CREATE FUNCTION erase_account(of_user user_id, at_most bigint) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    erased bigint;
    keys text [];
BEGIN
    -- What was attached went with its message.
    keys := ARRAY(
        SELECT own.storage_key
        FROM uploads AS own
        WHERE own.owner_id = of_user AND own.attached_chat IS NULL
        LIMIT at_most
        FOR UPDATE
    );
    IF keys <> '{}' THEN
        PERFORM remove_uploads(keys);
        RETURN cardinality(keys);
    END IF;

    DELETE FROM user_sessions
    WHERE id IN (SELECT own.id FROM user_sessions AS own WHERE own.user_id = of_user LIMIT at_most);
    GET DIAGNOSTICS erased = ROW_COUNT;
    IF erased > 0 THEN
        RETURN erased;
    END IF;

    DELETE FROM declined_requests
    WHERE asker_id = of_user OR decliner_id = of_user;

    DELETE FROM user_changes
    WHERE
        user_id = of_user
        AND version <= (
            SELECT least(first.version, 9223372036854775807 - at_most) + at_most
            FROM user_changes AS first
            WHERE first.user_id = of_user
            ORDER BY first.version
            LIMIT 1
        );
    GET DIAGNOSTICS erased = ROW_COUNT;
    IF erased > 0 THEN
        RETURN erased;
    END IF;

    -- In the order in which a change of the user is recorded.
    DELETE FROM user_heads WHERE user_id = of_user;
    DELETE FROM inbox_by_user WHERE user_id = of_user;
    DELETE FROM user_presence WHERE user_id = of_user;
    RETURN 0;
END
$$;

COMMENT ON FUNCTION erase_in_chat(user_id, chat_id, bigint) IS
    'Erases a part of what a user with a closed account said and did in a chat after a message. Empties messages, as a deletion does, and those that are deleted of what still hangs from them, and takes back reactions, each under a version of its own, with the head locked; and logs in the end, once, that the name is gone. Gives up to which message it is done (null: nothing is left here), how many messages and other rows were erased, and the version of the chat, if that changed.';
COMMENT ON FUNCTION erase_account(user_id, bigint) IS
    'Erases the remaining uploads, the sessions and the own log of a user with a closed account, a bounded number of rows. Gives how many; 0: nothing is left.';
