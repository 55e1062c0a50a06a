//! The URL of a pool: how long libpq may take for a connection, and what is shown of its words about it.
//!
//! libpq itself takes the URL apart, and it is given the parts: text that is put behind a URL would land in a password that has a
//! `?` in it. What libpq says of a URL that it cannot read, or does not accept, quotes it, password or not, and is never shown.

#![allow(
    unsafe_code,
    reason = "a call into libpq, a C library, with what it says of its memory; each says why it is sound"
)]

use std::ffi::{CStr, CString, c_char};
use std::net::IpAddr;
use std::ptr;
use std::time::Duration;

use pq_sys::{PQconninfoFree, PQconninfoParse, PQfreemem};

/// What libpq takes for less, in seconds.
const LEAST: u64 = 2;

/// To how many addresses a name leads, at most: libpq gives its `connect_timeout` to each.
const ADDRESSES_OF_A_NAME: u32 = 4;

/// How many servers a file of services names, at most, which only libpq reads.
const SERVERS_OF_A_SERVICE: u32 = 4;

/// What is left for the first statements on a connection, and for what libpq rounds up.
const SLACK: Duration = Duration::from_secs(1);

/// A URL, or the words of libpq, as a pool uses it.
pub(super) struct Url {
    /// What libpq is given.
    pub(super) conninfo: String,
    /// How long making a connection takes at most, when each server hangs that the URL names.
    pub(super) longest: Duration,
    shown: Shown,
}

/// What may be shown of libpq's words.
enum Shown {
    /// Those about an attempt to connect: they name the server, the role and the database, and it is plain which these are.
    Attempts {
        /// The options that are set.
        options: String,
    },
    /// None: the URL may have been read otherwise than it was meant, and its password taken for a name.
    Nothing,
    /// The URL cannot be read.
    Unreadable,
}

impl Url {
    /// Reads a URL. One that has no `connect_timeout` gets one: a pool that gives up waiting for a connection cannot end the
    /// thread that makes it.
    pub(super) fn new(url: &str, connect: Duration) -> Self {
        let Some(options) = options(url) else {
            return Self { conninfo: url.to_owned(), longest: connect + SLACK, shown: Shown::Unreadable };
        };
        let option = |name: &str| {
            let found = options.iter().find(|(option, _)| option == name);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let stated = option("connect_timeout").map(str::to_owned).or_else(|| std::env::var("PGCONNECT_TIMEOUT").ok());
        // 0 would be no limit.
        let seconds = (connect.as_secs() + u64::from(connect.subsec_nanos() > 0)).max(LEAST);
        let each = match &stated {
            None => Duration::from_secs(seconds),
            // As libpq has it: without a limit of its own, the pool has one.
            Some(text) => match text.trim().parse::<u64>() {
                Ok(0) | Err(_) => connect,
                Ok(stated) => Duration::from_secs(stated.max(LEAST)),
            },
        };
        let mut conninfo: Vec<_> = options.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        if stated.is_none() {
            conninfo.push(format!("connect_timeout={seconds}"));
        }
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let hosts = option("hostaddr").or(option("host")).map(str::to_owned);
        let addresses = match hosts {
            Some(hosts) => hosts.split(',').map(addresses).sum(),
            None if option("service").is_some() || variable("PGSERVICE").is_some() => {
                SERVERS_OF_A_SERVICE * ADDRESSES_OF_A_NAME
            }
            None => {
                let hosts = variable("PGHOSTADDR").or_else(|| variable("PGHOST")).unwrap_or_default();
                hosts.split(',').map(addresses).sum()
            }
        };
        let names: Vec<_> = options.iter().map(|(name, _)| name.as_str()).collect();
        Self {
            conninfo: conninfo.join(" "),
            longest: each.saturating_mul(addresses).saturating_add(SLACK),
            shown: if is_plain(url, option("host"), option("port")) {
                Shown::Attempts { options: names.join(", ") }
            } else {
                Shown::Nothing
            },
        }
    }

    /// What of libpq's words says why there is no connection, without telling a password.
    pub(super) fn shown<'a>(&'a self, said: &'a str) -> String {
        let is_attempt =
            ["connection to server", "could not translate host name"].iter().any(|it| said.starts_with(it));
        match &self.shown {
            Shown::Attempts { .. } if is_attempt => said.to_owned(),
            Shown::Attempts { options } => {
                format!("libpq did not try: check the values of what the URL sets, and whether they go together: {options}")
            }
            Shown::Nothing => "what libpq says is not shown, for it is not plain where in the URL the password ends; in a \
                               password write @ as %40, / as %2F, : as %3A, ? as %3F and # as %23"
                .to_owned(),
            Shown::Unreadable => "the URL cannot be read; in a password write @ as %40, / as %2F, : as %3A, ? as %3F, # as %23 \
                                  and % as %25, and where the URL is in the form of key=value, put values with spaces between \
                                  single quotes"
                .to_owned(),
        }
    }
}

