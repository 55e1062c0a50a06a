//! Prints results on standard output; progress, remarks and errors on standard error.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write, stderr, stdout};
use std::time::Duration;

use anstream::ColorChoice;
use clap::builder::styling::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use miette::{MietteHandler, MietteHandlerOpts, ReportHandler};
use serde::Serialize;

use super::Exit;
use super::args::{Color, OutputArgs};
use super::problem::Problem;
use super::progress::{Progress, left};
use super::report::{Failure, Object};
use super::signals::Signals;
use crate::migrate::{Backup, Blocker, Direction, Event, Interrupted, Observer, Target};

/// Where a command prints.
pub struct Output {
    args: OutputArgs,
    command: Option<String>,
    signals: Signals,
    target: Option<Target>,
    backup: Option<Backup>,
    progress: ProgressBar,
    waiting_for: Option<String>,
    /// How wide the names of the planned migrations are.
    width: usize,
    beside: bool,
    unwritten: RefCell<Option<io::Error>>,
}

impl Output {
    /// As the options say, for a command. `None`: the command line could not be read.
    pub fn new(args: &OutputArgs, command: Option<String>) -> Self {
        args.color.choose();
        let progress = ProgressBar::hidden();
        let (shown, silent) = (progress.clone(), args.json || args.quiet);
        let tell = move || {
            if !silent {
                shown.suspend(|| remark("stopping after what runs now; a second signal stops at once"));
            }
        };
        Self {
            args: args.clone(),
            command,
            signals: Signals::listen(tell),
            target: None,
            backup: None,
            progress,
            waiting_for: None,
            width: 0,
            beside: false,
            unwritten: RefCell::default(),
        }
    }

    /// Why some of the result could not be printed, if that is so. A reader who has read enough is no reason.
    pub fn unwritten(&self) -> Option<Problem> {
        self.unwritten.take().map(|error| {
            Problem::new(
                Exit::Failed,
                format!("the result cannot be printed: {error}"),
                "What was done is done; `messenger-db status` shows where the database stands.",
            )
        })
    }

    /// Has results printed on standard error too: standard output is another program's.
    pub const fn leave_standard_output(&mut self) {
        self.beside = true;
    }

    /// Has the next signal end the process. Whether none has come before.
    pub fn stop_listening(&self) -> bool {
        self.signals.stop_listening()
    }

    fn print(&self, line: &dyn fmt::Display) {
        if self.beside {
            complain(line);
        } else if let Err(error) = writeln!(anstream::stdout(), "{line}")
            && error.kind() != ErrorKind::BrokenPipe
        {
            self.unwritten.replace(Some(error));
        }
    }

    /// What the command is connected to, once it is.
    pub const fn target(&self) -> Option<&Target> {
        self.target.as_ref()
    }

    /// The backup that was taken, if one was.
    pub const fn backup(&self) -> Option<&Backup> {
        self.backup.as_ref()
    }

    /// Prints a line of the result for people.
    pub fn line(&self, line: &str) {
        if !self.args.json && !self.args.quiet {
            self.progress.suspend(|| self.print(&line));
        }
    }

    /// Prints the one line that the command is called for, with `--quiet` too.
    pub fn answer(&self, line: &str) {
        if !self.args.json {
            self.progress.suspend(|| self.print(&line));
        }
    }

    /// Whether everything is to be told.
    pub const fn is_verbose(&self) -> bool {
        self.args.verbose
    }

    /// How many columns the terminal has that the result is for. `None`: it goes elsewhere, or is for machines.
    pub fn width(&self) -> Option<usize> {
        if self.args.json || self.args.quiet || self.beside || !stdout().is_terminal() {
            return None;
        }
        let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
        // A terminal that does not know its size is taken for a usual one.
        Some(if size.ws_col == 0 { 80 } else { usize::from(size.ws_col) })
    }

    /// Whether the result is for machines.
    pub const fn is_json(&self) -> bool {
        self.args.json
    }

    /// Prints a diff as a part of the result.
    pub fn diff(&self, diff: &str) {
        for line in diff.lines() {
            self.line(&colored(line));
        }
    }

    /// Prints the result for machines.
    pub fn json(&self, report: &impl Serialize) {
        self.json_of(self.command.as_deref(), report);
    }

    /// Prints the result for machines, of another command than the one that was called.
    pub fn json_of(&self, command: Option<&str>, report: &impl Serialize) {
        if self.args.json {
            match serde_json::to_string(&Object { command, report }) {
                Ok(object) => self.print(&object),
                Err(error) => drop(self.unwritten.replace(Some(error.into()))),
            }
        }
    }

