-- The picture of an open account is not needed any more.
INSERT INTO unused_files (file_key)
SELECT account.avatar_url
FROM users AS account
WHERE account.id = $1 AND account.deleted_at IS NULL AND account.avatar_url <> ''
RETURNING file_key
