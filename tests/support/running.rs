//! A program that runs while the test goes on: it is heard line by line, and told to stop.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::Run;
use super::until::LONGEST_WAIT;

/// A running program; killed when dropped before its end.
pub struct Running {
    child: Child,
    lines: Receiver<(Stream, String)>,
    heard: Vec<(Stream, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

impl Running {
    /// Starts a command.
    pub fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}: {command:?}"));
        let (sender, lines) = channel();
        listen(child.stdout.take().unwrap(), Stream::Out, sender.clone());
        listen(child.stderr.take().unwrap(), Stream::Err, sender);
        Self { child, lines, heard: Vec::new() }
    }

    /// Waits until it prints a line with this in it, and gives the line.
    #[track_caller]
    pub fn says(&mut self, text: &str) -> String {
        let deadline = Instant::now() + LONGEST_WAIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else { panic!("never said {text:?}: {:?}", self.heard) };
            self.heard.push(line.clone());
            if line.1.contains(text) {
                return line.1;
            }
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Sends a signal to it and its children, as a terminal does. It must have been started as the head of a group.
    pub fn signal_group(&self, signal: Signal) {
        kill_process_group(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ends(mut self) -> Run {
        let deadline = Instant::now() + LONGEST_WAIT;
        loop {
            use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.heard.push(line),
                Err(Disconnected) => break,
                Err(Timeout) => panic!("does not end: {:?}", self.heard),
            }
        }
        let status = self.child.wait().unwrap();
        let text =
            |wanted| self.heard.iter().filter(move |(stream, _)| *stream == wanted).map(|(_, line)| line.as_str());
        Run::new(status, text(Stream::Out).collect(), text(Stream::Err).collect())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stream: impl Read + Send + 'static, name: Stream, lines: Sender<(Stream, String)>) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = String::new();
            // The test may have stopped listening.
            if stream.read_line(&mut line).unwrap() == 0 || lines.send((name, line)).is_err() {
                return;
            }
        }
    });
}
