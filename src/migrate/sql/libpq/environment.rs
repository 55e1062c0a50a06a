//! Removes from this process's environment what libpq would read there.

use std::env;

/// A path that cannot exist, so libpq finds no password file and warns about none.
const NO_FILE: &str = "/dev/null/none";

/// Makes libpq connect by the connection string alone, here and in the programs that this process runs afterwards.
///
/// A connection string cannot do that by itself: a service that `PGSERVICE` names is looked up in any case, and an older
/// libpq refuses options that a newer one reads from the environment (`PGREQUIREAUTH`, `PGSSLNEGOTIATION`, …).
///
/// Only the binary may call it, and before it connects: other threads must not read the environment from C meanwhile.
pub(crate) fn ignore_environment() {
    let is_libpqs = |name: &[u8]| name.starts_with(b"PG") && !name.starts_with(b"PG_COLOR");
    let names = env::vars_os().map(|(name, _)| name).filter(|name| is_libpqs(name.as_encoded_bytes()));
    for name in names.collect::<Vec<_>>() {
        // SAFETY: the binary's other threads wait for signals or draw its progress. They do not read the environment,
        // and no connection is being opened.
        unsafe { env::remove_var(name) };
    }
    // SAFETY: as above.
    unsafe { env::set_var("PGPASSFILE", NO_FILE) };
}
