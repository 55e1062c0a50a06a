-- What is wrong on the other servers: which of the functions and types they lack, or that they do not answer. The names are SQL,
-- as an array each.
SELECT
    format(
        'server %s:%s: %s',
        answer.nodename,
        answer.nodeport,
        CASE WHEN answer.success THEN 'lacks ' || answer.result ELSE answer.result END
    )
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
