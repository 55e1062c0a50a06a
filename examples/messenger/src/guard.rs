//! Guards every request: only from the page itself, and never more than the page is allowed to do.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::failure::Failure;

/// Nothing but the page's own files, and no script, style or form from elsewhere or inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
    connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Refuses what changes something and comes from another site, and adds the headers that bind the browser.
pub async fn guard(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    let is_socket = request.headers().contains_key(header::UPGRADE);
    let mut response = if (changes || is_socket) && !is_own(request.headers()) {
        Failure::new(StatusCode::FORBIDDEN, "foreign_origin", "this request comes from another site").into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether the page that sends this request is ours: its origin is the host that the request is for. Browsers send the
/// origin with every POST and every WebSocket.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(header::ORIGIN), text(header::HOST)) else { return false };
    origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")) == Some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(origin: &'static str, host: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        headers.insert(header::HOST, HeaderValue::from_static(host));
        is_own(&headers)
    }

    #[test]
    fn only_the_page_itself_is_ours() {
        assert!(from("http://chat.example:8080", "chat.example:8080"));
        assert!(from("https://chat.example", "chat.example"));
        assert!(!from("https://evil.example", "chat.example"));
        assert!(!from("https://chat.example.evil.example", "chat.example"));
        assert!(!from("https://chat.example:444", "chat.example"));
        assert!(!from("null", "chat.example"));
        assert!(!is_own(&HeaderMap::new()));
    }
}
