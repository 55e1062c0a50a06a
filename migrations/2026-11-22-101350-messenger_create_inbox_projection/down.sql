-- Drops the views of the list of chats, and what writes inbox_by_user.

DO $$
BEGIN
    -- By its text: a server may have given the function settings that keep it from being called.
    IF 'SELECT true' = (SELECT prosrc FROM pg_proc WHERE oid = 'keeps_inbox()'::regprocedure) THEN
        PERFORM keep_inbox(false);
    END IF;
END
$$;

DROP FUNCTION keep_inbox(boolean);
DROP FUNCTION badges(chat_id, bigint, uuid []);
DROP FUNCTION project_own_inbox(chat_id, uuid []);
DROP FUNCTION take_inbox_marks(chat_id, bigint [], uuid [], boolean);
DROP FUNCTION project_inbox(chat_id, uuid [], boolean);
DROP VIEW presence_entries;
DROP VIEW inbox_entries;
DROP VIEW inbox_truth;
