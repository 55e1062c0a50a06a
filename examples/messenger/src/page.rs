//! The page: plain HTML, style sheets and modules, compiled in.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

macro_rules! files {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("../page/", $name)))),+] };
}

const FILES: &[(&str, &str)] = files![
    "index.html",
    "style.css",
    "icon.svg",
    "js/main.js",
    "js/connection.js",
    "js/conversation.js",
    "js/composer.js",
    "js/device.js",
    "js/dialogs.js",
    "js/dom.js",
    "js/http.js",
    "js/list.js",
    "js/message.js",
    "js/people.js",
    "js/search.js",
    "js/settings.js",
    "js/sign_in.js",
    "js/store.js",
    "js/times.js",
];

/// The page itself.
pub async fn index() -> Response {
    file("index.html")
}

/// A file of it.
pub async fn named(Path(name): Path<String>) -> Response {
    file(&name)
}

fn file(name: &str) -> Response {
    let Some((name, text)) = FILES.iter().find(|(known, _)| *known == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], *text).into_response()
}
