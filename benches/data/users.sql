INSERT INTO users (id, username, password_hash, display_name)
SELECT
    id,
    'user_' || number,
    '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
    'The user of number ' || number
FROM unnest($1) WITH ORDINALITY AS given (id, number)
