//! Decides what a database URL says, by asking libpq, and which parts of it may be shown.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::ptr;

use pq_sys::{PGPing, PQconninfoFree, PQconninfoOption, PQconninfoParse, PQfreemem, PQpingParams};

use super::text_at;

/// A parsed connection string: a `postgresql://` URL or libpq's `key=value` form.
///
/// Neither `Debug` nor `Display` shows the password, or any other value that libpq marks as secret.
#[derive(Clone)]
pub struct Conninfo {
    text: CString,
    options: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
}

/// A connection string that cannot be read. The message quotes no part of the string: a misread URL shows its
/// password in the most unlikely places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database URL cannot be read: {reason}")]
pub struct ConninfoError {
    reason: String,
}

/// Whether a server answers, asked without credentials
/// ([`PQping`](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PQPING)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ping {
    /// It runs and accepts connections.
    Accepts,
    /// It runs, but is starting up, shutting down or recovering.
    Rejects,
    /// Nothing answers at that address.
    Silent,
    /// It was not asked: the connection string cannot work.
    Impossible,
}

impl Conninfo {
    /// Reads a connection string.
    ///
    /// # Errors
    ///
    /// [`ConninfoError`] when libpq cannot read it, when it is empty, or when it was visibly cut at a character
    /// of the password that should have been percent-encoded.
    pub fn parse(text: &str) -> Result<Self, ConninfoError> {
        let refuse = |reason: &str| Err(ConninfoError { reason: reason.to_owned() });
        if text.trim().is_empty() {
            return refuse("it is empty");
        }
        let Ok(c_text) = CString::new(text) else {
            return refuse("it has a NUL character in it");
        };
        let (options, secrets) = parse_options(&c_text)?;
        if options.get("host").is_some_and(|host| host.contains('@')) || has_at_in_path(text) {
            return refuse("there is an @ too many; in a password, write @ as %40 and / as %2F");
        }
        let is_number = |port: &str| port.is_empty() || port.parse::<u16>().is_ok_and(|number| number > 0);
        if options.get("port").is_some_and(|ports| !ports.split(',').all(is_number)) {
            return refuse(
                "its port is no number from 1 to 65535; in a password, write : as %3A, / as %2F, # as %23 and ? as %3F",
            );
        }
        Ok(Self { text: c_text, options, secrets })
    }

    /// What the string itself says of an option, such as `host`; defaults and environment do not count.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// What it says that must not be shown, by option, such as `password`.
    pub(in crate::migrate) fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        self.secrets.iter().map(|(name, secret)| (name.as_str(), secret.as_str()))
    }

    /// The same in libpq's `key=value` form, without what must not be shown.
    pub(in crate::migrate) fn without_secrets(&self) -> String {
        let shown = self.options.iter().filter(|(name, _)| !self.secrets.contains_key(*name));
        let quoted = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
        shown.map(|(name, value)| format!("{name}='{}'", quoted(value))).collect::<Vec<_>>().join(" ")
    }

    /// The server that it names, such as `localhost:5432` or the folder of a socket, as far as the string itself says.
    #[must_use]
    pub fn server(&self) -> String {
        let host = self.option("host").or_else(|| self.option("hostaddr")).unwrap_or("the default server");
        match self.option("port") {
            Some(port) if !host.starts_with('/') => format!("{host}:{port}"),
            _ => host.to_owned(),
        }
    }

    /// `message` with every secret of this connection string blotted out.
    ///
    /// libpq quotes no secret of a string that it could read; this is for the day it does. A secret that is short, or
    /// the same as a name, would be found in innocent words, and tell by the blots what it is: it is left alone.
    #[must_use]
    pub fn redact(&self, message: &str) -> String {
        let names = ["host", "user", "dbname"].map(|name| self.option(name));
        let is_safe_to_blot = |secret: &&String| secret.len() >= 8 && !names.contains(&Some(secret.as_str()));
        let secrets = self.secrets.values().filter(is_safe_to_blot);
        secrets.fold(message.to_owned(), |message, secret| message.replace(secret.as_str(), "***"))
    }

    /// Asks whether a server answers at that address.
    #[must_use]
    pub fn ping(&self) -> Ping {
        let (keywords, values) = self.parameters();
        let plain = ping(keywords, values);
        if plain != Ping::Silent {
            return plain;
        }
        // What the string demands of TLS or of the server's role says nothing about whether it is there.
        let keywords = [
            c"dbname".as_ptr(),
            c"sslmode".as_ptr(),
            c"target_session_attrs".as_ptr(),
            c"connect_timeout".as_ptr(),
            ptr::null(),
        ];
        let values = [self.text.as_ptr(), c"prefer".as_ptr(), c"any".as_ptr(), c"5".as_ptr(), ptr::null()];
        ping(keywords, values)
    }

    /// The arrays that libpq's `…Params` functions take: the connection string, and what it leaves open.
    pub(super) fn parameters(&self) -> ([*const c_char; 5], [*const c_char; 5]) {
        let timeout = if self.option("connect_timeout").is_some() { ptr::null() } else { c"10".as_ptr() };
        let timeout_key = if timeout.is_null() { ptr::null() } else { c"connect_timeout".as_ptr() };
        (
            [
                c"dbname".as_ptr(),
                c"client_encoding".as_ptr(),
                c"fallback_application_name".as_ptr(),
                timeout_key,
                ptr::null(),
            ],
            [self.text.as_ptr(), c"UTF8".as_ptr(), c"messenger-db".as_ptr(), timeout, ptr::null()],
        )
    }
}

