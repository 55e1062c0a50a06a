//! Tells emoji from other text, and gives each one form.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// How many bytes an emoji has at most, and the name of a custom one with its colons.
const CUSTOM_BYTES: usize = 64;

/// The emoji in the form that Unicode calls fully qualified, whether or not it was written with its variation selectors;
/// or the `:name:` of one of the service's own. `None`: it is neither.
pub(super) fn canonical(text: &str) -> Option<Cow<'_, str>> {
    if is_custom(text) {
        return Some(Cow::Borrowed(text));
    }
    // Whatever is longer is none, and is not copied.
    if text.len() > CUSTOM_BYTES {
        return None;
    }
    QUALIFIED.get(bare(text).as_str()).copied().map(Cow::Borrowed)
}

/// The fully qualified form of each emoji, by the emoji without its variation selectors. `emojis::get` takes the other forms
/// too, but mistakes some couples with two skin tones for others.
static QUALIFIED: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let toned = emojis::iter().filter_map(|emoji| emoji.skin_tones()).flatten();
    emojis::iter().chain(toned).map(|emoji| (bare(emoji.as_str()), emoji.as_str())).collect()
});

/// Without variation selectors: a selector too many, as some keyboards write it, makes no other emoji.
fn bare(emoji: &str) -> String {
    emoji.replace('\u{FE0F}', "")
}

fn is_custom(text: &str) -> bool {
    let name = text.strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    text.len() <= CUSTOM_BYTES
        && name.is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
        })
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn every_emoji_has_one_form() {
        assert_eq!(canonical("👍").as_deref(), Some("👍"));
        assert_eq!(canonical("👍\u{FE0F}").as_deref(), Some("👍"));
        assert_eq!(canonical("❤").as_deref(), Some("❤\u{FE0F}"));
        assert_eq!(canonical("❤\u{FE0F}").as_deref(), Some("❤\u{FE0F}"));
        for emoji in emojis::iter().flat_map(|emoji| emoji.skin_tones().map_or_else(|| vec![emoji], Iterator::collect))
        {
            let bare = emoji.as_str().replace('\u{FE0F}', "");
            for written in [emoji.as_str(), &bare, &format!("{bare}\u{FE0F}")] {
                assert_eq!(canonical(written).as_deref(), Some(emoji.as_str()), "{written:?}");
            }
        }
    }

    #[test]
    fn a_custom_emoji_is_a_name_between_colons() {
        let (long, longer) = (format!(":{}:", "x".repeat(62)), format!(":{}:", "x".repeat(63)));
        for custom in [":party-parrot:", ":+1:", ":x:", &long] {
            assert_eq!(canonical(custom).as_deref(), Some(custom));
        }
        for text in ["", " ", ":", "::", ":a b:", "nice", "<img src=x>", "👍👍", "👍 ", "1", ":é:", "\u{FE0F}", &longer]
        {
            assert_eq!(canonical(text), None, "{text:?}");
        }
    }
}
