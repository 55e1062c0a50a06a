//! Numbers, sizes and times as people read them.

use std::time::Duration;

/// `1,234,567`.
pub(super) fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// `12.3 MB`: powers of 1,024, as PostgreSQL counts.
#[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn bytes(bytes: i64) -> String {
    let mut size = bytes as f64;
    let mut unit = "bytes";
    for larger in ["kB", "MB", "GB", "TB"] {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        unit = larger;
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{size:.1} {unit}") }
}

/// `12 %` of two numbers. `None`: of nothing there is no share.
#[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(super) fn share(part: i64, whole: i64) -> Option<String> {
    (whole > 0).then(|| format!("{:.0} %", 100.0 * part as f64 / whole as f64))
}

/// `3.4 s`, `5 min`, `2 h`, `3 days`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{} ms", duration.as_millis()),
        1..=119 => format!("{:.1} s", duration.as_secs_f64()),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The same of seconds, which a database gives as a number.
pub(super) fn seconds(seconds: f64) -> String {
    duration(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default())
}

/// One thing, or several.
pub(super) fn count(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{} {many}", number(i64::try_from(count).unwrap_or(i64::MAX))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([number(0), number(999), number(1_000), number(-1_234_567)], ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!([bytes(0), bytes(8_192), bytes(1 << 30)], ["0 bytes", "8.0 kB", "1.0 GB"]);
        assert_eq!(
            [seconds(0.25), seconds(90.0), seconds(600.0), seconds(-1.0)],
            ["250 ms", "90.0 s", "10 min", "0 ms"]
        );
        assert_eq!((share(1, 3), share(0, 0)), (Some("33 %".to_owned()), None));
    }
}