impl std::fmt::Debug for Conninfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |key: &&str| self.option(key).map(|value| (key.to_string(), value.to_owned()));
        f.debug_map().entries(["host", "hostaddr", "port", "user", "dbname"].iter().filter_map(shown)).finish()
    }
}

/// Whether a URL has an `@` behind its host, where libpq reads it as a part of the database's name: then what stands
/// before it is no host and no port, but a piece of the password.
fn has_at_in_path(text: &str) -> bool {
    let Some(rest) = ["postgresql://", "postgres://"].iter().find_map(|scheme| text.strip_prefix(scheme)) else {
        return false;
    };
    let behind_credentials = match (rest.find('@'), rest.find('/')) {
        (Some(at), slash) if slash.is_none_or(|slash| at < slash) => rest.get(at + 1..),
        _ => Some(rest),
    };
    behind_credentials.and_then(|rest| rest.split('?').next()).is_some_and(|place| place.contains('@'))
}

fn ping(keywords: [*const c_char; 5], values: [*const c_char; 5]) -> Ping {
    // SAFETY: both arrays end with null and outlive the call, as do the strings they point to.
    match unsafe { PQpingParams(keywords.as_ptr(), values.as_ptr(), 1) } {
        PGPing::PQPING_OK => Ping::Accepts,
        PGPing::PQPING_REJECT => Ping::Rejects,
        PGPing::PQPING_NO_RESPONSE => Ping::Silent,
        PGPing::PQPING_NO_ATTEMPT => Ping::Impossible,
    }
}

type Options = (BTreeMap<String, String>, BTreeMap<String, String>);

fn parse_options(text: &CString) -> Result<Options, ConninfoError> {
    let mut message: *mut c_char = ptr::null_mut();
    // SAFETY: text is NUL-terminated; message is a valid place for libpq to put a pointer.
    let first = unsafe { PQconninfoParse(text.as_ptr(), &raw mut message) };
    if first.is_null() {
        // SAFETY: libpq set it to null or to a string of its own, which is freed once it is copied.
        let reason = unsafe { text_at(message) }.unwrap_or_else(|| "out of memory".to_owned());
        // SAFETY: as above; PQfreemem accepts null.
        unsafe { PQfreemem(message.cast()) };
        return Err(ConninfoError { reason: without_quotations(reason.trim_end()) });
    }
    let (mut options, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    let mut option: *const PQconninfoOption = first;
    // SAFETY: the array ends with an entry whose keyword is null; each entry before it is initialised.
    while let Some(keyword) = unsafe { text_at((*option).keyword) } {
        // SAFETY: as above.
        let (value, shown_as) = unsafe { (text_at((*option).val), text_at((*option).dispchar)) };
        // An empty one counts too: it keeps libpq from reading the environment.
        if let Some(value) = value {
            // libpq marks with * what a user interface must hide.
            if shown_as.as_deref() == Some("*") && !value.is_empty() {
                secrets.insert(keyword.clone(), value.clone());
            }
            options.insert(keyword, value);
        }
        // SAFETY: the entry just read was not the last.
        option = unsafe { option.add(1) };
    }
    // SAFETY: first came from PQconninfoParse and is not used again.
    unsafe { PQconninfoFree(first) };
    Ok((options, secrets))
}

/// `message` with whatever it quotes left out: libpq quotes the part that it could not read, password or not.
fn without_quotations(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => {
            let (before, after) = (message.get(..=first), message.get(last..));
            format!("{}…{}", before.unwrap_or_default(), after.unwrap_or_default())
        }
        _ => message.to_owned(),
    }
}
