//! Decides the configuration of the server, and how paths are quoted in it.

use std::path::Path;

use super::{LocalError, builder::LocalBuilder, files, socket::Socket, state::StateFolder};

/// The last line of the cluster's own postgresql.conf. Relative to it, so that the state folder can be moved.
pub(super) const INCLUDE: &str = "include '../settings.conf'";

/// For a server whose data nobody will miss: many clients, and nothing waits for the disk.
const THROWAWAY: &str = "max_connections = 200\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n";

/// Writes the settings and the access rules anew. They lie in the state folder, which is the caller's, and not in the
/// data folder, which is the server's: root must not write where another user may lay a symbolic link.
pub(super) fn write(folder: &StateFolder, socket: &Socket, wanted: &LocalBuilder) -> Result<(), LocalError> {
    // Nobody but root and the server's user gets at them; 0644 is what lets the latter read what the former wrote.
    files::write(&folder.settings(), &settings(folder, socket, wanted), 0o644)?;
    files::write(&folder.hba(), &rules(wanted), 0o644)
}

fn settings(folder: &StateFolder, socket: &Socket, wanted: &LocalBuilder) -> String {
    let mut text = format!(
        "# Written by messenger-db at every start: changes made here are lost.\n\
         cluster_name = 'messenger-db'\n\
         listen_addresses = ''\n\
         port = {port}\n\
         unix_socket_directories = {socket}\n\
         unix_socket_permissions = 0700\n\
         hba_file = {rules}\n\
         logging_collector = off\n\
         log_destination = 'stderr'\n\
         random_page_cost = 1.1\n",
        port = socket.port,
        socket = quote(&list_of_one(&socket.folder)),
        rules = quote(&folder.hba().to_string_lossy()),
    );
    if wanted.throwaway {
        text.push_str(THROWAWAY);
    }
    // Of two lines for one setting PostgreSQL takes the last.
    for line in &wanted.settings {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Trust is safe here: whoever can reach the socket is the server's user or root.
fn rules(wanted: &LocalBuilder) -> String {
    let first_match_wins = wanted.rules.iter().map(String::as_str);
    let usual = ["local all all trust", "local replication all trust"];
    first_match_wins.chain(usual).flat_map(|line| [line, "\n"]).collect()
}

/// A list of folders in which commas and spaces belong to the one folder it has.
fn list_of_one(folder: &Path) -> String {
    format!("\"{}\"", folder.to_string_lossy().replace('"', "\"\""))
}

/// A text as postgresql.conf wants it.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{list_of_one, quote, rules};
    use crate::local::builder::LocalBuilder;

    #[test]
    fn a_path_with_quotes_of_both_kinds_and_a_backslash_survives_the_quoting() {
        let folder = Path::new("/it's a \"b\\c\"");
        assert_eq!(quote(&list_of_one(folder)), r#"'"/it''s a ""b\\c"""'"#);
    }

    #[test]
    fn rules_of_the_caller_come_before_the_usual_ones() {
        let wanted = LocalBuilder::default().rule("local all alice reject");
        assert_eq!(rules(&wanted), "local all alice reject\nlocal all all trust\nlocal replication all trust\n");
    }
}
