//! What people give to the objects of a schema beside what its migrations state, and what `redo` takes away with them:
//! privileges, places in publications and subscriptions, the switch of `keep_inbox`, and what is tuned; and where the extensions
//! were.

use std::collections::{BTreeMap, BTreeSet};

use crate::migrate::model::drift::{Difference, Drift, Kind};
use crate::migrate::sql::libpq::{Connection, ServerError};
use crate::migrate::state::catalog::{self, Scope};
use crate::migrate::state::stated::Stated;

/// What the objects of the current schema are, and have been given, at a moment.
pub(crate) struct Extras {
    /// The catalog, as [`catalog::read`] gives it.
    pub(crate) catalog: String,
    given: Given,
}

/// What was given to objects, which no catalog tells.
struct Given {
    privileges: BTreeSet<Privilege>,
    /// A statement for each table that a publication names.
    publications: BTreeSet<String>,
    /// Each publication with each table that it publishes, by name and OID.
    published: BTreeSet<[String; 3]>,
    /// The statement that has a subscription copy what it has no rows of yet, with the table that it gets.
    subscribed: BTreeSet<[String; 2]>,
    /// A statement for each extension, with its schema.
    extensions: BTreeSet<String>,
    /// Whether the database keeps `inbox_by_user`.
    keeps_inbox: bool,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Privilege {
    /// What was granted.
    name: String,
    object: String,
    role: String,
    /// Whether the role may grant it on.
    is_grantable: bool,
}

const PRIVILEGES: &str = "
    SELECT privilege_type, object, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, is_grantable
    FROM (
        SELECT 'pg_class'::regclass AS catalog, oid, relowner AS owner, oid::regclass::text AS object,
            coalesce(relacl, acldefault('r', relowner)) AS acl
        FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND relnamespace = schema.oid
        UNION ALL
        SELECT 'pg_class'::regclass, oid, relowner, 'SEQUENCE ' || oid::regclass, coalesce(relacl, acldefault('s', relowner))
        FROM pg_class WHERE relkind = 'S' AND relnamespace = schema.oid
        UNION ALL
        SELECT 'pg_proc'::regclass, oid, proowner, 'ROUTINE ' || oid::regprocedure, coalesce(proacl, acldefault('f', proowner))
        FROM pg_proc WHERE pronamespace = schema.oid
        UNION ALL
        SELECT 'pg_type'::regclass, oid, typowner, 'TYPE ' || oid::regtype, coalesce(typacl, acldefault('T', typowner))
        FROM pg_type WHERE typtype IN ('e', 'd', 'r') AND typnamespace = schema.oid
    ) AS owned, aclexplode(acl)
    WHERE grantee <> owner AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = owned.catalog AND objid = owned.oid AND deptype = 'e'
    )
    UNION ALL
    SELECT format('%s (%I)', privilege_type, attname), attrelid::regclass::text,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, is_grantable
    FROM pg_attribute INNER JOIN pg_class AS class ON class.oid = attrelid, aclexplode(attacl)
    WHERE relnamespace = schema.oid AND grantee <> relowner AND NOT attisdropped";

const KEEPS_INBOX: &str =
    "SELECT FROM pg_proc WHERE proname = 'keeps_inbox' AND prosrc = 'SELECT true' AND pronamespace = schema.oid";

const PUBLICATIONS: &str = "
    SELECT format('ALTER PUBLICATION %I ADD TABLE %s', pubname, prrelid::regclass)
    FROM pg_publication_rel
    INNER JOIN pg_publication AS publication ON publication.oid = prpubid
    INNER JOIN pg_class AS class ON class.oid = prrelid
    WHERE relnamespace = schema.oid";

const PUBLISHED: &str = "
    SELECT quote_ident(pubname), class.oid::regclass, class.oid
    FROM pg_publication_tables
    INNER JOIN pg_class AS class ON relname = tablename
    WHERE schemaname = nspname AND relnamespace = schema.oid";

const SUBSCRIBED: &str = "
    SELECT format('ALTER SUBSCRIPTION %I REFRESH PUBLICATION', subname), srrelid::regclass
    FROM pg_subscription_rel
    INNER JOIN pg_subscription AS subscription ON subscription.oid = srsubid
    INNER JOIN pg_class AS class ON class.oid = srrelid
    WHERE relnamespace = schema.oid";

const EXTENSIONS: &str = "
    SELECT format('ALTER EXTENSION %I SET SCHEMA %I', extname, place.nspname)
    FROM pg_extension
    INNER JOIN pg_namespace AS place ON place.oid = extnamespace";

impl Extras {
    /// Notes what there is.
    pub(crate) fn of(connection: &mut Connection) -> Result<Self, ServerError> {
        Ok(Self { catalog: catalog::read(connection)?, given: Given::of(connection)? })
    }

