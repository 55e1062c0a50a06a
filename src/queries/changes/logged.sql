-- What is logged of some chats after the versions that the device knows: chat by chat, each in the order of its versions.
SELECT
    logged.chat_id,
    logged.version,
    logged.kind,
    logged.message_seq,
    logged.user_id
FROM changes_of_chats($1, $2, $3) AS logged
