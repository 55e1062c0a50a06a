//! Text with code and links in it, which Markdown and HTML write in their own way.

/// A sentence, piece by piece.
pub(crate) type Prose = Vec<Piece>;

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words.
    Text(String),
    /// A name or an expression.
    Code(String),
    /// The name of a table, which is described in the same document.
    Table(String),
}

impl Piece {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn code(text: impl Into<String>) -> Self {
        Self::Code(text.into())
    }
}

/// Names in a row, each as code.
pub(super) fn names(names: &[String]) -> Prose {
    let mut prose = Prose::new();
    for (number, name) in names.iter().enumerate() {
        if number > 0 {
            prose.push(Piece::text(if number + 1 == names.len() { " and " } else { ", " }));
        }
        prose.push(Piece::code(name));
    }
    prose
}
