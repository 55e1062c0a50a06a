-- Drops the functions.

DROP FUNCTION prune_user_changes(user_id, timestamptz, bigint, bigint);
DROP FUNCTION prune_chat_changes(chat_id, timestamptz, bigint, bigint);
DROP FUNCTION clear_chat(chat_id, user_id, bigint);
DROP FUNCTION hide_message(chat_id, user_id, bigint);
DROP FUNCTION mark_read(chat_id, user_id, bigint);
DROP FUNCTION mark_delivered(chat_id, user_id, bigint);
DROP FUNCTION set_message_metadata(chat_id, user_id, bigint, bigint, jsonb);
DROP FUNCTION touch_message(chat_id, user_id, bigint);
DROP FUNCTION change_reaction(chat_id, user_id, bigint, text, boolean);
DROP FUNCTION edit_message(chat_id, user_id, bigint, text);
DROP FUNCTION changes_of_chats(uuid [], bigint [], bigint);
DROP FUNCTION record_unblock(user_id, user_id);
DROP FUNCTION record_profile_change(user_id, boolean);
DROP FUNCTION record_user_change(uuid [], user_change_kind, chat_id, user_id, session_id);
DROP FUNCTION record_event(chat_id, message_id, jsonb, chat_change_kind, user_id);
DROP FUNCTION record_chat_change(chat_id, chat_change_kind, bigint, user_id);
