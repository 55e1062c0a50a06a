//! What the soak is told on the command line.

use crate::Failed;

/// `--name value` for each.
pub struct Arguments {
    /// The URL of the servers' database, to prepare the people and to compare in the end.
    pub database: String,
    /// The addresses of the servers, with commas between them.
    pub servers: Vec<String>,
    pub users: usize,
    pub devices: usize,
    /// Messages a second.
    pub rate: u32,
    pub seconds: u32,
    /// Whether the rate is raised, step by step, until a bound breaks; each step takes `seconds`.
    pub raise: bool,
    /// How many members a group has. Everybody is in two.
    pub group: usize,
    /// The file for the summary, if one is wanted.
    pub summary: Option<std::path::PathBuf>,
}

impl Arguments {
    pub fn read() -> Result<Self, Failed> {
        let mut read = Self {
            database: String::new(),
            servers: Vec::new(),
            users: 1_000,
            devices: 1_400,
            rate: 50,
            seconds: 300,
            raise: false,
            group: 10,
            summary: None,
        };
        let mut words = std::env::args().skip(1);
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--database" => read.database = value,
                "--servers" => read.servers = value.split(',').map(str::to_owned).collect(),
                "--users" => read.users = value.parse()?,
                "--devices" => read.devices = value.parse()?,
                "--rate" => read.rate = value.parse()?,
                "--seconds" => read.seconds = value.parse()?,
                "--summary" => read.summary = Some(value.into()),
                "--raise" => read.raise = value == "1",
                "--group" => read.group = value.parse()?,
                _ => return Err(format!("there is no {name}").into()),
            }
        }
        if read.database.is_empty() || read.servers.is_empty() || read.users < 2 || read.devices < read.users {
            return Err("--database and --servers are needed, two users, and a device for each".into());
        }
        Ok(read)
    }
}
