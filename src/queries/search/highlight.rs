//! Highlights: the text around what was found, and where in it the words are.

use std::ops::Range;

use unicode_segmentation::GraphemeCursor;

/// The parts of a message in which something was found, joined by ` … `.
///
/// The text is what the sender wrote, not HTML: escape it like any other content, and mark the [ranges](Self::ranges).
///
/// It has up to three parts of up to about 200 bytes, cut at blanks, and never inside of what people see as one
/// character. A short message is whole.
///
/// ```
/// # let conn = &mut messenger_db::doctest::connection();
/// # let (anna, bob, chat) = messenger_db::doctest::direct_chat(conn);
/// # use messenger_db::{page::Limit, queries::{messages, search}};
/// messages::send(conn, anna, chat, &messages::Draft::text("Two cafés, and one more café"))?;
/// let hits = search::list_in_chat(conn, bob, chat, "cafe", None, Limit::default())?;
/// let highlight = &hits[0].highlight;
/// assert_eq!(highlight.text, "Two cafés, and one more café");
/// assert_eq!(highlight.words().collect::<Vec<_>>(), ["cafés", "café"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Highlight {
    /// The text.
    pub text: String,
    /// Where the words are, as ranges of bytes of the text, in order.
    pub ranges: Vec<Range<usize>>,
}

/// What is between two parts.
const BETWEEN: &str = " … ";

/// How many parts there are at most.
const MAX_PARTS: usize = 3;

/// How many bytes a message has that is shown whole.
const WHOLE: usize = 240;

/// How many bytes are shown before and after a word.
const AROUND: usize = 64;

/// How many bytes a part has at most.
const MAX_PART: usize = 200;

/// In how many places a word is looked for.
const MAX_PLACES: usize = 64;

impl Highlight {
    /// The words that were found, as they stand in the text.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().filter_map(|range| self.text.get(range.clone()))
    }

    /// The parts of a message that have these words; its beginning, if none of them is there.
    pub(super) fn of(content: &str, words: &[String]) -> Self {
        let places = places(content, words);
        let mut highlight = Self { text: String::new(), ranges: Vec::new() };
        if content.len() <= WHOLE {
            highlight.add(content, 0..content.len(), &places);
            return highlight;
        }
        for part in parts(content, &places) {
            highlight.add(content, part, &places);
        }
        highlight
    }

    /// Appends a part of the message, with the words in it.
    fn add(&mut self, content: &str, part: Range<usize>, places: &[Range<usize>]) {
        if !self.text.is_empty() {
            self.text.push_str(BETWEEN);
        }
        let offset = self.text.len();
        for place in places {
            let (start, end) = (place.start.max(part.start), place.end.min(part.end));
            if start < end {
                self.ranges.push(offset + start - part.start..offset + end - part.start);
            }
        }
        self.text.push_str(content.get(part).unwrap_or_default());
    }
}

/// Where the words are, in order, none within another.
fn places(content: &str, words: &[String]) -> Vec<Range<usize>> {
    // Of a message of ASCII the words are in lower case.
    let lowered = content.is_ascii().then(|| content.to_ascii_lowercase());
    let text = lowered.as_deref().unwrap_or(content);
    let mut found: Vec<Range<usize>> = words
        .iter()
        .filter(|word| !word.is_empty())
        .flat_map(|word| {
            let places = text.match_indices(word.as_str()).map(|(start, word)| start..start + word.len());
            places.filter(|place| is_apart(text, place)).take(MAX_PLACES)
        })
        .collect();
    found.sort_unstable_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let mut end = 0;
    found.retain(|place| {
        let is_new = place.start >= end;
        if is_new {
            end = place.end;
        }
        is_new
    });
    found
}

/// Whether a word stands by itself, or in a script without spaces.
fn is_apart(text: &str, place: &Range<usize>) -> bool {
    let (before, rest) = text.split_at(place.start);
    let (word, after) = rest.split_at(place.len());
    let joins = |one: Option<char>, other: Option<char>| {
        one.zip(other).is_some_and(|(one, other)| is_letter(one) && is_letter(other))
    };
    !joins(before.chars().next_back(), word.chars().next()) && !joins(word.chars().next_back(), after.chars().next())
}

