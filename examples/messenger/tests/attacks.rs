//! Requests that no browser on the page would send.

use crate::support::Service;

/// The status of an answer.
fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no status in {answer:?}"))
}

fn cookie(answer: &str) -> String {
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
    format!("Cookie: {}\r\n", line.split(';').next().unwrap())
}

const SIGN_UP: &str = r#"{"username":"anna","password":"correct horse"}"#;

#[test]
fn another_site_can_neither_post_nor_open_a_socket() {
    let service = Service::start(&[]);
    let host = &service.address;
    let answer = service.post("/api/sign-up", "", SIGN_UP);
    assert_eq!(status(&answer), 200, "{answer}");
    for attribute in ["HttpOnly", "SameSite=Strict"] {
        assert!(answer.contains(attribute), "{answer}");
    }
    let cookie = cookie(&answer);
    for origin in ["Origin: https://evil.example\r\n", "Origin: null\r\n", ""] {
        let request = format!(
            "POST /api/sign-out HTTP/1.1\r\nHost: {host}\r\n{origin}{cookie}Connection: close\r\nContent-Length: 0\r\n\r\n"
        );
        assert_eq!(status(&service.raw(&request)), 403, "{origin}");
        let request = format!(
            "GET /socket HTTP/1.1\r\nHost: {host}\r\n{origin}{cookie}Connection: Upgrade, close\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        assert_eq!(status(&service.raw(&request)), 403, "{origin}");
    }
    let request = format!("GET /api/me HTTP/1.1\r\nHost: {host}\r\n{cookie}Connection: close\r\n\r\n");
    assert_eq!(status(&service.raw(&request)), 200, "the session is still there");
}

#[test]
fn nobody_gets_a_socket_without_a_session() {
    let service = Service::start(&[]);
    let host = &service.address;
    for cookie in ["", "Cookie: session=0123\r\n", &format!("Cookie: session={}\r\n", "0".repeat(64))] {
        let request = format!(
            "GET /socket HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{cookie}Connection: Upgrade, close\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        let answer = service.raw(&request);
        assert_eq!(status(&answer), 401, "{answer}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let service = Service::start(&[]);
    let answer =
        service.post("/api/sign-in", "", &format!(r#"{{"username":"{}","password":"x"}}"#, "a".repeat(20_000)));
    assert_eq!(status(&answer), 413, "{answer}");
}

#[test]
fn every_answer_binds_the_browser() {
    let service = Service::start(&[]);
    let host = &service.address;
    for path in ["/", "/page/js/main.js", "/api/me", "/nothing"] {
        let answer = service.raw(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        for header in
            ["content-security-policy: default-src 'none'; script-src 'self'", "x-content-type-options: nosniff"]
        {
            assert!(answer.contains(header), "{header} of {path}: {answer}");
        }
    }
}

#[test]
fn a_picture_is_what_its_bytes_are_and_shown_to_members_only() {
    let service = Service::start(&[]);
    let cookie = cookie(&service.post("/api/sign-up", "", SIGN_UP));
    let answer = service.post("/api/pictures", &cookie, "<svg onload=alert(1)>");
    assert_eq!(status(&answer), 422, "{answer}");
    let answer = service.post("/api/pictures", "", "GIF89a");
    assert_eq!(status(&answer), 401, "{answer}");
    let answer = service.post("/api/pictures", &cookie, "GIF89a");
    assert_eq!(status(&answer), 200, "{answer}");
    let request = format!(
        "GET /pictures/0190a0b0-0000-7000-8000-000000000000/1/0 HTTP/1.1\r\nHost: {}\r\n{cookie}Connection: close\r\n\r\n",
        service.address
    );
    assert_eq!(status(&service.raw(&request)), 403);
}
