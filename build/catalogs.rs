//! Puts the catalogs together: what each migration changes (`catalog.diff`), applied in order, up to `catalog.txt`.
//!
//! A diff is unified, as `diff -U0` writes it: mostly without lines of context, because a line of a catalog names its object.
//! It is applied exactly where it says. A library would look for a similar place, and would not name the line that is wrong.

use super::entry::Entry;
use super::{Migration, Problem};

/// What to do about every problem here.
const WRITE: &str = "write the catalogs anew with `make catalogs`";

/// Gives each migration the catalog at its version, from its diff. Newest migrations without a diff stay without one.
pub fn assemble(migrations: &mut [Migration], newest: Option<&Entry>, place: &str, problems: &mut Vec<Problem>) {
    let mut catalog = Vec::new();
    let mut missing: Option<&str> = None;
    for migration in migrations.iter_mut() {
        let diff_place = format!("{place}/{}/catalog.diff", migration.name);
        let Some(diff) = migration.diff.as_deref() else {
            missing = missing.or(Some(&migration.name));
            continue;
        };
        if let Some(before) = missing {
            let wrong = format!("is there, and that of {before}, which is before it, is missing");
            problems.push(Problem::new(&diff_place, wrong, WRITE));
            return;
        }
        match apply(&catalog, diff) {
            Ok(changed) => catalog = changed,
            Err(Mismatch { line, wrong }) => {
                problems.push(Problem { line: Some(line), ..Problem::new(&diff_place, wrong, WRITE) });
                return;
            }
        }
        migration.catalog = Some(catalog.iter().flat_map(|line| [line, "\n"]).collect());
    }
    let whole = match newest.map(Entry::text).transpose() {
        Ok(whole) => whole.unwrap_or_default(),
        Err(problem) => return problems.push(problem),
    };
    problems.extend(difference(&catalog, &whole, &format!("{place}/catalog.txt")));
}

/// Where `catalog.txt` is not what the diffs add up to.
fn difference(catalog: &[&str], whole: &str, place: &str) -> Option<Problem> {
    let lines: Vec<_> = whole.lines().collect();
    if lines == catalog {
        return None;
    }
    let same = lines.iter().zip(catalog).take_while(|(one, other)| one == other).count();
    let sum = catalog.get(same).map_or_else(|| "nothing more".to_owned(), |line| format!("`{line}`"));
    let wrong = format!("is not what the diffs of the migrations add up to, which is {sum} here");
    Some(Problem { line: Some(same + 1), ..Problem::new(place, wrong, WRITE) })
}

/// Why a diff cannot be applied, and its line, from 1.
struct Mismatch {
    line: usize,
    wrong: String,
}

/// How many lines of a hunk are still to come, on each side.
struct Rest {
    old: usize,
    new: usize,
}

/// What `before` is after the diff.
fn apply<'a>(before: &[&'a str], diff: &'a str) -> Result<Vec<&'a str>, Mismatch> {
    let mut after: Vec<&str> = Vec::new();
    let mut old = before.iter().copied();
    let mut rest = Rest { old: 0, new: 0 };
    let mut last = 0;
    for (index, text) in diff.lines().enumerate() {
        last = index + 1;
        let fail = |wrong: String| Mismatch { line: index + 1, wrong };
        if (rest.old, rest.new) == (0, 0) {
            if index < 2 && (text.starts_with("--- ") || text.starts_with("+++ ")) {
                continue;
            }
            let (from, to) = hunk(text).ok_or_else(|| fail("is no hunk, as in `@@ -3,0 +4,2 @@`".to_owned()))?;
            // A side without lines is said to begin with the line before it.
            let start = |(line, count): (usize, usize)| if count == 0 { Some(line) } else { line.checked_sub(1) };
            let unchanged = start(from).and_then(|start| start.checked_sub(before.len() - old.len()));
            let unchanged = unchanged.filter(|unchanged| *unchanged <= old.len());
            after.extend(old.by_ref().take(unchanged.unwrap_or_default()));
            if unchanged.is_none() || start(to) != Some(after.len()) {
                return Err(fail(format!(
                    "`{text}` is not where the catalog of the migrations before it has such lines"
                )));
            }
            rest = Rest { old: from.1, new: to.1 };
            continue;
        }
        let (kept, is_old, is_new) = match text.split_at_checked(1) {
            Some(("-", line)) => (line, 1, 0),
            Some(("+", line)) => (line, 0, 1),
            Some((" ", line)) => (line, 1, 1),
            _ => return Err(fail(format!("`{text}` begins with neither `-` nor `+`"))),
        };
        if is_old > rest.old || is_new > rest.new {
            return Err(fail("is one line more than its hunk has".to_owned()));
        }
        if is_old == 1 && old.next() != Some(kept) {
            return Err(fail(format!("`{kept}` is not in the catalog of the migrations before it, at this place")));
        }
        after.extend((is_new == 1).then_some(kept));
        rest = Rest { old: rest.old - is_old, new: rest.new - is_new };
    }
    if (rest.old, rest.new) != (0, 0) {
        return Err(Mismatch { line: last, wrong: "ends in the middle of a hunk".to_owned() });
    }
    after.extend(old);
    Ok(after)
}

/// The line and the number of lines on each side, of `@@ -3,0 +4,2 @@`.
fn hunk(text: &str) -> Option<((usize, usize), (usize, usize))> {
    let (from, to) = text.strip_prefix("@@ -")?.split_once(" @@")?.0.split_once(" +")?;
    let side = |text: &str| match text.split_once(',') {
        Some((line, count)) => Some((line.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    };
    Some((side(from)?, side(to)?))
}
