//! The cookie of a session: scripts cannot read it, and other sites cannot send it.

use axum::http::{HeaderMap, HeaderValue, header};
use messenger_db::secrets::SessionToken;

const NAME: &str = "session";

/// The token that a request brings.
pub fn token(headers: &HeaderMap) -> Option<SessionToken> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == NAME)?.1.parse().ok()
}

/// What gives a browser the token, for so many seconds.
pub fn set(token: &SessionToken, seconds: i64, https: bool) -> Option<HeaderValue> {
    header(&token.expose(), seconds, https)
}

/// What takes it away.
pub fn clear(https: bool) -> Option<HeaderValue> {
    header("", 0, https)
}

fn header(value: &str, seconds: i64, https: bool) -> Option<HeaderValue> {
    let secure = if https { "; Secure" } else { "" };
    format!("{NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_among_other_cookies_and_nothing_else_is_one() {
        let token_of = |cookie: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
            token(&headers).map(|token| token.expose())
        };
        let digits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        assert_eq!(
            token_of("a=b; session=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff; c=d").as_deref(),
            Some(digits)
        );
        assert_eq!(token_of("session=short"), None);
        assert_eq!(token_of("xsession=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"), None);
        assert_eq!(token_of(""), None);
    }

    #[test]
    fn scripts_and_other_sites_do_not_get_it() {
        let token: SessionToken = "ab".repeat(32).parse().unwrap();
        let text = set(&token, 60, true).unwrap().to_str().unwrap().to_owned();
        for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/", "Max-Age=60"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!set(&token, 60, false).unwrap().to_str().unwrap().contains("Secure"));
    }
}
