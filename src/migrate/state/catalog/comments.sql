-- The comments, by what they are on: the OIDs of its catalog and of itself, and the number of a column, as objects.sql and
-- facts.sql give them.
SELECT concat_ws(' ', classoid, objoid, objsubid), description
FROM pg_description
WHERE objoid >= 16384
