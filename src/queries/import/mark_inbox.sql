SELECT mark_inbox(head.chat_id, NULL, NULL)
FROM chat_heads AS head
WHERE keeps_inbox() AND head.chat_id = ANY ($1)
