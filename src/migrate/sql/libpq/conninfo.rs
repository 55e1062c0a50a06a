//! Parses a database URL with libpq, and tells which parts of it may be shown.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{CStr, CString, c_char};
use std::ptr;
use std::str::FromStr;
use std::time::Duration;

use pq_sys::{PGPing, PQconninfoFree, PQconninfoOption, PQconninfoParse, PQfreemem, PQpingParams};

use super::surroundings::{self, PasswordFile};
use super::{foreign, text_at};

/// A parsed connection string: a `postgresql://` URL or libpq's `key=value` form.
///
/// Neither `Debug` nor `Display` shows the password, or any other value that libpq marks as secret.
#[derive(Clone)]
pub struct Conninfo {
    text: CString,
    options: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
    /// How many seconds to wait for an address when the string says nothing of it.
    timeout: i64,
}

/// A connection string that cannot be read. The message quotes no part of the string: a misread URL shows its
/// password in the most unlikely places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database URL cannot be read: {reason}")]
pub struct ConninfoError {
    reason: String,
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
        // A file that is read into a variable ends with a line break.
        let text = text.trim();
        if text.is_empty() {
            return refuse("it is empty");
        }
        if let Some(reason) = foreign::reason(text) {
            return refuse(&reason);
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
        Ok(Self { text: c_text, options, secrets, timeout: TIMEOUT })
    }

    /// The same for whoever waits for a server no longer than this, if they wait: it is less for an address that says nothing.
    pub(in crate::migrate) fn within(mut self, wait: Duration) -> Self {
        if !wait.is_zero() {
            self.timeout = i64::try_from(wait.as_secs()).map_or(TIMEOUT, |seconds| seconds.clamp(2, TIMEOUT));
        }
        self
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
        self.keywords(|name| !self.secrets.contains_key(name))
    }

    /// The same in libpq's `key=value` form, secrets included, with what the runner adds for this machine: for another
    /// library to connect as the runner does.
    #[cfg(feature = "studio")]
    pub(crate) fn with_secrets(&self) -> String {
        self.keywords(|_| true)
    }

    fn keywords(&self, wanted: impl Fn(&str) -> bool) -> String {
        let quoted = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
        let mut options = self.options.clone();
        options.extend(self.added().into_iter().map(|(name, value)| (name.to_owned(), value)));
        let wanted = options.iter().filter(|(name, _)| wanted(name));
        wanted.map(|(name, value)| format!("{name}='{}'", quoted(value))).collect::<Vec<_>>().join(" ")
    }

    /// A file of passwords that libpq would look at and warn about on standard error.
    pub(super) fn ignored_password_file(&self) -> Option<PasswordFile> {
        let has_password =
            self.options.contains_key("password") || env::var_os("PGPASSWORD").is_some_and(|it| !it.is_empty());
        if has_password { None } else { PasswordFile::ignored(self.option("passfile")) }
    }

