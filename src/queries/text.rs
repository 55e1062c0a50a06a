//! What a text is to those who see it: how long it is, and whether anything of it is seen.

use unicode_segmentation::UnicodeSegmentation as _;

/// How many characters a message and a draft have at most, as people count them: grapheme clusters.
pub(super) const MESSAGE: usize = 10_000;

/// How many bytes a message and a draft have at most, as the database checks.
pub(super) const MESSAGE_BYTES: usize = 40_000;

/// How many characters the name of a person or a group has at most, as people count them.
pub(super) const NAME: usize = 100;

/// How many bytes a name has at most, as the database checks.
pub(super) const NAME_BYTES: usize = 1_000;

/// Whether a text has more characters, as people count them, or more bytes.
pub(super) fn is_longer(text: &str, characters: usize, bytes: usize) -> bool {
    text.len() > bytes || (text.len() > characters && text.graphemes(true).nth(characters).is_some())
}

/// Whether a message or a draft is longer than one may be.
pub(super) fn is_long_message(text: &str) -> bool {
    is_longer(text, MESSAGE, MESSAGE_BYTES)
}

/// Whether a name is longer than one may be.
pub(super) fn is_long_name(text: &str) -> bool {
    is_longer(text, NAME, NAME_BYTES)
}

/// Whether the text has no visible character: the same as the database's `is_blank`.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_invisible)
}

/// A text from its first character that is seen.
pub(super) fn without_invisible_beginning(text: &str) -> &str {
    text.trim_start_matches(is_invisible)
}

/// Whether a blank breaks the line. `None`: it is no blank, which a preview shows.
pub(super) const fn blank(character: char) -> Option<bool> {
    match character {
        '\u{9}'..='\u{D}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(true),
        '\u{20}' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200B}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            Some(false)
        }
        _ => None,
    }
}

/// By Unicode's properties, separators, controls, formats and what may be ignored, and what is drawn as nothing: the migration of
/// the same function says which.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{1}'..='\u{20}' | '\u{7F}'..='\u{A0}' | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{1680}'
            | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}' | '\u{2000}'..='\u{200F}' | '\u{2028}'..='\u{202F}'
            | '\u{205F}'..='\u{206F}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}'
            | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}' | '\u{13441}' | '\u{13442}' | '\u{16FE4}'
            | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::{MESSAGE, MESSAGE_BYTES, NAME, is_blank, is_invisible, is_long_message, is_long_name};

    #[test]
    fn characters_are_counted_as_people_see_them_and_bytes_besides() {
        let family = "👨‍👩‍👧‍👦";
        assert!(!is_long_message(&"e\u{301}".repeat(MESSAGE)));
        assert!(is_long_message(&"e\u{301}".repeat(MESSAGE + 1)));
        assert!(is_long_message(&"x".repeat(MESSAGE + 1)));
        assert!(is_long_message(&family.repeat(1 + MESSAGE_BYTES / family.len())));
        assert!(!is_long_name(&"ё".repeat(NAME)));
        assert!(is_long_name(&"ё".repeat(NAME + 1)));
        assert!(is_long_name(&format!("e{}", "\u{301}".repeat(500))));
    }

    /// The database asks the same of every character: `queries::text` compares the two.
    #[test]
    fn what_is_only_invisible_is_blank() {
        for blank in ["", " \t\n", "\u{200B}", "\u{200D}\u{FE0F}", "\u{3164}", "\u{2800}", "\u{202E}\u{2066}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for seen in ["x", " x ", "上", "🏳️", "\u{301}", "\u{200B}."] {
            assert!(!is_blank(seen), "{seen:?}");
        }
        assert_eq!(('\u{1}'..=char::MAX).filter(|&character| is_invisible(character)).count(), 4_281);
    }
}
