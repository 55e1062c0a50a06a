//! How much time of the processors the processes of this machine have spent, by name, as Linux counts it.

use std::collections::HashMap;
use std::fs;

/// Seconds, by the name of the process. Elsewhere than on Linux, nothing.
pub type Spent = HashMap<String, f64>;

/// Linux counts in hundredths of a second.
const TICKS: f64 = 100.0;

pub fn spent() -> Spent {
    let mut spent = Spent::new();
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        // One that ends meanwhile is left out.
        let Ok(line) = fs::read_to_string(process.path().join("stat")) else { continue };
        if let Some((name, ticks)) = read(&line) {
            *spent.entry(name.to_owned()).or_default() += ticks / TICKS;
        }
    }
    spent
}

/// The name, and the ticks in the program and for it in the kernel. The name is in parentheses, and may have some.
fn read(line: &str) -> Option<(&str, f64)> {
    let (head, rest) = line.rsplit_once(')')?;
    let (_, name) = head.split_once('(')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((name, ticks()? + ticks()?))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_time_of_a_process_is_read_behind_its_name() {
        let line = "77 (a (b) c) S 1 77 77 0 -1 4194560 900 0 3 0 250 50 0 0 20 0 1 0 8 9 10";
        assert_eq!(read(line), Some(("a (b) c", 300.0)));
        assert_eq!(read(""), None);
    }
}
