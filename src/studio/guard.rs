//! Guards every request: only this machine's names as the host, only with the token, and only to read.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use sha2::{Digest as _, Sha256};

use super::App;
use super::failure::Failure;
use crate::secrets::SessionToken;

/// Nothing but the studio's own style and script, and no form to elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// What lets a browser in: a random text in the address, for which it gets another one as a cookie.
///
/// Cookies are sent to every port of a host: whoever listens at another one can read this one's. What he reads is valid here alone,
/// until the studio ends, and the address cannot be made from it.
#[derive(Debug)]
pub(super) struct Token {
    text: SessionToken,
    session: SessionToken,
    cookie: String,
}

impl Token {
    /// New ones. Cookies are not kept apart by port, so that the name has it.
    pub(super) fn generate(port: u16) -> Result<Self, getrandom::Error> {
        Ok(Self {
            text: SessionToken::generate()?,
            session: SessionToken::generate()?,
            cookie: format!("messenger-db-studio-{port}"),
        })
    }

    /// The text.
    pub(super) fn expose(&self) -> String {
        self.text.expose()
    }

    /// Whether it is this one.
    fn is(&self, given: &str) -> bool {
        is_same(given, &self.text)
    }

    fn set_cookie(&self) -> Option<HeaderValue> {
        format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie, self.session.expose()).parse().ok()
    }

    /// Whether one of the cookies is it.
    fn is_in(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(name, value)| name == self.cookie && is_same(value, &self.session))
    }
}

/// Digests are compared, so that the time tells nothing.
fn is_same(given: &str, secret: &SessionToken) -> bool {
    Sha256::digest(given.as_bytes()) == Sha256::digest(secret.expose().as_bytes())
}

/// Refuses what must not be answered, and adds the headers that bind the browser.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match refuse(&app, &request) {
        Some(refused) => refused,
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

fn refuse(app: &App, request: &Request) -> Option<Response> {
    let headers = request.headers();
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let failure = Failure::new(StatusCode::METHOD_NOT_ALLOWED, "The studio only reads.", "Open a page with GET.");
        return Some(failure.into_response());
    }
    // A name that another site has led to this machine is neither: its pages would be of the same origin.
    let hosts = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
    let names: Vec<_> = hosts.chain(request.uri().authority().map(Authority::as_str)).collect();
    if names.is_empty() || !names.into_iter().all(is_own_name) {
        let failure = Failure::new(
            StatusCode::MISDIRECTED_REQUEST,
            "The studio does not answer under this name.",
            "Open it as localhost or by an IP address.",
        );
        return Some(failure.into_response());
    }
    if let Some(given) = token_in(request.uri().query().unwrap_or_default()) {
        if !app.token.is(&given) {
            return Some(no_token().into_response());
        }
        let mut redirect = Redirect::to(&own_path(request.uri().path())).into_response();
        if let Some(cookie) = app.token.set_cookie() {
            redirect.headers_mut().insert(header::SET_COOKIE, cookie);
        }
        return Some(redirect);
    }
    (!app.token.is_in(headers)).then(|| no_token().into_response())
}

/// The path as one of this server: behind two slashes there would be the name of another.
fn own_path(path: &str) -> String {
    format!("/{}", path.trim_start_matches(['/', '\\']))
}

fn no_token() -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "This address needs the token of the studio.",
        "Open the address that `messenger-db studio` printed when it started; a studio that is started again has another token.",
    )
}

/// The token that a query has, which is of digits and letters alone.
fn token_in(query: &str) -> Option<String> {
    query.split('&').find_map(|pair| pair.strip_prefix("token=")).map(ToOwned::to_owned)
}

/// Whether the host is `localhost` or an IP address, with any port or none: a tunnel may lead here from another port.
fn is_own_name(host: &str) -> bool {
    let without_port = |host: &str| match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => name.to_owned(),
        _ => host.to_owned(),
    };
    if let Some(rest) = host.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
        return is_port && address.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6());
    }
    let name = without_port(host);
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::is_own_name;

    #[test]
    fn only_names_that_nobody_can_lead_elsewhere_are_answered() {
        for host in ["localhost", "localhost:4000", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:4000", "[::1]:4000", "[::1]"]
        {
            assert!(is_own_name(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "evil.example:4000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:x",
            "[::1",
            "[::1]x",
            "[127.0.0.1]",
            "::1",
            "localhost:",
            "user@localhost",
            "127.1",
            "0x7f.0.0.1",
        ] {
            assert!(!is_own_name(host), "{host}");
        }
    }
}
