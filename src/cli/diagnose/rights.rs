//! Advice for a role that lacks rights, with the statements that give them.

use super::quoted;
use crate::migrate::{Rights, Target};

/// What makes a schema to work in, or lets the role use it.
pub(super) fn no_schema(target: &Target, rights: Option<&Rights>) -> String {
    match rights {
        Some(rights) if !rights.missing.is_empty() => format!(
            "Let an administrator run, in the database {:?}, for the role {:?}:\n  {}\nor correct the search_path of {}. \
             Then run again.",
            target.database,
            rights.role,
            rights.missing.join("\n  "),
            if rights.path_is_from_client { "the database URL" } else { "the role or the database" }
        ),
        _ => "Correct the search_path: it names no schema to work in. Then run again.".to_owned(),
    }
}

/// What a role lacks that was refused something, as far as the catalog tells.
pub(super) fn missing(target: &Target, rights: Option<&Rights>) -> String {
    let Some(rights) = rights else { return "The role lacks a privilege: see above which.".to_owned() };
    if rights.missing.is_empty() {
        let refuse = match rights.event_triggers.as_slice() {
            [] => "What is refused belongs to somebody else, or a function or a trigger refuses: see above. A superuser \
                   carries out what is about extensions; for anything else, let its owner grant the right, or give it to \
                   this role (ALTER … OWNER TO)."
                .to_owned(),
            triggers => format!(
                "It may be an event trigger of this server that refuses: {}. Ask who made it, or let an administrator \
                 disable it meanwhile.",
                triggers.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ")
            ),
        };
        return format!(
            "The role {:?} has every right on the schema and the messenger's tables that this takes. {refuse}",
            rights.role
        );
    }
    format!(
        "The role {:?} lacks rights. Let an administrator run, in the database {:?}:\n  {}\nThen run again.",
        rights.role,
        target.database,
        rights.missing.join("\n  ")
    )
}
