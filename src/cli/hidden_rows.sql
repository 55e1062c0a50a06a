-- The tables whose rows row-level security may hide from this role. A table is not among them where a policy shows the role every
-- row, and no policy takes rows away.
SELECT string_agg(class.relname, ', ' ORDER BY class.relname) AS tables
FROM pg_class AS class
WHERE
    class.relnamespace = (SELECT messages.relnamespace FROM pg_class AS messages WHERE messages.oid = 'messages'::regclass)
    AND class.relname = ANY ($1)
    AND row_security_active(class.oid)
    AND NOT (
        SELECT
            coalesce(bool_and(policy.polpermissive), false)
            AND bool_or(
                policy.polcmd::text = ANY ($2)
                AND pg_get_expr(policy.polqual, policy.polrelid) = 'true'
                AND coalesce(pg_get_expr(policy.polwithcheck, policy.polrelid), 'true') = 'true'
            )
        FROM pg_policy AS policy
        WHERE
            policy.polrelid = class.oid
            AND EXISTS (
                SELECT
                FROM unnest(policy.polroles) AS one (role)
                -- 0: everybody.
                WHERE CASE WHEN one.role = 0 THEN true ELSE pg_has_role(one.role, 'USAGE') END
            )
    )
