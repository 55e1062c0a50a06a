//! What the binary costs as a whole process, beside what PostgreSQL's own programs cost for the same database.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use messenger_db::local::client_program;
use messenger_db::migrate::migrations;

use super::Bench;
use super::measure::comparison::median;
use super::measure::{Figure, Pace, Summary};

/// A program, and what it does; it is started anew for each round.
struct Program<'a> {
    command: Box<dyn Fn(&str) -> Command + 'a>,
    /// Whether each round begins with an empty database.
    from_empty: bool,
}

pub fn figures(bench: &Bench, summary: &mut Summary) {
    let [psql, pg_dump] = ["psql", "pg_dump"].map(|name| without_wrapper(client_program(name, 15)));
    let ours = |arguments: &'static [&'static str]| {
        move |url: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_messenger-db"));
            command.args(arguments).env("DATABASE_URL", url);
            command
        }
    };
    let files = files();
    let psql_of = |arguments: Vec<String>| {
        let psql = psql.clone();
        move |url: &str| {
            let mut command = Command::new(&psql);
            command.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url]).args(&arguments);
            command
        }
    };
    // Each file in a transaction of its own, as the runner has it: psql alone would commit each statement.
    let files = files.iter().flat_map(|file| {
        ["--command=BEGIN".to_owned(), format!("--file={}", file.display()), "--command=COMMIT".to_owned()]
    });
    let ratio = |key, ours, theirs, most| ratio(bench, key, &[ours, theirs]).at_most(most);

    summary.add(ratio(
        "migrate_empty_vs_psql",
        Program { command: Box::new(ours(&["run"])), from_empty: true },
        Program { command: Box::new(psql_of(files.collect())), from_empty: true },
        1.5,
    ));
    summary.add(ratio(
        "run_noop_vs_psql_select_1",
        Program { command: Box::new(ours(&["run"])), from_empty: false },
        Program { command: Box::new(psql_of(vec!["--command=SELECT 1".to_owned()])), from_empty: false },
        2.0,
    ));
    let dump = |url: &str| {
        let mut command = Command::new(&pg_dump);
        command.args(["--schema-only", "--dbname", url]);
        command
    };
    summary.add(ratio(
        "verify_vs_pg_dump_schema",
        Program { command: Box::new(ours(&["verify"])), from_empty: false },
        Program { command: Box::new(dump), from_empty: false },
        0.5,
    ));
}

/// The program itself: on Debian, what is on the path is a script that looks for it, and would make us look good.
fn without_wrapper(program: PathBuf) -> PathBuf {
    let name = program.file_name().map(ToOwned::to_owned).unwrap_or_default();
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed.map(|version| version.path().join("bin").join(&name)).filter(|path| path.exists()).max();
    newest.unwrap_or(program)
}

/// The migrations, in order.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    migrations().unwrap().iter().map(|migration| folder.join(migration.name).join("up.sql")).collect()
}

/// How many times as long the first takes as the second, by the medians of interleaved rounds.
fn ratio(bench: &Bench, key: &'static str, programs: &[Program<'_>; 2]) -> Figure {
    let mut seconds = [Vec::new(), Vec::new()];
    for round in 0..2 * Pace::usual().rounds {
        for (program, seconds) in programs.iter().zip(&mut seconds) {
            let second = run(bench, program);
            // The first round fills caches.
            if round > 0 {
                seconds.push(second);
            }
        }
    }
    let rounds = seconds[0].iter().zip(&seconds[1]).map(|(ours, theirs)| ours / theirs).collect();
    let [ours, theirs] = seconds.map(|seconds| median(&seconds) * 1000.0);
    Figure::new(key, ours / theirs).note(format!("{ours:.1} ms over {theirs:.1} ms")).rounds(rounds)
}

fn run(bench: &Bench, program: &Program<'_>) -> f64 {
    let database = if program.from_empty { "fresh" } else { "small" };
    if program.from_empty {
        bench.server.execute("postgres", "DROP DATABASE IF EXISTS fresh");
        bench.server.create(database, "template0");
    }
    let mut command = (program.command)(&bench.server.url(database));
    // Where no .env is.
    command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = command.output().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    seconds
}
