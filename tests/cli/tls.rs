//! Encryption that fails on our side says so, and does not blame the role.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::support::{Run, Server, messenger_db, until};

/// A server that listens on 127.0.0.1 with a certificate for `localhost`, and the files of those who connect.
struct Encrypted {
    server: Server,
    port: u16,
    files: TempDir,
}

/// Writes a key and a certificate for a name: signed by an authority, or an authority of its own.
fn certify(folder: &Path, name: &str, subject: &str, authority: Option<&str>) -> bool {
    let file = |name: &str, kind: &str| folder.join(format!("{name}.{kind}"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]);
    command.args(["-subj", subject, "-keyout"]).arg(file(name, "key")).arg("-out").arg(file(name, "crt"));
    if let Some(authority) = authority {
        command.arg("-CA").arg(file(authority, "crt")).arg("-CAkey").arg(file(authority, "key"));
        command.args(["-addext", "subjectAltName = DNS:localhost", "-addext", "basicConstraints = critical, CA:FALSE"]);
    }
    command.output().is_ok_and(|output| output.status.success())
}

/// `None`: this machine cannot make certificates.
fn encrypted() -> Option<&'static Encrypted> {
    static SERVER: OnceLock<Option<Encrypted>> = OnceLock::new();
    let made = SERVER.get_or_init(|| {
        let files = tempfile::tempdir().unwrap();
        let is_made = certify(files.path(), "ca", "/CN=authority", None)
            && certify(files.path(), "other", "/CN=another authority", None)
            && certify(files.path(), "server", "/CN=localhost", Some("ca"));
        if !is_made {
            eprintln!("skipped: openssl makes no certificates here");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Server::wanted(|builder| {
            let rule = "hostssl all all 127.0.0.1/32 trust";
            builder.throwaway().port(port).setting("listen_addresses = '127.0.0.1'").rule(rule)
        });
        let mut admin = server.connect();
        let data = admin.execute("SHOW data_directory").unwrap().remove(0).remove(0).unwrap();
        let owner = fs::metadata(admin.host()).unwrap();
        for name in ["server.crt", "server.key"] {
            let file = Path::new(&data).join(name);
            fs::copy(files.path().join(name), &file).unwrap();
            fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        admin.execute("ALTER SYSTEM SET ssl = on").unwrap();
        admin.execute("SELECT pg_reload_conf()").unwrap();
        let encrypted = Encrypted { server, port, files };
        until("the server encrypts", || encrypted.status("sslmode=require", &[]).code == Some(0));
        Some(encrypted)
    });
    made.as_ref()
}

impl Encrypted {
    fn file(&self, name: &str) -> String {
        self.files.path().join(name).to_str().unwrap().to_owned()
    }

    /// `status` with these parameters of TLS in the URL, and this environment.
    fn status(&self, parameters: &str, environment: &[(&str, &str)]) -> Run {
        let user = self.server.connect().user();
        let url = format!("postgresql:///postgres?hostaddr=127.0.0.1&port={}&user={user}&{parameters}", self.port);
        let mut command = messenger_db(&["status", "--wait", "60s"]);
        command.env("DATABASE_URL", url).env("HOME", "/nowhere").envs(environment.iter().copied());
        Run::of(&mut command)
    }
}

#[test]
fn what_is_wrong_with_encryption_on_our_side_is_told_as_such_and_not_waited_for() {
    let Some(server) = encrypted() else { return };
    let open_key = server.file("open.key");
    fs::copy(server.file("server.key"), &open_key).unwrap();
    fs::set_permissions(&open_key, PermissionsExt::from_mode(0o644)).unwrap();
    let (ca, other, certificate) = (server.file("ca.crt"), server.file("other.crt"), server.file("server.crt"));
    for (parameters, works) in [
        ("host=localhost&sslmode=require".to_owned(), true),
        (format!("host=elsewhere&sslmode=verify-ca&sslrootcert={ca}"), true),
        (format!("host=localhost&sslmode=verify-full&sslrootcert={ca}"), true),
        (format!("host=elsewhere&sslmode=verify-full&sslrootcert={ca}"), false),
        (format!("host=localhost&sslmode=verify-ca&sslrootcert={other}"), false),
        ("host=localhost&sslmode=verify-full&sslrootcert=/no/such/file".to_owned(), false),
        ("host=localhost&sslmode=verify-full&sslrootcert=system".to_owned(), false),
        (format!("host=localhost&sslmode=require&sslcert={certificate}&sslkey={open_key}"), false),
        (format!("host=localhost&sslmode=require&sslcert={certificate}&sslkey=/no/such/key"), false),
    ] {
        let run = server.status(&parameters, &[]);
        assert!(!run.stderr.contains("waiting"), "{parameters}: {}", run.stderr);
        if works {
            run.exits(0);
        } else {
            let run = run.exits(7).complains("Encryption failed on our side").complains("sslrootcert");
            assert!(!run.stderr.contains("Check the role"), "{parameters}: {}", run.stderr);
        }
    }
}

#[test]
fn the_authorities_of_the_system_are_those_that_the_system_names() {
    let Some(server) = encrypted() else { return };
    let environment = [("SSL_CERT_FILE", server.file("ca.crt"))];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    server.status("host=localhost&sslrootcert=system", &environment).exits(0);
    // It asks for everything, the name too.
    server.status("host=elsewhere&sslrootcert=system", &environment).exits(7).complains("our side");
}

#[test]
fn a_server_without_encryption_where_it_is_demanded_is_told_as_such() {
    let server = super::own_server();
    let url = server.url("postgres");
    // A socket is never encrypted.
    let run = Run::of(messenger_db(&["status"]).env("DATABASE_URL", format!("{url}&sslmode=disable")));
    run.exits(0);
    let Some(encrypted) = encrypted() else { return };
    encrypted.status("host=localhost&sslmode=disable", &[]).exits(7).complains("no encryption");
}
