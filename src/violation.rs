//! Names the constraint that an error violates, also where a worker of a distributed database reports it.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError};

/// The name of the constraint, without the number of a shard.
///
/// What a worker of Citus refuses arrives without the field of the constraint, so the name is taken from the end of the message;
/// there, and in the field where the shard is the coordinator's own, the names of unique and of foreign keys end in the number of
/// the shard: `users_username_key_102008`.
pub(crate) fn constraint(error: &DieselError) -> Option<&str> {
    let DieselError::DatabaseError(kind, information) = error else { return None };
    information.constraint_name().or_else(|| quoted_last(*kind, information.as_ref())).map(without_shard)
}

/// `duplicate key value violates unique constraint "users_username_key_102008"`, in whatever language with these quotes.
fn quoted_last(kind: DatabaseErrorKind, information: &dyn DatabaseErrorInformation) -> Option<&str> {
    let is_of_constraint = matches!(
        kind,
        DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::CheckViolation
    );
    // What Citus copies to a worker is refused with a code of its own.
    let is_copied = matches!(kind, DatabaseErrorKind::Unknown) && information.message().contains(" constraint \"");
    let mut parts = information.message().rsplit('"');
    parts.next();
    parts.next().filter(|_| is_of_constraint || is_copied)
}

/// A name without `_` and six digits or more: no constraint of the messenger ends so, and the number of every shard does.
fn without_shard(name: &str) -> &str {
    match name.rsplit_once('_') {
        Some((name, shard)) if shard.len() >= 6 && shard.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error as a worker's arrives: with a message, and nothing else.
    fn of_worker(kind: DatabaseErrorKind, message: &str) -> DieselError {
        DieselError::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn what_a_worker_refuses_is_named_as_on_a_plain_server() {
        use DatabaseErrorKind::{CheckViolation, ForeignKeyViolation, NotNullViolation, UniqueViolation, Unknown};
        for (kind, message, name) in [
            (
                UniqueViolation,
                "duplicate key value violates unique constraint \"users_username_key_102008\"",
                Some("users_username_key"),
            ),
            (
                CheckViolation,
                "new row for relation \"messages_102041\" violates check constraint \"messages_content_check\"",
                Some("messages_content_check"),
            ),
            (
                ForeignKeyViolation,
                "insert or update on table \"messages_102041\" violates foreign key constraint \"messages_chat_fkey_102041\"",
                Some("messages_chat_fkey"),
            ),
            (
                UniqueViolation,
                "duplicate key value violates unique constraint \"service_key_1\"",
                Some("service_key_1"),
            ),
            (
                Unknown,
                "new row for relation \"message_edits_102046\" violates check constraint \"message_edits_version_check\"",
                Some("message_edits_version_check"),
            ),
            (Unknown, "relation \"messages\" does not exist", None),
            (UniqueViolation, "a message without a name", None),
            (NotNullViolation, "null value in column \"a\" of relation \"b_102041\"", None),
        ] {
            assert_eq!(constraint(&of_worker(kind, message)), name, "{message}");
        }
        assert_eq!(constraint(&DieselError::NotFound), None);
    }
}
