//! Finds JSON that could be stored, but not read again.

use serde_json::Value;

/// How deep metadata may be nested. PostgreSQL takes thousands of levels, but `serde_json` reads 127.
const MAX_DEPTH: usize = 100;

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

    use super::{MAX_DEPTH, is_too_deep};

    fn nested(depth: usize) -> Value {
        (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }))
    }

    #[test]
    fn a_hundred_levels_are_not_too_deep() {
        assert!(!is_too_deep(&nested(MAX_DEPTH)));
        assert!(is_too_deep(&nested(MAX_DEPTH + 1)));
        assert!(is_too_deep(&json!([nested(MAX_DEPTH)])));
    }
}