/// Whether the character belongs to a script with spaces between words.
fn is_letter(character: char) -> bool {
    let has_no_spaces = matches!(character,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{1950}'..='\u{1b4b}' | '\u{2e80}'..='\u{abff}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{1b000}'..='\u{3ffff}');
    character.is_alphanumeric() && !has_no_spaces
}

/// The parts of a long message to show: around the first words, each at most [`MAX_PART`] bytes.
fn parts(content: &str, places: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for place in places {
        if let Some(last) = parts.last_mut() {
            if place.end <= last.end {
                continue;
            }
            // Near enough to go on with the part before.
            if place.start < last.end + AROUND && place.end < last.start + MAX_PART {
                last.end = cut_before(content, (place.end + AROUND).min(last.start + MAX_PART)).max(place.end);
                continue;
            }
        }
        if parts.len() == MAX_PARTS {
            break;
        }
        let floor = parts.last().map_or(0, |last| last.end);
        let start = cut_after(content, place.start.saturating_sub(AROUND).max(floor), place.start);
        let end = if place.len() > MAX_PART {
            boundary(content, place.start + MAX_PART).max(start)
        } else {
            cut_before(content, place.end + AROUND).max(place.end)
        };
        parts.push(start..end);
    }
    if parts.is_empty() {
        parts.push(0..cut_before(content, MAX_PART));
    }
    parts
}

/// The beginning of the first word at or after a place, no later than `latest`.
fn cut_after(content: &str, place: usize, latest: usize) -> usize {
    if place == 0 {
        return 0;
    }
    let start = boundary(content, place).min(latest);
    let between = content.get(start..latest).unwrap_or_default();
    between.find(char::is_whitespace).map_or(start, |blank| {
        let rest = between.get(blank..).unwrap_or_default();
        start + blank + (rest.len() - rest.trim_start().len())
    })
}

/// The end of the last word that ends before a place; the place itself when there is no blank near it.
fn cut_before(content: &str, place: usize) -> usize {
    if place >= content.len() {
        return content.len();
    }
    let end = boundary(content, place);
    let near = content.get(boundary(content, end.saturating_sub(AROUND))..end).unwrap_or_default();
    let cut = near.rfind(char::is_whitespace).map_or(end, |blank| end - (near.len() - blank));
    content.get(..cut).map_or(cut, |kept| kept.trim_end().len().max(1).min(cut))
}

/// The last place, at this one or before, between two of what people see as characters.
fn boundary(content: &str, place: usize) -> usize {
    let place = content.floor_char_boundary(place);
    let mut cursor = GraphemeCursor::new(place, content.len(), true);
    match cursor.is_boundary(content, 0) {
        Ok(false) => cursor.prev_boundary(content, 0).ok().flatten().unwrap_or(0),
        _ => place,
    }
}

#[cfg(test)]
mod tests {
    use super::Highlight;

    fn of(content: &str, words: &[&str]) -> Highlight {
        Highlight::of(content, &words.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn a_word_is_marked_where_it_stands_by_itself() {
        let highlight = of("Tea, teapot TEA; 100€", &["tea"]);
        assert_eq!(highlight.text, "Tea, teapot TEA; 100€");
        assert_eq!(highlight.words().count(), 0, "the words of what is not ASCII are as they stand");
        let highlight = of("Tea, teapot TEA!", &["tea"]);
        assert_eq!(highlight.words().collect::<Vec<_>>(), ["Tea", "TEA"]);
        assert_eq!(of("我家在上海东边。", &["上海"]).words().collect::<Vec<_>>(), ["上海"]);
    }

    #[test]
    fn a_long_message_is_cut_between_what_people_see_as_characters() {
        let family = "👩🏻‍❤️‍💋‍👨🏿";
        for lead in 0..40 {
            let long = format!("{}{} lake {}", "x".repeat(lead), family.repeat(40), family.repeat(40));
            let highlight = of(&long, &["lake"]);
            assert_eq!(highlight.words().collect::<Vec<_>>(), ["lake"]);
            let rest = highlight.text.replace(family, "").replace('x', "");
            assert_eq!(rest.trim(), "lake", "{}", highlight.text);
        }
    }

    #[test]
    fn many_places_make_three_parts() {
        let long = "x y ".repeat(2_500);
        let highlight = of(&long, &["x", "y"]);
        assert!(highlight.text.len() < 700 && highlight.words().count() > 10, "{}", highlight.text);
        let far = ["lake ", &"sea ".repeat(400), "lake ", &"sea ".repeat(400), "lake ", &"sea ".repeat(400), "lake"];
        let highlight = of(&far.concat(), &["lake"]);
        assert_eq!((highlight.words().count(), highlight.text.matches(" … ").count()), (3, 2));
    }
}
