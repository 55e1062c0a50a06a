//! Checks the name of a migration's folder.

use super::Problem;
use super::entry::Entry;

/// What Diesel's own first migration has for a version.
const INITIAL: &str = "00000000000000";

/// The version as Diesel takes it from the name of a folder.
pub fn version(name: &str) -> String {
    name.split('_').next().unwrap_or_default().replace('-', "")
}

/// What is wrong with the name of a folder, if something is, and which name to give it.
pub fn refusal(folder: &Entry) -> Option<Problem> {
    let (time, title) = folder.name.split_once('_').unwrap_or((&folder.name, ""));
    let (good_time, good_title) = (time == INITIAL || is_time(without_number(time)), is_title(title));
    if good_time && good_title {
        return None;
    }
    let wrong = match (good_time, good_title) {
        (false, _) if looks_like_time(without_number(time)) => {
            format!("has a version, `{time}`, that is no time on the calendar")
        }
        (false, _) => format!("has a version, `{time}`, that is not a time as in YYYY-MM-DD-HHMMSS"),
        (true, _) => format!("has a title, `{title}`, that is not a verb and a noun in lower case, as in verb_noun"),
    };
    let time = Some(time.to_owned()).filter(|_| good_time).or_else(|| time_in(time));
    let title = Some(title.to_owned()).filter(|_| good_title).or_else(|| title_in(title));
    let instead = format!(
        "rename it, {} `{}_{}`",
        if time.is_some() && title.is_some() { "to" } else { "for example to" },
        time.as_deref().unwrap_or("2026-01-31-120000"),
        title.as_deref().unwrap_or("create_users"),
    );
    Some(Problem::new(&folder.place, wrong, instead))
}

/// The time without the number that `diesel migration generate` puts behind it, as in `2026-01-31-120000-0000`, and
/// without the mark of this crate's migrations.
fn without_number(time: &str) -> &str {
    let time = time.strip_suffix("-messenger").unwrap_or(time);
    let is_number = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    time.rsplit_once('-').filter(|(_, number)| is_number(number)).map_or(time, |(time, _)| time)
}

fn looks_like_time(text: &str) -> bool {
    let pattern = "0000-00-00-000000";
    let as_in = |(byte, of_pattern): (u8, u8)| byte == of_pattern || (of_pattern == b'0' && byte.is_ascii_digit());
    text.len() == pattern.len() && text.bytes().zip(pattern.bytes()).all(as_in)
}

fn is_time(text: &str) -> bool {
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse().ok()).unwrap_or(99);
    let (month, day) = (number(5, 7), number(8, 10));
    let year: u32 = text.get(..4).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let days = match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let of_day = number(11, 13) < 24 && number(13, 15) < 60 && number(15, 17) < 60_u32;
    looks_like_time(text) && (1..=12).contains(&month) && (1..=days).contains(&day) && of_day
}

fn is_title(title: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    title.contains('_') && title.starts_with(|c: char| c.is_ascii_lowercase()) && title.split('_').all(is_word)
}

/// The time in a version without dashes.
fn time_in(version: &str) -> Option<String> {
    let digits = version.replace('-', "");
    let part = |from: usize, to: usize| digits.get(from..to);
    let time = format!("{}-{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?, part(8, 14)?);
    Some(time).filter(|time| is_time(time))
}

fn title_in(title: &str) -> Option<String> {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let title = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    Some(title).filter(|title| is_title(title))
}