    /// Prints a remark beside the result.
    pub fn note(&self, note: &str) {
        if !self.args.json && !self.args.quiet {
            self.progress.suspend(|| remark(note));
        }
    }

    fn begin(&mut self, what: &'static str, count: u64, template: &str) {
        // Of nothing there is no part.
        if self.wants_progress() && count > 0 {
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            // Nothing of what was shown before is drawn again.
            self.progress.finish_and_clear();
            self.progress.set_draw_target(ProgressDrawTarget::hidden());
            self.progress.reset();
            self.progress.set_length(count);
            self.progress.set_message("");
            self.progress.set_style(style.with_key("left", left));
            self.progress.set_prefix(what);
            self.progress.set_draw_target(ProgressDrawTarget::stderr());
            self.progress.enable_steady_tick(Duration::from_millis(100));
        }
    }

    /// Shows on a terminal how much of something is done, and an estimate of when it is through.
    pub fn show(&mut self, progress: Progress) {
        let Progress { what, done, total, note } = progress;
        if total == 0 {
            return;
        }
        if self.progress.prefix() != what || self.progress.is_finished() {
            self.begin(what, total, "{prefix} {bar:30} {percent}%{left}; {wide_msg}");
        }
        self.progress.set_length(total);
        self.progress.set_position(done);
        self.progress.set_message(note);
    }

    /// Takes the progress bar away, for the result to stand alone.
    pub fn finish(&self) {
        self.progress.finish_and_clear();
    }

    /// Prints what failed.
    pub fn fail(&self, problem: &Problem) {
        self.progress.finish_and_clear();
        if self.args.json {
            let object = Object { command: self.command.as_deref(), report: &Failure::from(problem) };
            complain(&serde_json::to_string(&object).unwrap_or_else(|_| problem.message.clone()));
            return;
        }
        for line in problem.diff.iter().flat_map(|diff| diff.lines()) {
            complain(&colored(line));
        }
        // Drawn with colours always; the stream takes them out where they are not wanted.
        let handler = MietteHandlerOpts::new()
            .force_graphical(true)
            .color(true)
            .unicode(true)
            .terminal_links(false)
            .context_lines(2)
            // On a terminal, lines are broken at its width; elsewhere they are left whole, to be searched.
            .wrap_lines(stderr().is_terminal())
            .build();
        complain(&Drawn { handler, problem });
    }
}

fn remark(note: &str) {
    complain(&styled(AnsiColor::BrightBlack.on_default(), note));
}

/// Prints a line on standard error, where nobody can be told that it is closed or full.
fn complain(line: &dyn fmt::Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

struct Drawn<'a> {
    handler: MietteHandler,
    problem: &'a Problem,
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.handler.debug(self.problem, f)
    }
}

impl Color {
    /// Has both streams printed so from here on.
    pub fn choose(self) {
        match self {
            Self::Auto => {}
            Self::Always => ColorChoice::Always.write_global(),
            Self::Never => ColorChoice::Never.write_global(),
        }
    }
}

