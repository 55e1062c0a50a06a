//! What a server is told by its environment.

use std::env;
use std::path::PathBuf;

/// How a server is set up. [`from_env`](Self::from_env) says which variable sets what.
#[derive(Debug, Clone)]
pub struct Options {
    /// `DATABASE_URL`: the database, which several servers may share.
    pub database_url: String,
    /// `LISTEN`: where to listen; port 0 takes a free one. Default: `127.0.0.1:8080`.
    pub listen: String,
    /// `FILES`: the folder of the pictures, which all servers share. Default: `messenger-files`, in the folder for
    /// temporary files.
    pub files: PathBuf,
    /// `POOL`: how many connections to the database, at most. Default: 8.
    pub pool: usize,
    /// `HTTPS=1`: the page is reached by HTTPS, behind a proxy; cookies are marked `Secure`.
    pub https: bool,
    /// `COMMANDS_PER_SECOND`: how many commands a socket may give, on average; 200 at once. Default: 10.
    pub commands_per_second: u32,
    /// `SIGN_INS_PER_MINUTE`: how many attempts one address has. Default: 20.
    pub sign_ins_per_minute: u32,
}

impl Options {
    /// Reads them from the environment.
    ///
    /// # Errors
    ///
    /// When `DATABASE_URL` is missing, or a number is none.
    pub fn from_env() -> Result<Self, String> {
        Ok(Self {
            database_url: env::var("DATABASE_URL").map_err(|_| "DATABASE_URL must name the database".to_owned())?,
            listen: env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:8080".to_owned()),
            files: env::var_os("FILES").map_or_else(|| env::temp_dir().join("messenger-files"), PathBuf::from),
            pool: number("POOL", 8)? as usize,
            https: env::var("HTTPS").is_ok_and(|value| value == "1"),
            commands_per_second: number("COMMANDS_PER_SECOND", 10)?,
            sign_ins_per_minute: number("SIGN_INS_PER_MINUTE", 20)?,
        })
    }
}

fn number(name: &str, default: u32) -> Result<u32, String> {
    match env::var(name) {
        Err(_) => Ok(default),
        Ok(text) => match text.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(format!("{name} is {text:?}, and must be a number above 0")),
        },
    }
}
