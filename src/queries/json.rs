//! Finds JSON that is not stored: too large, or so deep that it could not be read again.

use serde_json::Value;

/// How deep metadata may be nested. PostgreSQL takes thousands of levels, but `serde_json` reads 127.
const MAX_DEPTH: usize = 100;

/// How many bytes metadata has at most, as PostgreSQL writes it: 16 KiB.
const MAX_BYTES: usize = 16 * 1024;

/// Whether the JSON is certainly larger than it may be: PostgreSQL writes blanks besides, and knows exactly.
pub(super) fn is_too_large(value: &Value) -> bool {
    struct Counter(usize);

    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            if self.0 > MAX_BYTES { Err(std::io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.len()) }
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    serde_json::to_writer(Counter(0), value).is_err()
}

/// Whether the JSON is nested deeper than it may be.
pub(super) fn is_too_deep(value: &Value) -> bool {
    let mut rest = vec![(value, 1)];
    while let Some((value, depth)) = rest.pop() {
        if depth > MAX_DEPTH && (value.is_array() || value.is_object()) {
            return true;
        }
        match value {
            Value::Array(values) => rest.extend(values.iter().map(|value| (value, depth + 1))),
            Value::Object(fields) => rest.extend(fields.values().map(|value| (value, depth + 1))),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{MAX_BYTES, MAX_DEPTH, is_too_deep, is_too_large};

    fn nested(depth: usize) -> Value {
        (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }))
    }

    #[test]
    fn sixteen_kibibytes_are_not_too_large() {
        assert!(!is_too_large(&json!({ "a": "x".repeat(MAX_BYTES - 8) })));
        assert!(is_too_large(&json!({ "a": "x".repeat(MAX_BYTES - 7) })));
    }

    #[test]
    fn a_hundred_levels_are_not_too_deep() {
        assert!(!is_too_deep(&nested(MAX_DEPTH)));
        assert!(is_too_deep(&nested(MAX_DEPTH + 1)));
        assert!(is_too_deep(&json!([nested(MAX_DEPTH)])));
    }
}
