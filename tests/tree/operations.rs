//! Reads the operations and the refusals from the source: who may, what is listed, and which codes are promised.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pretty_assertions::assert_eq;

/// The source of the operations, by family: a file or a folder of `src/queries`.
fn families() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/queries");
    let mut sources = BTreeMap::<String, String>::new();
    for path in super::files() {
        let Ok(path) = path.strip_prefix("src/queries") else { continue };
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let family = path.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        *sources.entry(family.to_owned()).or_default() += &fs::read_to_string(folder.join(path)).unwrap();
    }
    sources
}

/// The public functions that take a connection, as `family::operation`, and their other parameters.
pub fn operations() -> BTreeMap<String, String> {
    let mut operations = BTreeMap::new();
    for (family, source) in families() {
        for function in source.split("\npub fn ").skip(1) {
            let (name, rest) = function.split_once('(').unwrap();
            let name = name.split('<').next().unwrap();
            let parameters = rest.split_once(") ->").unwrap().0;
            let parameters = parameters.split_whitespace().collect::<Vec<_>>().join(" ");
            if let Some(others) = parameters.strip_prefix("conn: &mut PgConnection,") {
                operations.insert(format!("{family}::{name}"), others.trim().to_owned());
            }
        }
    }
    assert!(operations.len() > 60, "{operations:?}");
    operations
}

/// The operations in the first column of the tables of a module's documentation.
fn listed(source: &str) -> BTreeSet<String> {
    let rows = source.lines().filter_map(|line| line.trim().strip_prefix("//! | [`"));
    rows.filter_map(|row| row.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.contains("::"))
        .collect()
}

#[test]
fn every_operation_takes_the_actor_first_but_those_that_are_listed_with_a_reason() {
    let without = operations().into_iter().filter(|(_, others)| !others.starts_with("actor: Actor"));
    let without: BTreeSet<_> = without.map(|(name, _)| name).collect();
    assert_eq!(listed(include_str!("../../src/queries/mod.rs")), without);
}

#[test]
fn every_operation_of_a_member_is_attacked() {
    // They end the attacker's account or session.
    const NOT_ATTACKED: [&str; 2] = ["accounts::close", "sessions::revoke_all"];
    let attacks: Vec<_> = super::files()
        .into_iter()
        .filter(|path| path.starts_with("tests/queries") && path.extension().is_some_and(|of| of == "rs"))
        .map(|path| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap())
        .filter_map(|source| source.split_once(": &[(&str, Attack)] = &[").map(|(_, attacks)| attacks.to_owned()))
        .map(|attacks| attacks.split_once("\n];").unwrap().0.to_owned())
        .collect();
    let of_members = operations().into_iter().filter(|(_, others)| others.starts_with("actor: Actor"));
    let missing: Vec<_> = of_members
        .map(|(name, _)| name)
        .filter(|name| {
            !attacks.iter().any(|attacks| attacks.contains(&format!("{name}(")))
                && !NOT_ATTACKED.contains(&name.as_str())
        })
        .collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn what_a_member_reads_is_compared_before_and_after_a_block_and_read_after_each_attack() {
    let is_read = |name: &str| {
        let operation = name.split("::").nth(1).unwrap();
        let verbs = ["get", "find", "list", "all"];
        // This one makes a chat.
        operation != "find_or_create"
            && verbs.into_iter().any(|verb: &str| {
                operation.strip_prefix(verb).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            })
    };
    let reads = operations().into_iter().filter(|(name, others)| is_read(name) && others.starts_with("actor: Actor"));
    let reads: Vec<_> = reads.map(|(name, _)| name).collect();
    assert!(reads.len() > 20, "{reads:?}");
    for source in [include_str!("../queries/privacy.rs"), include_str!("../queries/hostile/neighbours.rs")] {
        let missing: Vec<_> = reads.iter().filter(|name| !source.contains(name.as_str())).collect();
        assert_eq!(missing, [""; 0]);
    }
}

#[test]
fn no_other_parameter_is_an_actor() {
    for (name, others) in operations() {
        assert!(others.matches("Actor").count() <= 1, "{name}({others})");
    }
}

#[test]
fn the_map_has_every_operation() {
    let operations: BTreeSet<_> = operations().into_keys().collect();
    assert_eq!(listed(include_str!("../../src/lib.rs")), operations);
}

#[test]
fn what_is_called_list_takes_a_limit_and_nothing_else_that_lists_does() {
    for (name, others) in operations() {
        let operation = name.split("::").nth(1).unwrap();
        let is_list = operation == "list" || operation.starts_with("list_");
        let is_history = name.starts_with("history::");
        assert_eq!(others.contains("limit: Limit"), is_list, "{name}({others})");
        assert_eq!(others.contains("page: impl Into<PageRequest"), is_history, "{name}({others})");
    }
}

/// A refusal, as its enum's table and attributes tell it.
struct Refusal {
    code: String,
    class: String,
    message: String,
    variant: String,
}

fn refusals() -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut sources = families();
    sources.insert("cursor".to_owned(), include_str!("../../src/cursor.rs").to_owned());
    for (family, source) in sources {
        for table in source.split("refusals! { ").skip(1) {
            let (name, rows) = table.split_once(" {\n").unwrap();
            let of_enum = source.split_once(&format!("pub enum {name} {{")).unwrap().1.split_once("\n}").unwrap().0;
            for row in rows.split_once("\n} }").unwrap().0.lines() {
                let (variant, rest) = row.trim().split_once(": ").unwrap();
                let (class, rest) = rest.split_once(" = \"").unwrap();
                let code = rest.split_once('"').unwrap().0;
                let mut before = None;
                for line in of_enum.lines() {
                    if let Some(message) = line.trim().strip_prefix("#[error(\"") {
                        before = message.rsplit_once("\")]").map(|(message, _)| message.to_owned());
                    }
                    if line.trim().trim_end_matches(['{', ',']).split('(').next().unwrap().trim() == variant {
                        break;
                    }
                }
                refusals.push(Refusal {
                    code: code.to_owned(),
                    class: class.to_owned(),
                    message: before.unwrap(),
                    variant: format!("{family}::{name}::{variant}"),
                });
            }
        }
    }
    assert!(refusals.len() > 90, "{}", refusals.len());
    refusals
}

#[test]
fn a_code_is_in_snake_case_and_has_one_class() {
    let mut classes = BTreeMap::new();
    for Refusal { code, class, variant, .. } in refusals() {
        let is_snake =
            code.split('_').all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
        assert!(is_snake, "{variant}: {code}");
        let first = classes.entry(code.clone()).or_insert_with(|| class.clone());
        assert_eq!(*first, class, "{variant}: {code}");
    }
}

#[test]
fn the_codes_are_those_that_are_documented() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/refusals.md");
    let mut rows = BTreeMap::<_, BTreeSet<_>>::new();
    for refusal in refusals() {
        rows.entry((refusal.code, refusal.class)).or_default().insert((refusal.variant, refusal.message));
    }
    let mut text = String::from(
        "# Refusals\n\nThe codes that `Refusal::code` gives, and their classes. A release that changes one says so in \
         CHANGELOG.md.\n`make snapshots` writes this file from the source.\n\n\
         | code | class | refusal | message |\n| --- | --- | --- | --- |\n",
    );
    for ((code, class), variants) in rows {
        for (variant, message) in variants {
            let _ = writeln!(text, "| `{code}` | {class} | `{variant}` | {message} |");
        }
    }
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(file).unwrap_or_default(), text);
}
