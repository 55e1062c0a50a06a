//! The style and the script of the pages.

use axum::http::header;
use axum::response::IntoResponse;

pub(super) async fn style() -> impl IntoResponse {
    let style = concat!(include_str!("../colours.css"), include_str!("studio.css"));
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], style)
}

pub(super) async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("studio.js"))
}
