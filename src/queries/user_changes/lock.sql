INSERT INTO user_heads AS head (user_id)
SELECT one.id
FROM (SELECT DISTINCT unnest($1::uuid[]) AS id ORDER BY id) AS one
ON CONFLICT (user_id) DO UPDATE SET version = head.version
RETURNING head.user_id