    /// What is not there any more: a statement for each privilege and each place in a publication, and a line of the catalog
    /// for what was tuned, unless it was edited what the migrations state. Where that cannot be read, a line says so.
    pub(crate) fn lost(&self, connection: &mut Connection, stated: &Stated<'_>, is_edited: bool) -> Vec<String> {
        let given = Given::of(connection).map(|now| self.given.lost(&now));
        let tuned = if is_edited { Ok(Vec::new()) } else { self.tuned(connection, stated) };
        let unknown = |error: ServerError| vec![format!("what else was lost is not known: {error}")];
        [given, tuned].into_iter().flat_map(|lost| lost.unwrap_or_else(unknown)).collect()
    }

    fn tuned(&self, connection: &mut Connection, stated: &Stated<'_>) -> Result<Vec<String>, ServerError> {
        let facts = catalog::facts(connection, Scope::CurrentSchema, || None)?;
        let drift = Drift::of(None, &self.catalog, &facts, Scope::CurrentSchema, stated);
        let tuned = drift.iter().flat_map(|drift| drift.of_kind(Kind::Tuned));
        let line = |tuned: &Difference| tuned.expected.as_ref().map(|expected| format!("{}: {expected}", tuned.object));
        Ok(tuned.filter_map(line).collect())
    }
}

impl Given {
    fn of(connection: &mut Connection) -> Result<Self, ServerError> {
        let mut ask = |query: &str| {
            connection.execute(&format!(
                "SELECT given.* FROM pg_namespace AS schema CROSS JOIN LATERAL ({query}) AS given WHERE nspname = current_schema()"
            ))
        };
        let privilege = |row: Vec<Option<String>>| {
            let mut values = row.into_iter();
            let (name, object, role) = (values.next()??, values.next()??, values.next()??);
            Some(Privilege { name, object, role, is_grantable: values.next()?? == "t" })
        };
        let privileges = ask(PRIVILEGES)?.into_iter().filter_map(privilege).collect();
        let publications = ask(PUBLICATIONS)?.into_iter().flatten().flatten().collect();
        let published = ask(PUBLISHED)?.into_iter().filter_map(texts).collect();
        let subscribed = ask(SUBSCRIBED)?.into_iter().filter_map(texts).collect();
        let extensions = ask(EXTENSIONS)?.into_iter().flatten().flatten().collect();
        let keeps_inbox = !ask(KEEPS_INBOX)?.is_empty();
        Ok(Self { privileges, publications, published, subscribed, extensions, keeps_inbox })
    }

    /// The statements that give back what is not there any more, and what subscribers have to be told.
    fn lost(&self, now: &Self) -> Vec<String> {
        let granted =
            self.privileges.difference(&now.privileges).map(|Privilege { name, object, role, is_grantable }| {
                let option = if *is_grantable { " WITH GRANT OPTION" } else { "" };
                format!("GRANT {name} ON {object} TO {role}{option}")
            });
        // What may not be granted on any more is granted all the same.
        let without_option = |given: &Privilege| Privilege { is_grantable: !given.is_grantable, ..given.clone() };
        let is_new = |given: &&Privilege| !self.privileges.contains(&without_option(given));
        let revoked = now.privileges.difference(&self.privileges).filter(is_new);
        let revoked =
            revoked.map(|Privilege { name, object, role, .. }| format!("REVOKE {name} ON {object} FROM {role}"));
        let mut emptied = BTreeMap::<&str, Vec<&str>>::new();
        for [publication, table, _] in self.published.difference(&now.published) {
            emptied.entry(publication).or_default().push(table);
        }
        let emptied = emptied.into_iter().map(|(publication, tables)| {
            format!(
                "-- each subscriber to {publication} keeps its rows of {}: docs/operating.md, Logical replication, says what to do",
                tables.join(", ")
            )
        });
        let published = self.publications.difference(&now.publications).cloned();
        let copied: BTreeSet<_> = self.subscribed.difference(&now.subscribed).map(|[copy, _]| copy.clone()).collect();
        let moved = self.extensions.difference(&now.extensions).cloned();
        let kept = (self.keeps_inbox && !now.keeps_inbox).then(|| "SELECT keep_inbox(true)".to_owned());
        let lost = moved.chain(granted).chain(revoked).chain(emptied).chain(published).chain(copied).chain(kept);
        lost.collect()
    }
}

/// A row of so many texts.
pub(super) fn texts<const N: usize>(row: Vec<Option<String>>) -> Option<[String; N]> {
    row.into_iter().collect::<Option<Vec<_>>>()?.try_into().ok()
}