/// What a URL sets, in the order of libpq; `None`: libpq cannot read it.
fn options(url: &str) -> Option<Vec<(String, String)>> {
    let url = CString::new(url).ok()?;
    let mut message: *mut c_char = ptr::null_mut();
    // SAFETY: the text ends with NUL, and message is a place for a pointer.
    let first = unsafe { PQconninfoParse(url.as_ptr(), &raw mut message) };
    // What it says quotes the URL. SAFETY: it is null or libpq's, which PQfreemem takes both, and is not used any more.
    unsafe { PQfreemem(message.cast()) };
    if first.is_null() {
        return None;
    }
    let mut options = Some(vec![]);
    let mut option = first;
    // SAFETY: the array ends with an entry without a keyword, which is the last one that is looked at.
    while let keyword = unsafe { (*option).keyword }
        && !keyword.is_null()
    {
        // SAFETY: as above.
        let value = unsafe { (*option).val };
        if !value.is_null() {
            // SAFETY: both are texts of libpq's that end with NUL, and are copied.
            let (keyword, value) = unsafe { (CStr::from_ptr(keyword), CStr::from_ptr(value)) };
            let pair = keyword.to_str().ok().zip(value.to_str().ok());
            match (&mut options, pair) {
                (Some(options), Some((keyword, value))) => options.push((keyword.to_owned(), value.to_owned())),
                // Percent-encoded bytes that are no text cannot be handed on as one.
                _ => options = None,
            }
        }
        // SAFETY: this entry was not the last.
        option = unsafe { option.add(1) };
    }
    // SAFETY: it came from PQconninfoParse, and is not used any more.
    unsafe { PQconninfoFree(first) };
    options
}

/// A value as libpq reads it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// To how many addresses a host leads at most.
fn addresses(host: &str) -> u32 {
    // Without a host it is a socket, as it is in a folder, or in Linux under an abstract name.
    let is_one = host.is_empty() || host.starts_with(['/', '@']) || host.parse::<IpAddr>().is_ok();
    if is_one { 1 } else { ADDRESSES_OF_A_NAME }
}

