//! Writes the addresses of pages, with everything in them encoded.

use std::fmt::Write as _;

/// A path and its query.
#[derive(Debug, Clone)]
pub(super) struct Address {
    text: String,
    has_query: bool,
}

impl Address {
    /// The parts of a path, each one part whatever is in it.
    pub(super) fn new(parts: &[&str]) -> Self {
        let text = parts.iter().fold(String::new(), |text, part| text + "/" + &encoded(part));
        Self { text, has_query: false }
    }

    /// With one more parameter.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.text.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        let _ = write!(self.text, "{}={}", encoded(name), encoded(value));
        self
    }

    pub(super) fn into_string(self) -> String {
        self.text
    }
}

impl maud::Render for Address {
    fn render_to(&self, buffer: &mut String) {
        self.text.as_str().render_to(buffer);
    }
}

fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'~' => encoded.push(char::from(byte)),
            // A part of dots alone would lead elsewhere, but for being encoded. Browsers read %2E as a dot, so they stay as a
            // part that has something else.
            b'.' if text.bytes().any(|byte| byte != b'.') => encoded.push('.'),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn whatever_is_in_a_name_stays_one_part() {
        let address = Address::new(&["data", "a/b?c#d", "é"]).with("v", "x&y=z \u{1F600}").with("w", "");
        assert_eq!(address.into_string(), "/data/a%2Fb%3Fc%23d/%C3%A9?v=x%26y%3Dz%20%F0%9F%98%80&w=");
    }
}
