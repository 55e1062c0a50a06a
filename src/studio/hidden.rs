//! Marks characters that nobody sees and that change what others look like: overrides of the direction, and controls.

use std::fmt::Write as _;

/// Elements in whose text a mark would be no element.
const PLAIN: [&str; 4] = ["title", "option", "svg", "textarea"];

/// A page with each such character replaced by its number, such as `U+202E`: as a mark in its text, in words where a mark is none.
/// What is in attributes stays as it is: it is sent back, and not read. Joiners of emoji and of scripts stay, too.
pub(super) fn shown(page: String) -> String {
    if !page.chars().any(is_hidden) {
        return page;
    }
    let mut text = String::with_capacity(page.len() + 256);
    let mut rest = page.as_str();
    let mut plain: Option<&str> = None;
    // The page is written by a template: no `>` is in an attribute, and no `<` in a text.
    while let Some(begin) = rest.find('<') {
        let (words, from_tag) = rest.split_at(begin);
        let (tag, after) = from_tag.split_at(from_tag.find('>').map_or(from_tag.len(), |end| end + 1));
        mark(&mut text, words, plain.is_some());
        text.push_str(tag);
        plain = match plain {
            Some(of) if tag.strip_prefix("</").is_some_and(|name| name.trim_end_matches('>') == of) => None,
            Some(of) => Some(of),
            None => PLAIN.into_iter().find(|of| {
                tag.strip_prefix('<')
                    .and_then(|name| name.strip_prefix(of))
                    .is_some_and(|rest| rest.starts_with([' ', '>']))
            }),
        };
        rest = after;
    }
    mark(&mut text, rest, plain.is_some());
    text
}

fn mark(text: &mut String, words: &str, is_plain: bool) {
    for character in words.chars() {
        if !is_hidden(character) {
            text.push(character);
            continue;
        }
        let (before, after) = if is_plain { ("[", "]") } else { ("<mark class=\"hidden\">", "</mark>") };
        // Writing into a String does not fail.
        let _ = write!(text, "{before}U+{:04X}{after}", u32::from(character));
    }
}

const fn is_hidden(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'
            | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}'
    )
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_nobody_sees_is_marked_in_texts_and_stays_in_attributes() {
        let page = "<title>a\u{202E}b</title><p title=\"\u{202E}\">x\u{202E}y\u{7}</p><svg width=\"1\"><text>\u{200B}</text></svg>\u{FEFF}";
        assert_eq!(
            shown(page.to_owned()),
            "<title>a[U+202E]b</title><p title=\"\u{202E}\">x<mark class=\"hidden\">U+202E</mark>y<mark class=\"hidden\">U+0007</mark></p>\
             <svg width=\"1\"><text>[U+200B]</text></svg><mark class=\"hidden\">U+FEFF</mark>"
        );
        let plain = "<p>tab\tline\nfamily \u{1F468}\u{200D}\u{1F469}</p>";
        assert_eq!(shown(plain.to_owned()), plain);
    }
}
