//! Reports a command line that cannot be parsed, without the passwords in it.

use std::env;
use std::io::{ErrorKind, Write};

use clap::{CommandFactory, FromArgMatches, ValueEnum};

use super::args::{Color, OutputArgs};
use super::commands::{self, Args};
use super::output::Output;
use super::{Exit, Problem};

/// Reads the command line, and gives the name of its command, too. Where it asks for help, or makes no sense, this prints
/// what there is to say.
pub fn parse() -> Result<(Args, String), Exit> {
    let read = Args::command().try_get_matches().and_then(|matches| {
        let args = Args::from_arg_matches(&matches).map_err(|error| error.format(&mut Args::command()))?;
        Ok((args, commands::name(&matches)))
    });
    let error = match read {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    let arguments: Vec<_> = env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let blot = |text: String| {
        arguments.iter().filter_map(|argument| secret(argument)).fold(text, |text, secret| text.replace(secret, "…"))
    };
    color(&arguments).choose();
    if !error.use_stderr() {
        let mut stdout = anstream::stdout();
        let written = write!(stdout, "{}", error.render().ansi()).and_then(|()| stdout.flush());
        return match written {
            // A reader who has gone has read enough.
            Err(cause) if cause.kind() != ErrorKind::BrokenPipe => {
                let _ = writeln!(anstream::stderr(), "error: this cannot be printed: {cause}");
                Err(Exit::Failed)
            }
            _ => Err(Exit::Done),
        };
    }
    if arguments.iter().any(|argument| argument == "--json") {
        let said = blot(error.render().to_string());
        let (message, help) = said.trim().split_once("\n\n").unwrap_or((said.trim(), "Try '--help'."));
        let output = OutputArgs { json: true, quiet: false, verbose: false, color: Color::Auto };
        Output::new(&output, None).fail(&Problem::new(Exit::Usage, message.trim_start_matches("error: "), help));
    } else {
        let _ = write!(anstream::stderr(), "{}", blot(error.render().ansi().to_string()));
    }
    Err(Exit::Usage)
}

/// The part of an argument that clap may quote and nobody should see: a connection string in the wrong place.
fn secret(argument: &str) -> Option<&str> {
    let value =
        argument.strip_prefix("--").and_then(|option| option.split_once('=')).map_or(argument, |(_, value)| value);
    (value.contains("://") || value.contains("password=")).then_some(value)
}

/// What the command line says of colours, as far as it can be read.
fn color(arguments: &[String]) -> Color {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let value = match argument.strip_prefix("--color") {
            Some("") => rest.next().map(String::as_str),
            Some(value) => value.strip_prefix('='),
            None => None,
        };
        if let Some(color) = value.and_then(|value| Color::from_str(value, false).ok()) {
            return color;
        }
    }
    Color::Auto
}
