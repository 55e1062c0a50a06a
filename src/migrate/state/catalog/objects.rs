//! The objects of a catalog, and the facts and comments about each.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use crate::migrate::sql::libpq::Rows;

/// The kinds of objects that facts.sql asks about, each by their OIDs.
const KINDS: [&str; 6] = ["relation", "sequence", "routine", "type", "configuration", "publication"];

/// The rank of comments among the facts of their object.
const COMMENT: i64 = 90_000;

/// What objects.sql gave.
pub(super) struct Objects(Vec<Object>);

struct Object {
    kind: String,
    oid: String,
    name: String,
    /// What there is to say without a further look.
    fact: Option<String>,
    /// What the comment on it goes by.
    about: Option<String>,
    /// Whether all is read that is known of it.
    is_whole: bool,
}

impl Objects {
    /// Reads the rows. Of what is not known by its name, it is read only that it is there.
    pub(super) fn of(rows: Rows, known: Option<&BTreeSet<&str>>) -> Self {
        let is_known = |name: &str| known.is_none_or(|known| known.contains(name));
        let object = |row: Vec<Option<String>>| {
            let mut values = row.into_iter();
            let mut value = || values.next().flatten();
            let (kind, oid, name, fact, about) = (value()?, value()?, value()?, value(), value());
            let is_whole = match kind.as_str() {
                "relation" | "sequence" | "routine" => is_known(&name),
                // The name of a table's index counts where the table is not known.
                "index" if is_known(fact.as_deref()?.strip_prefix("of ")?) => return None,
                "index" if !is_known(&name) && !is_known(&name.replacen("index", "constraint", 1)) => return None,
                _ => true,
            };
            Some(Object { kind, oid, name, fact, about, is_whole })
        };
        Self(rows.into_iter().filter_map(object).collect())
    }

    /// Asks for all that is to be read, in a statement for each kind of fact; in none where there is no such object.
    pub(super) fn queries(&self) -> String {
        let oids = KINDS.map(|kind| {
            let of_kind = self.0.iter().filter(|object| object.kind == kind && object.is_whole);
            (format!("(:{kind}s)"), of_kind.map(|object| object.oid.as_str()).collect::<Vec<_>>().join(","))
        });
        include_str!("facts.sql")
            .split("\nUNION ALL\n")
            .filter_map(|query| {
                oids.iter().try_fold(query.to_owned(), |query, (place, oids)| match query.contains(place) {
                    true if oids.is_empty() => None,
                    true => Some(query.replace(place, &format!("('{{{oids}}}'::oid[])"))),
                    false => Some(query),
                })
            })
            .fold(String::new(), |queries, query| queries + &query + ";\n")
    }

    /// Puts together what facts.sql and comments.sql gave: the name of the object, a rank and the text of each fact and of
    /// each comment.
    pub(super) fn with<'a>(&'a self, facts: &'a [Rows], comments: &Rows) -> Vec<(&'a str, i64, Cow<'a, str>)> {
        let comments: HashMap<&str, &str> = comments
            .iter()
            .filter_map(|row| match row.as_slice() {
                [Some(about), Some(text)] => Some((about.as_str(), text.as_str())),
                _ => None,
            })
            .collect();
        let comment = |about: &Option<String>, on: &str| {
            let text = comments.get(about.as_deref()?)?;
            Some(Cow::Owned(format!("comment{on}: {text}")))
        };
        let mut names = HashMap::new();
        let mut rows = Vec::new();
        for Object { kind, oid, name, fact, about, is_whole } in &self.0 {
            names.insert((kind.as_str(), oid.as_str()), name.as_str());
            // A function's own line says more.
            let fact = fact.as_deref().filter(|_| kind != "routine" || !is_whole);
            rows.extend(fact.map(|fact| (name.as_str(), 0, fact.into())));
            let comment = comment(about, "").filter(|_| *is_whole);
            rows.extend(comment.map(|text| (name.as_str(), COMMENT, text)));
        }
        for row in facts.iter().flatten() {
            let [Some(kind), Some(oid), Some(rank), Some(line), part, about] = row.as_slice() else { continue };
            let (Some(name), Ok(rank)) = (names.get(&(kind.as_str(), oid.as_str())), rank.parse()) else { continue };
            rows.push((*name, rank, line.into()));
            let on = part.as_ref().map(|part| format!(" on {part}")).unwrap_or_default();
            rows.extend(comment(about, &on).map(|text| (*name, COMMENT, text)));
        }
        rows
    }
}
