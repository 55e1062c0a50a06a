SELECT mark_inbox($1, NULL, NULL)
WHERE keeps_inbox()