/// Whether it is plain which part of the URL is what: an `@` or `/` of a password would end it early, and the rest of it would be
/// taken for the server, its port or the database.
fn is_plain(url: &str, hosts: Option<&str>, ports: Option<&str>) -> bool {
    let is_name = |host: &str| {
        host.starts_with('/')
            || host.chars().all(|one| one.is_alphanumeric() || matches!(one, '.' | '-' | '_' | ':' | '%'))
    };
    let is_number = |port: &str| port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_at_once =
        ["postgresql://", "postgres://"].iter().find_map(|scheme| url.strip_prefix(scheme)).is_none_or(|rest| {
            // The first one ends the password, unless a slash has come before.
            match (rest.find('@'), rest.find('/')) {
                (Some(at), slash) => rest.rfind('@') == Some(at) && slash.is_none_or(|slash| at < slash),
                (None, _) => true,
            }
        });
    is_at_once
        && hosts.is_none_or(|hosts| hosts.split(',').all(is_name))
        && ports.is_none_or(|ports| ports.split(',').all(is_number))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use diesel::{Connection as _, PgConnection};

    use super::{SLACK, Url, options};

    // Servers have ports here: of several without any, one libpq says the port `,`, another nothing, and both mean the same.
    #[test]
    fn who_has_not_said_how_long_connecting_may_take_waits_as_long_as_the_pool() {
        for (url, conninfo, longest) in [
            ("postgresql://10.0.0.1:1,[::1]:2/m", "host='10.0.0.1,::1' port='1,2' dbname='m' connect_timeout=3", 6),
            ("postgres://a/m?", "host='a' dbname='m' connect_timeout=3", 12),
            (
                "postgres://a:1,:2/f/m?sslmode=require",
                "host='a,' port='1,2' dbname='f/m' sslmode='require' connect_timeout=3",
                15,
            ),
            ("host=/a,b dbname=m", "dbname='m' host='/a,b' connect_timeout=3", 15),
            ("host=a hostaddr=10.0.0.1", "host='a' hostaddr='10.0.0.1' connect_timeout=3", 3),
            ("", "connect_timeout=3", 3),
            ("host=/a connect_timeout=9", "host='/a' connect_timeout='9'", 9),
            ("host=/a connect_timeout=1", "host='/a' connect_timeout='1'", 2),
            ("postgresql://u:p?w@1.1.1.1/m", "user='u' password='p?w' host='1.1.1.1' dbname='m' connect_timeout=3", 3),
            ("user=u password=x://y", "user='u' password='x://y' connect_timeout=3", 3),
            ("password='a\\' \\\\' user=''", "password='a\\' \\\\' user='' connect_timeout=3", 3),
            ("application_name=connect_timeout", "application_name='connect_timeout' connect_timeout=3", 3),
        ] {
            let read = Url::new(url, Duration::from_millis(2_500));
            let sorted = |text: &str| {
                let mut options = options(text).unwrap_or_default();
                options.sort();
                options
            };
            assert!(!sorted(conninfo).is_empty(), "{conninfo}");
            assert_eq!(sorted(&read.conninfo), sorted(conninfo), "{url}: {}", read.conninfo);
            assert_eq!(read.longest, Duration::from_secs(longest) + SLACK, "{url}");
        }
        assert_eq!(Url::new("", Duration::ZERO).conninfo, "connect_timeout=2");
        // No limit of libpq's is one of the pool's.
        for url in ["connect_timeout=0", "connect_timeout=-1", "connect_timeout=x"] {
            assert_eq!(Url::new(url, Duration::from_secs(7)).longest, Duration::from_secs(7) + SLACK);
        }
    }

    #[test]
    fn no_url_that_cannot_be_read_shows_its_password() {
        for url in [
            "postgres//u:s3cret%@h/db",
            "postgresql://u:s3cret%et@h/db",
            "postgresql://u:s3cret%00@h/db",
            "postgresql://u:s3cret@[::1/db",
            "postgresql://u:s3cret@[::1]x/db",
            "postgresql://u:p#s3cret@h/db",
            "postgresql://u:s3cret/word@h/db",
            "postgresql://u:p@s3cret@h/db",
            "postgresql://u:p@s3cret%40h/db",
            "postgresql://u:p@s3cret?application_name=x@h/db",
            "postgresql://u:p#s3cre%74@h/db",
            "postgresql://u:p@h/db?s3cret",
            "postgresql://u:p@h/db?s3cret=1",
            "postgresql://u:p@h/db?sslmode=s3cret",
            "postgresql://u:s3\"cret%et@h/db",
            "postgresql://u:\"s3cret\"@[::1/db",
            "postgresql://u:a@s3cret/b@h/db",
            "postgresql://u:a@s3cret:5432/b@h/db",
            "postgresql://u:a@h:s3cret/db",
            "postgresql://u:p@h/db?password=s3\"cret%zz",
            "user=u password=my s3cret",
            "user=u password=my s3cret=1",
            "user=u password=a b\"s3cret host=h",
            "user=u password='a' \"s3cret\" host=h",
            "user=u password='s3cret",
            "service=s3cret",
        ] {
            let read = Url::new(url, Duration::from_secs(1));
            let said =
                PgConnection::establish(&read.conninfo).map_or_else(|error| error.to_string(), |_| String::new());
            let shown = read.shown(&said);
            assert!(!said.is_empty() && !shown.contains("s3") && !shown.contains("cret"), "{url}: {shown}");
        }
    }

    #[test]
    fn an_attempt_names_its_server_role_and_database() {
        for said in [
            "connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  role \"u\" does not exist",
            "could not translate host name \"nowhere\" to address: Name or service not known",
            "connection to server at \"10.0.0.1\", port 5432 failed: an unfinished \" quote",
        ] {
            for url in [
                "postgresql://u:p@10.0.0.1,nowhere/db",
                "postgresql://u%40t:p%40@10.0.0.1/db",
                "host=10.0.0.1 password=a@b",
            ] {
                assert_eq!(Url::new(url, Duration::from_secs(1)).shown(said), said);
            }
        }
        let refused =
            Url::new("postgresql://u:p@h/db?sslmode=secret", Duration::ZERO).shown("invalid sslmode value: \"secret\"");
        assert!(refused.contains("sslmode") && !refused.contains("secret"), "{refused}");
    }
}