    /// What this machine adds to the string.
    fn added(&self) -> Vec<(&'static str, String)> {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let option = |name: &str, of: &str| self.option(name).map(ToOwned::to_owned).or_else(|| variable(of));
        let mut added = Vec::new();
        if option("sslrootcert", "PGSSLROOTCERT").as_deref() == Some("system")
            && let Some(file) = surroundings::authorities()
        {
            // What the system's own libpq demands together with it.
            added.extend([("sslrootcert", file), ("sslmode", "verify-full".to_owned())]);
        }
        let names_server = [("host", "PGHOST"), ("hostaddr", "PGHOSTADDR"), ("service", "PGSERVICE")]
            .iter()
            .any(|(name, of)| option(name, of).is_some());
        if !names_server && let Some(folder) = surroundings::socket_folder(option("port", "PGPORT").as_deref()) {
            added.push(("host", folder));
        }
        if self.ignored_password_file().is_some() {
            added.push(("passfile", surroundings::NO_FILE.to_owned()));
        }
        added
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

    /// Whether libpq tries it at all: an option may have a value that does not exist, or not go with another.
    pub(super) fn is_possible(&self) -> bool {
        // SAFETY: the arrays end with null and outlive the call, as do the strings they point to.
        self.parameters().with(|keywords, values| unsafe { PQpingParams(keywords, values, 1) })
            != PGPing::PQPING_NO_ATTEMPT
    }

    /// How long to wait for each address. `None`: for ever.
    pub(super) fn timeout(&self) -> Option<Duration> {
        let seconds = self.stated_timeout().map_or(Some(self.timeout), |text| text.trim().parse().ok());
        // As libpq has it: less than 2 is too short, and 0 is no limit.
        seconds
            .filter(|seconds| *seconds > 0)
            .and_then(|seconds| u64::try_from(seconds.max(2)).ok())
            .map(Duration::from_secs)
    }

    /// The `connect_timeout` of the string, or of an environment that has a number there.
    fn stated_timeout(&self) -> Option<String> {
        let stated = self.option("connect_timeout").map(ToOwned::to_owned);
        let is_number = |text: &String| text.trim().parse::<i64>().is_ok();
        stated.or_else(|| env::var("PGCONNECT_TIMEOUT").ok().filter(is_number))
    }

    /// Whether it asks for a kind of server, such as one that takes writes.
    pub(super) fn wants_a_kind_of_server(&self) -> bool {
        let wanted = self.option("target_session_attrs").map(ToOwned::to_owned);
        wanted.or_else(|| env::var("PGTARGETSESSIONATTRS").ok()).is_some_and(|wanted| wanted != "any")
    }

    /// What libpq is given: the connection string, and what it leaves open.
    pub(super) fn parameters(&self) -> Parameters {
        let mut parameters = Parameters::default();
        parameters.push(c"dbname", self.text.clone());
        parameters.push(c"client_encoding", c"UTF8".to_owned());
        parameters.push(c"fallback_application_name", c"messenger-db".to_owned());
        if self.stated_timeout().is_none() {
            parameters.push(c"connect_timeout", CString::new(self.timeout.to_string()).unwrap_or_default());
        }
        for (name, value) in self.added() {
            let (Ok(name), Ok(value)) = (CString::new(name), CString::new(value)) else { continue };
            parameters.push(&name, value);
        }
        parameters
    }
}

/// How many seconds to wait for an address when nobody says anything of it. libpq takes 2 for anything less.
const TIMEOUT: i64 = 10;

/// The two arrays that libpq's `…Params` functions take.
#[derive(Default)]
pub(super) struct Parameters {
    keywords: Vec<CString>,
    values: Vec<CString>,
}

impl Parameters {
    fn push(&mut self, keyword: &CStr, value: CString) {
        self.keywords.push(keyword.to_owned());
        self.values.push(value);
    }

    /// Calls with both arrays, each ended by null; they live as long as the call.
    pub(super) fn with<T>(&self, call: impl FnOnce(*const *const c_char, *const *const c_char) -> T) -> T {
        let keywords: Vec<_> =
            self.keywords.iter().map(|keyword| keyword.as_ptr()).chain(std::iter::once(ptr::null())).collect();
        let values: Vec<_> =
            self.values.iter().map(|value| value.as_ptr()).chain(std::iter::once(ptr::null())).collect();
        call(keywords.as_ptr(), values.as_ptr())
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

pub(super) type Options = (BTreeMap<String, String>, BTreeMap<String, String>);

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
    // SAFETY: the array is libpq's, is not used after it is freed, and what is read of it is copied.
    let options = unsafe {
        let options = options_at(first);
        PQconninfoFree(first);
        options
    };
    Ok(options)
}

/// What an array of options says, and which of it must not be shown.
///
/// # Safety
///
/// `first` is null, or points to an array of libpq's that ends with an entry whose keyword is null, and lives until this
/// returns.
pub(super) unsafe fn options_at(first: *const PQconninfoOption) -> Options {
    let (mut options, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    if first.is_null() {
        return (options, secrets);
    }
    let mut option = first;
    // SAFETY: each entry before the last is initialised.
    while let Some(keyword) = unsafe { text_at((*option).keyword) } {
        // SAFETY: as above.
        let (value, shown_as) = unsafe { (text_at((*option).val), text_at((*option).dispchar)) };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // libpq marks with * what a user interface must hide.
            if shown_as.as_deref() == Some("*") {
                secrets.insert(keyword.clone(), value.clone());
            }
            options.insert(keyword, value);
        }
        // SAFETY: the entry just read was not the last.
        option = unsafe { option.add(1) };
    }
    (options, secrets)
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

impl FromStr for Conninfo {
    type Err = ConninfoError;

    fn from_str(text: &str) -> Result<Self, ConninfoError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Conninfo;

    #[test]
    fn an_address_is_given_no_more_time_than_there_is_to_wait() {
        for (text, wait, seconds) in [
            ("postgresql://a", 0, 10),
            ("postgresql://a", 1, 2),
            ("postgresql://a", 3, 3),
            ("postgresql://a", 60, 10),
            ("postgresql://a?connect_timeout=7", 3, 7),
        ] {
            let timeout = Conninfo::parse(text).map(|conninfo| conninfo.within(Duration::from_secs(wait)).timeout());
            assert_eq!(timeout, Ok(Some(Duration::from_secs(seconds))), "{text} {wait}");
        }
    }
}
