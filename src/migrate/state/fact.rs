//! Parses a line of a catalog: the object, the part of it that the line is about, and what it is.

/// A line taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parsed<'a> {
    /// The object, such as `table users`.
    pub object: &'a str,
    /// What is said of it.
    pub fact: &'a str,
    /// The part that this is about, such as `column status`. `None`: the object itself.
    pub part: Option<&'a str>,
}

/// The part of a view or a function that has many lines.
pub(crate) const DEFINITION: &str = "definition";

/// The first words of what is about a part with a name.
const NAMED: [&str; 10] = [
    "column ",
    "constraint ",
    "index ",
    "trigger ",
    "rule ",
    "policy ",
    "mapping ",
    "inherits ",
    "child ",
    "ambiguous with ",
];

/// The first words of what ends its name with a colon, and has a value.
const VALUED: [&str; 4] = ["setting ", "option ", "statistics ", "comment"];

/// What is a part as a whole.
const WHOLE: [&str; 9] = [
    "row security",
    "row security forced",
    "unlogged",
    "temporary",
    "published without replica identity",
    "published without what identifies a row",
    "of type ",
    "partitioned by ",
    "partition ",
];

/// Takes a line apart.
pub(crate) fn parse(line: &str) -> Parsed<'_> {
    let end = outside_quotes(line, ": ").unwrap_or_else(|| line.strip_suffix(':').unwrap_or(line).len());
    let (object, rest) = line.split_at_checked(end).unwrap_or((line, ""));
    let fact = rest.strip_prefix(':').unwrap_or(rest).trim_start_matches(' ');
    Parsed { object, fact, part: part(fact) }
}

fn part(fact: &str) -> Option<&str> {
    if fact == "|" || fact.starts_with("| ") || fact.starts_with("definition ") {
        return Some(DEFINITION);
    }
    if VALUED.iter().any(|word| fact.starts_with(word)) {
        return fact.get(..outside_quotes(fact, ": ")?);
    }
    if let Some(word) = NAMED.iter().find(|word| fact.starts_with(*word)) {
        let name = fact.get(word.len()..)?;
        let end = outside_quotes(name, " ").unwrap_or(name.len());
        return fact.get(..word.len() + end);
    }
    WHOLE
        .iter()
        .find(|whole| fact == **whole || (whole.ends_with(' ') && fact.starts_with(*whole)))
        .map(|whole| whole.trim_end())
}

/// What comes last after a word that is in no quoted name: `index a` of `setting siglen of key 1 of index a`.
pub(crate) fn after<'a>(part: &'a str, word: &str) -> Option<&'a str> {
    let mut rest = part.get(outside_quotes(part, word)? + word.len()..)?;
    while let Some(at) = outside_quotes(rest, word) {
        rest = rest.get(at + word.len()..)?;
    }
    Some(rest)
}

/// Where something is found first that is not in a quoted name, whose own quotes are doubled.
pub(crate) fn outside_quotes(text: &str, sought: &str) -> Option<usize> {
    let mut begins = 0;
    for (number, segment) in text.split('"').enumerate() {
        let is_quoted = number % 2 == 1;
        if !is_quoted && let Some(at) = segment.find(sought) {
            return Some(begins + at);
        }
        begins += segment.len() + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn an_object_a_part_and_a_fact_are_told_apart_whatever_names_they_have() {
        for (line, object, part, fact) in [
            ("table users:", "table users", None, ""),
            ("table users: column id uuid", "table users", Some("column id"), "column id uuid"),
            ("table users: unlogged", "table users", Some("unlogged"), "unlogged"),
            ("table users: row security forced", "table users", Some("row security forced"), "row security forced"),
            (
                "table \"a: b\": column \"c d: \"\"e\" text",
                "table \"a: b\"",
                Some("column \"c d: \"\"e\""),
                "column \"c d: \"\"e\" text",
            ),
            (
                "table t: setting fillfactor of index i: 70",
                "table t",
                Some("setting fillfactor of index i"),
                "setting fillfactor of index i: 70",
            ),
            ("table t: comment: a: b", "table t", Some("comment"), "comment: a: b"),
            (
                "table t: comment on column \"a: b\": c",
                "table t",
                Some("comment on column \"a: b\""),
                "comment on column \"a: b\": c",
            ),
            ("function f(integer): |", "function f(integer)", Some("definition"), "|"),
            ("view v: definition SELECT 'a: b'", "view v", Some("definition"), "definition SELECT 'a: b'"),
            ("enum e: 'a: b', 'c'", "enum e", None, "'a: b', 'c'"),
            ("extension e: installed", "extension e", None, "installed"),
        ] {
            let parsed = parse(line);
            assert_eq!((parsed.object, parsed.part, parsed.fact), (object, part, fact), "{line}");
        }
    }
}
