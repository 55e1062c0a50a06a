//! Highlights: the text around what was found, and where in it the words are.

use std::ops::Range;

/// The parts of a message in which something was found, joined by ` … `.
///
/// The text is what the sender wrote, not HTML: escape it like any other content, and mark the [ranges](Self::ranges).
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

/// What PostgreSQL puts around a word: characters that nobody can type, and that are dropped from the text before.
const START: char = '\u{1}';
const STOP: char = '\u{2}';

/// What stands for `<` meanwhile: PostgreSQL would take what follows for a tag, and leave it out.
const LESS: char = '\u{3}';

/// What is replaced in the text before, and by what: the rest of it by nothing.
pub(super) const REPLACED: &str = "<\u{1}\u{2}\u{3}";
pub(super) const REPLACEMENT: &str = "\u{3}";

/// Up to three parts of up to 16 words.
pub(super) const OPTIONS: &str =
    "StartSel=\u{1}, StopSel=\u{2}, MaxFragments=3, MaxWords=16, MinWords=8, ShortWord=0, FragmentDelimiter=\" … \"";

impl Highlight {
    /// The words that were found, as they stand in the text.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.ranges.iter().filter_map(|range| self.text.get(range.clone()))
    }

    /// Takes the marks out of a text and notes where they were; puts `<` back.
    pub(super) fn parse(marked: &str) -> Self {
        let mut text = String::with_capacity(marked.len());
        let mut ranges = Vec::new();
        let mut start = 0;
        for character in marked.chars() {
            match character {
                START => start = text.len(),
                STOP => ranges.push(start..text.len()),
                LESS => text.push('<'),
                character => text.push(character),
            }
        }
        Self { text, ranges }
    }
}

#[cfg(test)]
mod tests {
    use super::Highlight;

    #[test]
    fn marks_become_ranges() {
        let highlight = Highlight::parse("to the \u{1}café\u{2} \u{3}- \u{1}back\u{2}");
        assert_eq!(highlight.text, "to the café <- back");
        assert_eq!(highlight.ranges, [7..12, 16..20]);
        assert_eq!(highlight.words().collect::<Vec<_>>(), ["café", "back"]);
    }
}
