//! How a database differs from what it should be: which part of which object, and whether that matters.

use std::fmt;

/// How a database's catalog differs from the one it should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The version whose catalog it should have. `None`: that of a database without any migration.
    pub version: Option<String>,
    /// The catalog that it should have.
    pub expected: String,
    /// The catalog that it has; of foreign objects no more than that they are there.
    pub found: String,
    /// What differs, by the name of the object.
    pub differences: Vec<Difference>,
    /// Whether tuned and foreign count as well.
    pub is_strict: bool,
}

/// A part of an object that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// How much it matters.
    pub kind: Kind,
    /// The object, such as `table users`.
    pub object: String,
    /// Which part of it, such as `column status`. `None`: the object itself.
    pub part: Option<String>,
    /// What it should be. `None`: it should not be there.
    pub expected: Option<String>,
    /// What it is. `None`: it is not there.
    pub found: Option<String>,
}

/// How much a difference matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What the schema states is missing or means something else, or something was added to it that changes what a
    /// write does.
    Broken,
    /// It would be [`Broken`](Self::Broken), and is [allowed](crate::migrate::AllowedDrift).
    Allowed,
    /// It changes how fast something is or what is said of it, not what it means: a storage parameter, a statistics
    /// target, one more index that is not unique, one more column that need not be filled, a comment.
    Tuned,
    /// An object that is no part of this schema.
    Foreign,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Allowed => "allowed",
            Self::Tuned => "tuned",
            Self::Foreign => "foreign",
        }
    }
}

impl Drift {
    /// Whose catalog it should have, in words.
    #[must_use]
    pub fn whose(&self) -> String {
        self.version.as_ref().map_or_else(|| "an empty database".to_owned(), |version| format!("version {version}"))
    }

    /// The differences of a kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| difference.kind == kind)
    }

    /// The differences for which a database is not what it should be.
    pub fn counting(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| match difference.kind {
            Kind::Broken => true,
            Kind::Allowed => false,
            Kind::Tuned | Kind::Foreign => self.is_strict,
        })
    }

    /// How many differences count, in words.
    #[must_use]
    pub fn count(&self) -> String {
        match self.counting().count() {
            1 => "1 difference".to_owned(),
            count => format!("{count} differences"),
        }
    }

    /// The event triggers that may have enabled the row security that is found, each with the function that it calls: on
    /// some platforms one does, on each new table.
    #[must_use]
    pub fn suspected_event_triggers(&self) -> Vec<&str> {
        let is_row_security = |difference: &Difference| {
            difference.part.as_deref().is_some_and(|part| part.starts_with("row security"))
                && difference.expected.is_none()
        };
        if !self.counting().any(is_row_security) {
            return Vec::new();
        }
        let of_tables = |line: &&str| line.contains(": ddl_command_end ") && !line.ends_with(" DISABLED");
        self.found.lines().filter(|line| line.starts_with("event trigger ")).filter(of_tables).collect()
    }
}

impl Difference {
    /// What it is about, in one line, such as `table users: index users_pkey`: this is what a pattern is compared with.
    #[must_use]
    pub fn label(&self) -> String {
        self.part.as_ref().map_or_else(|| self.object.clone(), |part| format!("{}: {part}", self.object))
    }

    /// Whether something is missing, too many or different.
    #[must_use]
    pub const fn how(&self) -> &'static str {
        match (&self.expected, &self.found) {
            (Some(_), None) => "missing",
            (None, Some(_)) => "unexpected",
            _ => "different",
        }
    }

    /// The object and the part.
    pub(crate) fn key(&self) -> (&str, Option<&str>) {
        (&self.object, self.part.as_deref())
    }
}

/// What it is, and of what, in one line: `missing    table users: index users_pkey`, `tuned      table users: comment`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.kind == Kind::Broken { self.how() } else { self.kind.as_str() };
        write!(f, "{word:<10} {}", self.label())
    }
}
