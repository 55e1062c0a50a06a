-- What is wrong on the other servers: each that lacks functions or types, with their names, or that does not answer. The names
-- that are looked for are SQL.
SELECT
    format('%s:%s', answer.nodename, answer.nodeport) AS server,
    CASE WHEN answer.success THEN 'lacks ' || answer.result ELSE answer.result END AS what
FROM run_command_on_workers(
    format(
        'SELECT coalesce(string_agg(lacking.name, '', ''), '''') FROM (
            SELECT name FROM unnest(%L::text []) AS one (name) WHERE to_regprocedure(name) IS NULL
            UNION ALL SELECT name FROM unnest(%L::text []) AS one (name) WHERE to_regtype(name) IS NULL
        ) AS lacking',
        ARRAY[{functions}]::text [],
        ARRAY[{types}]::text []
    )
) AS answer (nodename, nodeport, success, result)
WHERE NOT answer.success OR answer.result <> ''
ORDER BY 1
