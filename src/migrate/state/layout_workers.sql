-- What is wrong on the other servers: each that lacks functions or types or has a function of another body, with their names, or
-- that does not answer. The names that are looked for are SQL.
SELECT
    format('%s:%s', answer.nodename, answer.nodeport) AS server,
    answer.result AS what
FROM run_command_on_workers(
    format(
        'WITH function AS (
            SELECT name, to_regprocedure(name) AS found, sum FROM unnest(%L::text [], %L::text []) AS one (name, sum)
        ), lacking AS (
            SELECT name FROM function WHERE found IS NULL
            UNION ALL SELECT name FROM unnest(%L::text []) AS one (name) WHERE to_regtype(name) IS NULL
        )
        SELECT concat_ws(
            ''; '',
            ''lacks '' || (SELECT string_agg(name, '', '') FROM lacking),
            ''has another body of '' || (
                SELECT string_agg(name, '', '') FROM function INNER JOIN pg_proc ON oid = found WHERE md5(prosrc) <> sum
            )
        )',
        ARRAY(SELECT name FROM unnest(ARRAY[{functions}]::text []) AS one (name) ORDER BY name),
        ARRAY(
            SELECT md5(prosrc) FROM unnest(ARRAY[{functions}]::text []) AS one (name)
            INNER JOIN pg_proc ON oid = name::regprocedure
            ORDER BY name
        ),
        ARRAY[{types}]::text []
    )
) AS answer (nodename, nodeport, success, result)
WHERE NOT answer.success OR answer.result <> ''
ORDER BY 1
