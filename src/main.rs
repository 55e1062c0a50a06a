//! The `messenger-db` binary: reads the command line, does it, and exits with a code that says how it went.

use std::process::ExitCode;

fn main() -> ExitCode {
    messenger_db::cli::main()
}