impl Observer for Output {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Waiting { server, reason, remaining } => {
                // Told again when it waits for something else.
                if self.waiting_for.as_deref() != Some(*reason) {
                    self.note(&format!("waiting up to {} s for {server}: {reason}", rounded_up(*remaining)));
                }
                self.waiting_for = Some((*reason).to_owned());
            }
            Event::Queued { holder, remaining } => {
                self.note(&format!("waiting up to {} s for another runner: {holder}", rounded_up(*remaining)));
            }
            Event::PassedOver { holder } => self.note(&format!(
                "passed over a lock in the way of older releases, held by a role that may not migrate: {holder}; \
                 `{}` ends it",
                holder.ending()
            )),
            Event::Connected { target } => self.target = Some((*target).clone()),
            Event::BackingUp { file } => self.note(&format!("backing up to {}", file.display())),
            Event::BackupProgress { done, total, table } => {
                let note = format!("reading {table}");
                self.show(Progress { what: "backing up", done: *done, total: *total, note });
            }
            Event::BackedUp { backup } => {
                self.finish();
                self.line(&format!(
                    "backed up to {}, {} bytes, in {}",
                    backup.file.display(),
                    backup.bytes,
                    in_words(backup.duration)
                ));
                self.backup = Some((*backup).clone());
            }
            Event::Planned { migrations, direction } => {
                let what = if *direction == Direction::Up { "applying" } else { "reverting" };
                self.width = widest(migrations.iter().map(|migration| migration.name));
                self.begin(what, migrations.len() as u64, "{prefix} {bar:30} {pos}/{len}{left}; {wide_msg}");
            }
            Event::Rehearsing { migration, done, total } => {
                let note = migration.name.to_owned();
                self.show(Progress { what: "rehearsing", done: *done as u64, total: *total as u64, note });
            }
            Event::Started { migration, .. } => self.progress.set_message(migration.name),
            Event::Noticed { migration, notice } => {
                if self.args.verbose || notice.severity == "WARNING" {
                    self.note(&format!("{}: {}: {}", migration.name, notice.severity, notice.message));
                }
            }
            Event::Remarked { notice } => {
                if self.args.verbose || notice.severity == "WARNING" {
                    self.note(&format!("{}: {}", notice.severity, notice.message));
                }
            }
            Event::Blocked { blocker } => self.note(&format!("waiting for a lock, held by {}", described(blocker))),
            Event::Unconfirmed { standbys } => self.note(&format!(
                "the commit waits for a synchronous standby, and none confirms it: synchronous_standby_names is \
                 {standbys:?}. Start the standby, or take it off that list and reload the server"
            )),
            Event::SteppedBack { blocker, pause, left } => self.note(&format!(
                "stepped back from a lock{}: trying again in {}, {left} more {}",
                blocker.map(|blocker| format!(", held by {}", described(blocker))).unwrap_or_default(),
                in_words(*pause),
                if *left == 1 { "time" } else { "times" },
            )),
            Event::Resumed { migration, interrupted: Interrupted::Invalid(index) } => {
                self.note(&format!("{}: the index {index} is left invalid, and is built anew", migration.name));
            }
            Event::Resumed { migration, .. } => {
                self.note(&format!("{}: is done already, and is only recorded", migration.name));
            }
            Event::Overtaken { migration, .. } => {
                self.note(&format!("{}: another program did it at the same time", migration.name));
            }
            Event::Finished { step } => {
                let (verb, color) = match step.direction {
                    Direction::Up => ("applied ", AnsiColor::Green),
                    Direction::Down => ("reverted", AnsiColor::Yellow),
                };
                let verb = styled(color.on_default(), verb);
                let (name, width) = (step.migration.name, self.width);
                self.line(&format!("{verb}  {name:<width$} {:>8}", in_words(step.duration)));
                self.progress.inc(1);
            }
        }
    }

    fn wants_to_stop(&self) -> bool {
        self.signals.received()
    }

    fn wants_progress(&self) -> bool {
        stderr().is_terminal() && !self.args.json && !self.args.quiet
    }
}

/// Who stands in the way, and since when; what it runs may hold a secret.
pub fn described(blocker: &Blocker) -> String {
    if let Some(name) = &blocker.prepared {
        let age = blocker.transaction_age.map(|age| format!(", prepared {} ago", in_words(age))).unwrap_or_default();
        return format!("the prepared transaction {name:?} (role {:?}){age}", blocker.user);
    }
    let ages = [("transaction", blocker.transaction_age), ("query", blocker.query_age)];
    let ages = ages.into_iter().filter_map(|(name, age)| Some(format!(", its {name} began {} ago", in_words(age?))));
    let state = blocker.state.as_ref().map(|state| format!(", {state}")).unwrap_or_default();
    let who = format!("process {} ({:?}, role {:?})", blocker.pid, blocker.application, blocker.user);
    format!("{who}{state}{}", ages.collect::<String>())
}

/// A line of a diff in the colours that people know.
fn colored(line: &str) -> String {
    match line.chars().next() {
        Some('-') => styled(AnsiColor::Red.on_default(), line),
        Some('+') => styled(AnsiColor::Green.on_default(), line),
        Some('@') => styled(AnsiColor::Cyan.on_default(), line),
        _ => line.to_owned(),
    }
}

/// The text in that style; the stream takes the style out again where colours are not wanted.
pub fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Whole seconds, so that a wait of 20 begins with 20.
fn rounded_up(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

/// How many characters the longest of some names has, for what follows them to be a column.
pub fn widest(names: impl Iterator<Item: AsRef<str>>) -> usize {
    names.map(|name| name.as_ref().chars().count()).max().unwrap_or_default()
}

/// A duration as people say it: `12 ms`, `3.4 s`.
pub fn in_words(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}
