//! Tokens of the server's lexical grammar.
//!
//! As with `standard_conforming_strings` on, which it is unless somebody turned it off.

/// What a token is, as far as telling statements apart needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// White space or a comment.
    Blank,
    /// A keyword or an identifier without quotes.
    Word,
    /// A string or a quoted identifier, with its quotes and its prefix.
    Quoted,
    /// A string, a quoted identifier or a comment that goes on to the end of the input.
    Unclosed,
    /// `;`
    Semicolon,
    /// `(`
    Open,
    /// `)`
    Close,
    /// A backslash outside of quotes, which only psql knows, and the rest of its line.
    PsqlCommand,
    /// A number, a parameter, or one character of an operator.
    Other,
}

/// One token and where it begins, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) start: usize,
}

/// The tokens of `sql`: every byte of it is in exactly one.
pub(super) fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = sql.get(start..).filter(|rest| !rest.is_empty())?;
        let (kind, length) = first(rest);
        let text = rest.get(..length).unwrap_or(rest);
        let token = Token { kind, text, start };
        start += text.len();
        Some(token)
    })
}

/// The kind and the length of the token that `rest` begins with.
fn first(rest: &str) -> (Kind, usize) {
    let or_unclosed = |kind, end: Option<usize>| match end {
        Some(end) => (kind, end),
        None => (Kind::Unclosed, rest.len()),
    };
    match rest.as_bytes() {
        [b';', ..] => (Kind::Semicolon, 1),
        [b'(', ..] => (Kind::Open, 1),
        [b')', ..] => (Kind::Close, 1),
        [b'\\', ..] => (Kind::PsqlCommand, line(rest.as_bytes())),
        [b'-', b'-', ..] => (Kind::Blank, line(rest.as_bytes())),
        [b'/', b'*', ..] => or_unclosed(Kind::Blank, comment(rest.as_bytes())),
        bytes @ [b'\'' | b'"', ..] => or_unclosed(Kind::Quoted, quoted(bytes, 0)),
        bytes @ [b'e' | b'E' | b'b' | b'B' | b'n' | b'N' | b'x' | b'X', b'\'', ..] => {
            or_unclosed(Kind::Quoted, quoted(bytes, 1))
        }
        bytes @ [b'u' | b'U', b'&', b'\'' | b'"', ..] => or_unclosed(Kind::Quoted, quoted(bytes, 2)),
        bytes @ [b'$', b'0'..=b'9', ..] => (Kind::Other, run(bytes, 1, |b| b.is_ascii_digit())),
        [b'$', ..] => match tag(rest) {
            Some(tag) => or_unclosed(Kind::Quoted, dollar_quoted(rest, tag)),
            None => (Kind::Other, 1),
        },
        bytes @ [byte, ..] if is_space(*byte) => (Kind::Blank, run(bytes, 0, is_space)),
        bytes @ [b'0'..=b'9', ..] => (Kind::Other, number(bytes)),
        bytes @ [byte, ..] if is_tag(*byte) => (Kind::Word, run(bytes, 0, is_word)),
        _ => (Kind::Other, 1),
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c')
}

/// Every character beyond ASCII is a letter to the server, a non-breaking space too.
fn is_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn is_word(byte: u8) -> bool {
    is_tag(byte) || byte == b'$'
}

/// Where the bytes that are `of_kind` end, from `start` on.
fn run(bytes: &[u8], start: usize, of_kind: impl Fn(u8) -> bool) -> usize {
    start + bytes.iter().skip(start).take_while(|byte| of_kind(**byte)).count()
}

/// A number and the letters that stick to it, as in `1e5` or in junk such as `1a$b$`, which quotes nothing.
fn number(bytes: &[u8]) -> usize {
    let digits = run(bytes, 0, |byte| byte.is_ascii_digit());
    match bytes.get(digits) {
        Some(letter) if is_tag(*letter) => run(bytes, digits, is_word),
        _ => digits,
    }
}

fn line(bytes: &[u8]) -> usize {
    run(bytes, 0, |byte| byte != b'\n' && byte != b'\r')
}

fn comment(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut depth) = (0, 0_usize);
    loop {
        match bytes.get(at..)? {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] if depth == 1 => return Some(at + 2),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            [] => return None,
            _ => at += 1,
        }
    }
}

/// Where the string or the identifier ends whose prefix has `prefix` bytes.
fn quoted(bytes: &[u8], prefix: usize) -> Option<usize> {
    let quote = bytes.get(prefix)?;
    let backslashes = matches!(bytes, [b'e' | b'E', ..]);
    let mut at = prefix + 1;
    loop {
        match bytes.get(at..)? {
            [b'\\', ..] if backslashes => at += 2,
            [byte, next, ..] if byte == quote && next == quote => at += 2,
            [byte, rest @ ..] if byte == quote => match continued(rest).filter(|_| backslashes) {
                Some(skipped) => at += 1 + skipped,
                None => return Some(at + 1),
            },
            [] => return None,
            _ => at += 1,
        }
    }
}

/// A string goes on behind a line break: `'a'`, new line, `'b'` is one string. It matters only to those with
/// backslashes, because the continuation has them too and does not say so.
fn continued(rest: &[u8]) -> Option<usize> {
    let (mut at, mut broken) = (0, false);
    loop {
        match rest.get(at..)? {
            [b'\'', ..] if broken => return Some(at + 1),
            bytes @ [b'-', b'-', ..] => at += line(bytes),
            [b'\n' | b'\r', ..] => (at, broken) = (at + 1, true),
            [byte, ..] if is_space(*byte) => at += 1,
            _ => return None,
        }
    }
}

/// The `$tag$` that opens a dollar quote, if it is one.
fn tag(rest: &str) -> Option<&str> {
    let end = run(rest.as_bytes(), 1, is_tag);
    rest.get(..=end).filter(|tag| tag.ends_with('$'))
}

fn dollar_quoted(rest: &str, tag: &str) -> Option<usize> {
    let body = rest.get(tag.len()..)?;
    Some(tag.len() + body.find(tag)? + tag.len())
}
