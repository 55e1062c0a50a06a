-- Drops the functions that erase a person: nobody is erased by half without them, because each call is a batch of its own.

DROP FUNCTION erase_account(user_id, bigint);
DROP FUNCTION erase_in_chat(user_id, chat_id, bigint);
