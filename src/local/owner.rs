//! Decides which system user runs the server, because PostgreSQL refuses to run as root.

use std::{
    env,
    fs::{self, File},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt, lchown},
    },
    path::Path,
};

use super::{LocalError, PG_USER_VARIABLE};

/// Who runs the server when the caller is root and no other user is asked for: the first of these that exists.
const CANDIDATES: [&str; 3] = ["postgres", "_postgres", "nobody"];

/// The system user who runs the server and owns its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) name: String,
    pub(super) uid: u32,
    /// The user and group to become first; `None` when that is the caller itself.
    pub(super) switch: Option<(u32, u32)>,
}

impl Owner {
    /// Chooses the user: the caller, unless that is root. Then the owner of the data that is already there, else
    /// the user named in `MESSENGER_DB_PG_USER`, else the first candidate that exists.
    pub(super) fn choose(caller: u32, data: &Path) -> Result<Self, LocalError> {
        let passwd = passwd()?;
        if caller != 0 {
            return Ok(Self { name: name_of(caller), uid: caller, switch: None });
        }
        // A package installed later may bring a better user, but the data keeps the one who made it.
        if let Ok(metadata) = fs::symlink_metadata(data)
            && metadata.uid() != 0
        {
            let (uid, gid) = (metadata.uid(), metadata.gid());
            return Ok(Self { name: name_of(uid), uid, switch: Some((uid, gid)) });
        }
        let asked = env::var(PG_USER_VARIABLE).ok().filter(|name| !name.is_empty());
        let found = match &asked {
            Some(name) => account(&passwd, |candidate| candidate.name == name),
            None => CANDIDATES.iter().find_map(|name| account(&passwd, |candidate| candidate.name == *name)),
        };
        match found.filter(|account| account.uid != 0) {
            Some(Account { name, uid, gid }) => Ok(Self { name: name.to_owned(), uid, switch: Some((uid, gid)) }),
            None => Err(LocalError::NoServerUser { name: asked.unwrap_or_else(|| CANDIDATES.join(" or ")) }),
        }
    }

    /// The caller, who runs what needs no server's user.
    pub(super) fn myself(uid: u32) -> Self {
        Self { name: name_of(uid), uid, switch: None }
    }

    /// Gives a file or folder to this user, if it is not the caller's own anyway. Never follows a symbolic link.
    pub(super) fn give(&self, path: &Path) -> Result<(), LocalError> {
        match self.switch {
            Some((uid, gid)) => lchown(path, Some(uid), Some(gid)).map_err(LocalError::io("change the owner of", path)),
            None => Ok(()),
        }
    }
}

/// The user we act as. A pipe belongs to whoever makes it, on Linux and macOS alike; /proc is not everywhere, and
/// asking the system directly takes unsafe code.
pub(super) fn caller() -> Result<u32, LocalError> {
    let ask = || -> io::Result<u32> {
        let (reader, _writer) = io::pipe()?;
        Ok(File::from(OwnedFd::from(reader)).metadata()?.uid())
    };
    ask().map_err(LocalError::io("find out who runs this by looking at", "a pipe"))
}

/// What to call a user in a message.
pub(super) fn name_of(uid: u32) -> String {
    let passwd = passwd().unwrap_or_default();
    account(&passwd, |candidate| candidate.uid == uid)
        .map_or_else(|| format!("the user with id {uid}"), |account| account.name.to_owned())
}

fn passwd() -> Result<String, LocalError> {
    match fs::read("/etc/passwd") {
        // People's names in it need not be UTF-8.
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        // A container without the file is still fine for anyone but root.
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(cause) => Err(LocalError::io("read", "/etc/passwd")(cause)),
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Account<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
}

fn account(passwd: &str, wanted: impl Fn(&Account) -> bool) -> Option<Account<'_>> {
    passwd.lines().filter_map(parse).find(|account| wanted(account))
}

fn parse(line: &str) -> Option<Account<'_>> {
    let mut fields = line.split(':');
    let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
    let uid = id(fields.nth(1)?)?;
    let gid = id(fields.next()?)?;
    Some(Account { name, uid, gid })
}

/// macOS writes nobody as -2.
fn id(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| text.parse().ok().map(i32::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use super::{Account, account, caller, parse};

    const PASSWD: &str = "# users\nroot:x:0:0:root:/root:/bin/sh\n\nbroken\nnobody:*:-2:-2::/:/bin/false\n\
                          postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";

    #[test]
    fn an_account_is_found_by_its_name_and_by_its_id() {
        let postgres = Some(Account { name: "postgres", uid: 101, gid: 104 });
        assert_eq!(account(PASSWD, |candidate| candidate.name == "postgres"), postgres);
        assert_eq!(account(PASSWD, |candidate| candidate.uid == 101), postgres);
        assert_eq!(account(PASSWD, |candidate| candidate.name == "post"), None);
    }

    #[test]
    fn a_negative_id_is_what_macos_means_by_it() {
        assert_eq!(
            parse("nobody:*:-2:-2::/:"),
            Some(Account { name: "nobody", uid: 4_294_967_294, gid: 4_294_967_294 })
        );
    }

    #[test]
    fn comments_blanks_and_broken_lines_are_no_accounts() {
        for line in ["", "#", "# root:x:0:0", "broken", "a:x", "a:x:1", "a:x:one:1", ":x:1:1"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn the_caller_owns_the_files_it_makes() -> std::io::Result<()> {
        use std::os::unix::fs::MetadataExt;
        let path = std::env::temp_dir().join(format!("messenger-db-caller-{}", std::process::id()));
        let made = std::fs::File::create(&path)?.metadata()?.uid();
        std::fs::remove_file(&path)?;
        assert_eq!(caller().ok(), Some(made));
        Ok(())
    }
}
