//! Signing up, in and out: over HTTP, because cookies are set there.

use std::net::SocketAddr;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use messenger_db::actor::Actor;
use messenger_db::enums::DeviceType;
use messenger_db::error::Error;
use messenger_db::ids::{SessionId, UserId};
use messenger_db::models::{NewUser, User};
use messenger_db::queries::accounts::{self, PasswordRefused};
use messenger_db::queries::sessions::{self, Device};
use messenger_db::secrets::PasswordHash;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::server::App;
use crate::{cookie, passwords};

/// How long a session lasts.
const LIFETIME: TimeDelta = TimeDelta::days(30);

#[derive(Deserialize)]
pub struct SignUp {
    username: String,
    display_name: Option<String>,
    password: String,
    /// What the browser calls itself, so that the user knows the device again.
    device: Option<String>,
}

#[derive(Deserialize)]
pub struct SignIn {
    username: String,
    password: String,
    device: Option<String>,
}

/// Opens an account and signs it in.
pub async fn sign_up(
    State(app): State<App>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(new): Json<SignUp>,
) -> Result<Response, Failure> {
    limit(&app, from)?;
    let display_name = new.display_name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let SignUp { username, password, device, .. } = new;
    let password_hash = app.workers.run(move || passwords::hash(&password)).await??;
    let registered = app.database.run(move |conn| {
        let user = NewUser {
            id: UserId::new(),
            username: username.trim(),
            password_hash: &password_hash,
            display_name: display_name.as_deref(),
            avatar_url: None,
        };
        accounts::register(conn, &user)
    });
    let user = registered.await?;
    open_session(&app, user, from, &headers, device).await
}

/// Signs a device in. Which of the two was wrong, the username or the password, is nobody's business.
pub async fn sign_in(
    State(app): State<App>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Json(attempt): Json<SignIn>,
) -> Result<Response, Failure> {
    limit(&app, from)?;
    let SignIn { username, password, device } = attempt;
    let (user, hash, new) = verified(&app, &username, &password).await?;
    let user = match new {
        None => user,
        Some(new) => {
            let actor = Actor::trusted(user.id);
            let changed = app.database.run(move |conn| accounts::change_password(conn, actor, &hash, &new)).await;
            match changed {
                Ok(_) => user,
                // Another device may have hashed it anew.
                Err(Error::Refused(PasswordRefused::ChangedMeanwhile)) => verified(&app, &username, &password).await?.0,
                Err(error) => return Err(error.into()),
            }
        }
    };
    open_session(&app, user, from, &headers, device).await
}

/// The account of a username whose password this is, its hash, and another one where that is outdated.
async fn verified(
    app: &App,
    username: &str,
    password: &str,
) -> Result<(User, PasswordHash, Option<PasswordHash>), Failure> {
    let (username, password) = (username.trim().to_owned(), password.to_owned());
    let user = app.database.run(move |conn| accounts::find_by_username(conn, &username)).await?;
    let verified = app.workers.run(move || {
        let Some((user, hash)) = user.and_then(|mut user| user.password_hash.take().map(|hash| (user, hash))) else {
            passwords::verify_nothing(&password);
            return Ok(None);
        };
        if !passwords::verify(&password, &hash) {
            return Ok(None);
        }
        let new = if passwords::is_outdated(&hash) { Some(passwords::hash(&password)?) } else { None };
        Ok::<_, Failure>(Some((user, hash, new)))
    });
    verified.await??.ok_or_else(|| {
        Failure::new(StatusCode::UNAUTHORIZED, "sign_in_failed", "the username or the password is wrong")
    })
}

/// Ends the session of this device.
pub async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Ok((actor, session)) = authenticate(&app, &headers).await {
        let state = app.clone();
        let revoked = app.database.run(move |conn| {
            sessions::revoke(conn, actor, session)?;
            state.doorbell.users([actor.user_id()]);
            Ok::<_, Failure>(())
        });
        revoked.await?;
        app.hub.end(actor.user_id(), |of| of == session);
    }
    Ok(with_cookie(cookie::clear(app.options.https), json!({})))
}

/// Who is signed in.
pub async fn me(State(app): State<App>, headers: HeaderMap) -> Result<Json<Value>, Failure> {
    let (actor, session) = authenticate(&app, &headers).await?;
    let user = app.database.run(move |conn| accounts::get(conn, actor)).await?;
    Ok(Json(described(&user, session)))
}

/// Who sends a request, by its cookie.
pub async fn authenticate(app: &App, headers: &HeaderMap) -> Result<(Actor, SessionId), Failure> {
    let token = cookie::token(headers)
        .ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED, "not_signed_in", "nobody is signed in"))?;
    let authenticated = app.database.run(move |conn| sessions::authenticate(conn, &token)).await?;
    Ok((authenticated.actor, authenticated.session.id))
}

fn limit(app: &App, from: SocketAddr) -> Result<(), Failure> {
    if app.sign_ins.take(from.ip()) {
        return Ok(());
    }
    Err(Failure::too_many("too_many_attempts", "too many attempts; wait a minute"))
}

async fn open_session(
    app: &App,
    user: User,
    from: SocketAddr,
    headers: &HeaderMap,
    device: Option<String>,
) -> Result<Response, Failure> {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let agent = agent.map(|agent| agent.chars().take(1_000).collect::<String>());
    let device = device.map(|name| name.chars().take(255).collect::<String>());
    let id = user.id;
    let opened = app.database.run(move |conn| {
        let device = Device {
            name: device.as_deref(),
            user_agent: agent.as_deref(),
            ip_address: Some(from.ip().into()),
            ..Device::new(DeviceType::Web)
        };
        sessions::open(conn, id, &device, LIFETIME)
    });
    let sessions::Opened { token, session, .. } = opened.await?;
    let cookie = cookie::set(&token, LIFETIME.num_seconds(), app.options.https);
    Ok(with_cookie(cookie, described(&user, session.id)))
}

fn described(user: &User, session: SessionId) -> Value {
    json!({
        "id": user.id, "username": user.username, "display_name": user.display_name, "session": session,
    })
}

fn with_cookie(cookie: Option<axum::http::HeaderValue>, body: Value) -> Response {
    let mut response = Json(body).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
