-- Drops the function that sends.

DROP FUNCTION send_messages(uuid[], uuid[], uuid[], message_kind[], text[], jsonb[], bigint[]);
DROP FUNCTION hold_positions(uuid[], uuid[]);
DROP FUNCTION send_message(chat_id, user_id, message_id, message_kind, text, jsonb, bigint);
DROP FUNCTION direct_chat_refuses(chat_id, user_id, user_id);
