//! Finds the NUL character, which PostgreSQL stores in no text.

use serde_json::Value;

/// Whether one of these texts has a NUL in it.
pub(super) fn in_any<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> bool {
    texts.into_iter().flatten().any(|text| text.as_bytes().contains(&0))
}

/// Whether a text somewhere in this JSON has one; keys are texts too.
pub(super) fn in_json(value: &Value) -> bool {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::String(text) if in_any([Some(text.as_str())]) => return true,
            Value::Array(values) => rest.extend(values),
            Value::Object(fields) => {
                if in_any(fields.keys().map(|key| Some(key.as_str()))) {
                    return true;
                }
                rest.extend(fields.values());
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::in_json;

    #[test]
    fn a_nul_is_found_in_values_and_keys_however_deep() {
        assert!(!in_json(&json!({ "a": [1, "b", { "c": null }] })));
        assert!(in_json(&json!("a\0")));
        assert!(in_json(&json!({ "a": [1, "b", { "c": "\0" }] })));
        assert!(in_json(&json!([{ "a": { "\0": 1 } }])));
    }
}
