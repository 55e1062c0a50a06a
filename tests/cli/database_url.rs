//! A database URL that cannot be right is refused with 2, and says what about it is wrong.

use crate::support::{Run, messenger_db};

fn refused(url: &str) -> String {
    let run = Run::of(&mut messenger_db(&["run", "--database-url", url])).exits(2);
    assert_eq!(run.stdout, "", "{url}");
    assert!(run.stderr.contains("the database URL cannot be read: "), "{url}: {}", run.stderr);
    assert!(run.stderr.contains("postgresql://user:password@host:5432/database"), "{url}: {}", run.stderr);
    run.stderr
}

#[test]
fn a_url_without_anything_in_it_is_refused() {
    for url in ["", " ", "\t\n"] {
        assert!(refused(url).contains("it is empty (--database-url)"));
        let run = Run::of(messenger_db(&["run"]).env("DATABASE_URL", url)).exits(2);
        run.complains("it is empty (DATABASE_URL)");
    }
}

#[test]
fn the_url_of_another_database_is_refused() {
    for url in ["mysql://bob@localhost/chat", "sqlite:chat.db", "chat.db", "http://localhost:5432", "bob@localhost"] {
        refused(url);
    }
}

#[test]
fn broken_percent_encoding_is_refused() {
    for url in ["postgresql://bob:%ZZ@localhost/chat", "postgresql://bob:%4@localhost/chat", "postgresql://%"] {
        assert!(refused(url).contains("percent-encoded"));
    }
    assert!(refused("postgresql://bob:a%00b@localhost/chat").contains("%00"));
}

#[test]
fn a_port_that_is_none_is_refused() {
    for port in ["0", "65536", "99999999999999999999", "-1", "five", "5432x"] {
        assert!(refused(&format!("postgresql://localhost:{port}/chat")).contains("no number from 1 to 65535"));
        assert!(refused(&format!("host=localhost port={port}")).contains("no number from 1 to 65535"));
    }
}

#[test]
fn a_password_that_cuts_the_url_in_two_is_recognised_and_how_to_write_it_is_said() {
    for url in ["postgresql://bob:p@ss@localhost/chat", "postgres://bob:p@ss/word@localhost/chat"] {
        assert!(refused(url).contains("write @ as %40"), "{url}");
    }
    assert!(refused("postgresql://bob:12/34@localhost/chat").contains("/ as %2F"));
    assert!(refused("postgresql://bob:pass/word@localhost/chat").contains("%2F"));
}

#[test]
fn an_at_sign_where_it_belongs_is_no_mistake() {
    // Nothing listens on port 1; the URL itself is read.
    for url in [
        "postgresql://bob:p%40ss@127.0.0.1:1/chat",
        "postgresql://bob@127.0.0.1:1/ch%40t",
        "postgresql://127.0.0.1:1/chat?user=bob@example",
        "host=127.0.0.1 port=1 user=bob@example dbname=ch@t",
    ] {
        Run::of(&mut messenger_db(&["run", "--database-url", url])).exits(7).complains("127.0.0.1");
    }
}

#[test]
fn options_that_postgresql_does_not_know_are_refused() {
    refused("postgresql://localhost/chat?sslmod=require");
    refused("postgresql://localhost/chat?sslmode");
    refused("host=localhost databse=chat");
    refused("host='localhost");
}

#[test]
fn a_url_in_the_environment_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let url = std::ffi::OsStr::from_bytes(b"postgresql://bob:\xff@localhost/chat");
    Run::of(messenger_db(&["run"]).env("DATABASE_URL", url)).exits(2).complains("DATABASE_URL");
}

#[test]
fn what_is_written_for_another_library_is_recognised() {
    for (url, told) in [
        ("\"postgresql://localhost/chat\"", "begins with a quote"),
        ("'postgresql://localhost/chat'", "begins with a quote"),
        ("jdbc:postgresql://localhost/chat", "begin with postgresql://"),
        ("mysql://user:secret@localhost/chat", "mysql:// is for something else; begin with postgresql://"),
        ("HTTPS://localhost/chat", "https:// is for something else"),
        ("postgresql+psycopg2://bob:secret-word@localhost/chat", "the + before ://"),
        ("postgres+asyncpg://localhost/chat", "the + before ://"),
        ("psql postgresql://localhost/chat", "the name of a program"),
        ("DATABASE_URL=postgresql://localhost/chat", "the name of the variable"),
        ("postgresql://localhost/chat\nx", "a line break"),
        ("postgresql://localhost/chat?schema=public&pgbouncer=true", "schema, pgbouncer; options=-csearch_path%3DNAME"),
        ("postgresql://localhost/chat?connect_timeout=5&connection_limit=1", "taken out of it: connection_limit"),
        ("postgresql://bob:secret?secret-word=1&schema@localhost/chat?pgbouncer=1", "cannot be read"),
    ] {
        let said = refused(url);
        assert!(said.contains(told), "{url}: {said}");
        assert!(!said.contains("secret-word"), "{said}");
    }
}

#[test]
fn the_line_break_at_the_end_of_a_file_is_no_part_of_the_url() {
    let database = crate::support::TestDatabase::migrated();
    for url in [format!("{}\n", database.url()), format!("  {}\r\n", database.url())] {
        Run::of(messenger_db(&["status", "--exit-code"]).env("DATABASE_URL", &url)).exits(0);
    }
}
