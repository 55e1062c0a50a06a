//! Which address leads to which page. Each is made on a thread that may block, and not more than a few at once.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use maud::Markup;

use super::failure::Failure;
use super::form::Parameters;
use super::{App, asset, data, diagram, guard, health, people, standing, tables};

type Pairs = Query<Vec<(String, String)>>;

/// Everything that the studio answers.
pub(super) fn routes(app: App) -> Router {
    Router::new()
        .route("/", get(async |State(app): State<App>| page(app, |app| standing::page(&app.database)).await))
        .route("/plan.sql", get(plan))
        .route("/tables", get(async |State(app): State<App>| page(app, |app| tables::list(&app.database)).await))
        .route("/tables/{table}", get(table))
        .route(
            "/diagram",
            get(async |State(app), pairs: Pairs| with(app, pairs, |app, of| diagram::page(&app.database, of)).await),
        )
        .route("/data", get(async |State(app): State<App>| page(app, |app| data::list(&app.database)).await))
        .route("/data/{table}", get(rows))
        .route("/data/{table}/row", get(row))
        .route("/data/{table}/value/{column}", get(value))
        .route(
            "/people",
            get(async |State(app), pairs: Pairs| {
                with(app, pairs, |app, of| people::explained(&app.database, people::list(&app.database, of))).await
            }),
        )
        .route("/people/{user}", get(person))
        .route("/people/{user}/search", get(search))
        .route("/people/{user}/chats/{chat}", get(chat))
        .route("/people/{user}/chats/{chat}/{seq}", get(message))
        .route(
            "/health",
            get(async |State(app): State<App>| page(app, |app| Ok(health::page(&app.database, &app.growth))).await),
        )
        .route("/assets/studio.css", get(asset::style))
        .route("/assets/studio.js", get(asset::script))
        .fallback(async || Failure::not_found("page of that address").into_response())
        .layer(middleware::from_fn_with_state(App::clone(&app), guard::guard))
        .with_state(app)
}

async fn plan(State(app): State<App>) -> Response {
    text(app, |app| standing::script(&app.database)).await
}

async fn table(State(app): State<App>, Path(table): Path<String>) -> Response {
    page(app, move |app| tables::one(&app.database, &table)).await
}

async fn rows(State(app): State<App>, Path(table): Path<String>, pairs: Pairs) -> Response {
    with(app, pairs, move |app, of| data::rows(&app.database, &table, of)).await
}

async fn row(State(app): State<App>, Path(table): Path<String>, pairs: Pairs) -> Response {
    with(app, pairs, move |app, of| data::row(&app.database, &table, of)).await
}

async fn value(State(app): State<App>, Path((table, column)): Path<(String, String)>, pairs: Pairs) -> Response {
    let of = Parameters::from(pairs);
    text(app, move |app| data::value(&app.database, &table, &column, &of)).await
}

async fn person(State(app): State<App>, Path(user): Path<String>, pairs: Pairs) -> Response {
    with(app, pairs, move |app, of| people::explained(&app.database, people::one(&app.database, &user, of))).await
}

async fn search(State(app): State<App>, Path(user): Path<String>, pairs: Pairs) -> Response {
    with(app, pairs, move |app, of| people::explained(&app.database, people::search(&app.database, &user, of))).await
}

async fn chat(State(app): State<App>, Path((user, chat)): Path<(String, String)>, pairs: Pairs) -> Response {
    with(app, pairs, move |app, of| people::explained(&app.database, people::chat(&app.database, &user, &chat, of)))
        .await
}

async fn message(State(app): State<App>, Path((user, chat, seq)): Path<(String, String, String)>) -> Response {
    page(app, move |app| people::explained(&app.database, people::message(&app.database, &user, &chat, &seq))).await
}

/// A page with parameters.
async fn with<F>(app: App, pairs: Pairs, make: F) -> Response
where
    F: FnOnce(&App, &Parameters) -> Result<Markup, Failure> + Send + 'static,
{
    let parameters = Parameters::from(pairs);
    page(app, move |app| make(app, &parameters)).await
}

async fn page(app: App, make: impl FnOnce(&App) -> Result<Markup, Failure> + Send + 'static) -> Response {
    match made(app, make).await {
        Ok(page) => Html(page.into_string()).into_response(),
        Err(failure) => failure.into_response(),
    }
}

async fn text(app: App, make: impl FnOnce(&App) -> Result<String, Failure> + Send + 'static) -> Response {
    match made(app, make).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
        Err(failure) => failure.into_response(),
    }
}

async fn made<T: Send + 'static>(
    app: App,
    make: impl FnOnce(&App) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let busy = || {
        Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The page could not be made.",
            "Load it again; this is a bug of the studio.",
        )
    };
    let making = App::clone(&app);
    // It is held until the page is made, also when nobody waits for it any more.
    let turn = Arc::clone(&app.pages).acquire_owned().await.map_err(|_| busy())?;
    let make = move || {
        let _turn = turn;
        make(&making)
    };
    tokio::task::spawn_blocking(make).await.map_err(|_| busy())?
}
