//! Converts an offset or a position that the server reports into line and column of a file.

/// The line and the column of a byte of `sql`, both from 1, the column in characters.
///
/// An offset past the end gives the place just after the last character; one inside a character, that character.
#[must_use]
pub fn line_and_column(sql: &str, byte_offset: usize) -> (usize, usize) {
    let (mut line, mut column) = (1, 1);
    for (at, character) in sql.char_indices() {
        if at + character.len_utf8() > byte_offset {
            break;
        }
        if character == '\n' {
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    (line, column)
}

/// The byte at which the server's error position points: it counts characters of the whole query, from 1.
///
/// A position past the end gives the length of `sql`.
#[must_use]
pub fn offset_of_position(sql: &str, position: usize) -> usize {
    sql.char_indices().nth(position.saturating_sub(1)).map_or(sql.len(), |(at, _)| at)
}
