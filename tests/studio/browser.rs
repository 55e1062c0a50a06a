//! A small client of HTTP/1.1, which sends exactly what a test says.

use std::collections::{BTreeSet, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// What sends requests to a studio.
pub struct Browser {
    port: u16,
    cookie: Option<String>,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub body: String,
    headers: Vec<(String, String)>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Demands that the page was shown, and gives it.
    #[track_caller]
    pub fn shown(self) -> String {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Demands that it was refused so.
    #[track_caller]
    pub fn refused(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// The addresses that the page leads to, as they stand in it once read.
    pub fn links(&self) -> Vec<String> {
        links(&self.body)
    }
}

/// The addresses that a page leads to.
pub fn links(body: &str) -> Vec<String> {
    body.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")).collect()
}

/// An address without what is different in each of its kind.
fn kind(address: &str) -> String {
    let path = address.split('?').next().unwrap();
    let is_key = |part: &&str| part.len() == 36 && part.matches('-').count() == 4 || part.parse::<i64>().is_ok();
    path.split('/').map(|part| if is_key(&part) { "KEY" } else { part }).collect::<Vec<_>>().join("/")
}

impl Browser {
    /// Follows every link from the first page on, to one page of each kind, and gives the kinds.
    pub fn visit(&self, mut look: impl FnMut(&str, &str)) -> BTreeSet<String> {
        let mut waiting = VecDeque::from(["/".to_owned()]);
        let mut seen = BTreeSet::new();
        while let Some(address) = waiting.pop_front() {
            if !address.starts_with('/') || !seen.insert(kind(&address)) {
                continue;
            }
            let answer = self.get(&address);
            waiting.extend(answer.links());
            look(&address, &answer.shown());
        }
        seen
    }

    /// One without the token.
    pub fn outside(port: u16) -> Self {
        Self { port, cookie: None }
    }

    pub fn with_cookie(port: u16, cookie: &str) -> Self {
        Self { port, cookie: Some(cookie.to_owned()) }
    }

    pub fn cookie(&self) -> &str {
        self.cookie.as_deref().unwrap()
    }

    /// Gets an address.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &format!("127.0.0.1:{}", self.port))
    }

    /// A request with a method and a host.
    #[track_caller]
    pub fn ask(&self, method: &str, path: &str, host: &str) -> Answer {
        let cookie = self.cookie.as_ref().map(|cookie| format!("Cookie: a=b; {cookie}\r\n")).unwrap_or_default();
        self.send(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{cookie}Connection: close\r\n\r\n"))
    }

    /// Sends this, and reads until the other side ends.
    #[track_caller]
    pub fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
        let headers =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned()));
        Answer { status: status.unwrap_or(0), body: body.to_owned(), headers: headers.collect() }
    }
}
