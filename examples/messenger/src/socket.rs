//! A socket: commands come in and are answered in their order, events go out.

use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use diesel::Connection as _;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use messenger_db::actor::Actor;
use messenger_db::enums::UserStatus;
use messenger_db::queries::accounts;
use messenger_db::queries::sessions::{self, Disconnected, Socket};
use messenger_db::secrets::SessionToken;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::WeakSender;
use tokio::time::{Instant, interval, timeout};

use crate::commands::{self, Client, Command};
use crate::event::Event;
use crate::failure::Failure;
use crate::hub::Outbox;
use crate::rate::Bucket;
use crate::server::App;
use crate::{accounts as signed_in, cookie};

/// The largest command: the longest message, with every character escaped.
const LARGEST: usize = 128 * 1024;

/// How often a socket is asked whether it is still there. One that does not answer twice is closed.
const PING: Duration = Duration::from_secs(25);

/// How often the session is looked up again: it may have been ended from another server.
const RECHECK: Duration = Duration::from_secs(60);

/// How many commands a socket may give at once.
const AT_ONCE: f64 = 200.0;

#[derive(Deserialize)]
struct Request {
    id: u64,
    #[serde(rename = "do")]
    command: Command,
}

/// Opens a socket for who is signed in.
pub async fn open(State(app): State<App>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Result<Response, Failure> {
    let (actor, session) = signed_in::authenticate(&app, &headers).await?;
    let Some(token) = cookie::token(&headers) else { return Err(Failure::invalid("not_signed_in", "no token")) };
    Ok(upgrade.max_message_size(LARGEST).max_frame_size(LARGEST).on_upgrade(async move |socket| {
        let (number, answers, outbox) = app.hub.add(actor.user_id(), session);
        let client = Client { app, actor, session, number };
        serve(client, token, socket, answers, outbox).await;
    }))
}

async fn serve(client: Client, token: SessionToken, socket: WebSocket, answers: WeakSender<Utf8Bytes>, outbox: Outbox) {
    let connection = Socket::new(client.app.name.clone(), client.number.to_string());
    if let Err(failure) = come(&client, &connection).await {
        eprintln!("messenger: a socket was not noted: {}", failure.code);
    }
    let (sink, stream) = socket.split();
    let mut writer = tokio::spawn(write(sink, outbox));
    tokio::select! {
        () = read(&client, &token, stream, &answers) => {}
        _ = &mut writer => {}
    }
    client.app.hub.remove(client.actor.user_id(), client.number);
    if let Err(failure) = go(&client, connection).await {
        eprintln!("messenger: the end of a socket was not noted: {}", failure.code);
    }
    // What was to be said before the end, such as that it is one.
    if !writer.is_finished() {
        let _ = timeout(Duration::from_secs(1), writer).await;
    }
}

/// Sends what is to be sent, until the hub has forgotten the socket.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut outbox: Outbox) {
    let mut ping = interval(PING);
    loop {
        let message = tokio::select! {
            text = outbox.recv() => match text {
                Some(text) => Message::Text(text),
                None => break,
            },
            _ = ping.tick() => Message::Ping(axum::body::Bytes::new()),
        };
        // A socket whose other end takes nothing is over.
        if !matches!(timeout(PING, sink.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
    let _ = sink.send(Message::Close(None)).await;
}

/// Does what is asked for, one after the other, until the socket ends.
async fn read(
    client: &Client,
    token: &SessionToken,
    mut stream: SplitStream<WebSocket>,
    answers: &WeakSender<Utf8Bytes>,
) {
    let mut limit = Bucket::new(AT_ONCE, f64::from(client.app.options.commands_per_second));
    let mut checked = Instant::now();
    // Pongs arrive here too, so that silence is a dead socket.
    while let Ok(Some(Ok(message))) = timeout(PING * 3, stream.next()).await {
        if checked.elapsed() > RECHECK {
            checked = Instant::now();
            if !is_still_signed_in(client, token).await {
                client.app.hub.end(client.actor.user_id(), |session| session == client.session);
                return;
            }
        }
        let Message::Text(text) = message else { continue };
        let answer = match serde_json::from_str::<Request>(&text) {
            Err(error) => json!({ "error": Failure::invalid("malformed", error.to_string()) }),
            Ok(Request { id, .. }) if !limit.take() => {
                answer(id, Err(Failure::too_many("too_fast", "too many commands; wait a moment")))
            }
            Ok(Request { id, command }) => answer(id, commands::perform(client, command).await),
        };
        let Some(answers) = answers.upgrade() else { return };
        if answers.send(answer.to_string().into()).await.is_err() {
            return;
        }
    }
}

fn answer(id: u64, result: Result<Value, Failure>) -> Value {
    match result {
        Ok(value) => json!({ "re": id, "ok": value }),
        Err(failure) => json!({ "re": id, "error": failure }),
    }
}

async fn is_still_signed_in(client: &Client, token: &SessionToken) -> bool {
    let (token, actor) = (token.clone(), client.actor);
    let checked = client.app.database.run(move |conn| {
        let authenticated = sessions::authenticate(conn, &token)?;
        accounts::mark_seen(conn, actor)?;
        Ok::<_, Failure>(authenticated.session.id)
    });
    // A database that is away says nothing of the session.
    !matches!(checked.await, Err(failure) if failure.code.starts_with("session_"))
}

async fn come(client: &Client, connection: &Socket) -> Result<(), Failure> {
    let (actor, session, connection) = (client.actor, client.session, connection.clone());
    let connected = client.app.database.run(move |conn| {
        sessions::connect(conn, actor, session, &connection)?;
        Ok::<_, Failure>(accounts::set_presence(conn, actor, UserStatus::Online)?)
    });
    connected.await?;
    commands::tell_presence(client, UserStatus::Online).await
}

async fn go(client: &Client, mut connection: Socket) -> Result<(), Failure> {
    let (app, actor, session) = (client.app.clone(), client.actor, client.session);
    let gone = client.app.database.run(move |conn| {
        // Another tab of the same browser, which may close meanwhile.
        while let Some(number) = app.hub.of_session(actor.user_id(), session) {
            connection = Socket::new(app.name.clone(), number.to_string());
            sessions::connect(conn, actor, session, &connection)?;
            if app.hub.of_session(actor.user_id(), session) == Some(number) {
                return Ok(false);
            }
        }
        // Together, so that a device that comes meanwhile is online.
        conn.transaction(|conn| {
            let was_last = sessions::disconnect(conn, actor, session, &connection)? == Disconnected::Last;
            if was_last {
                accounts::set_presence(conn, actor, UserStatus::Offline)?;
            }
            Ok::<_, Failure>(was_last)
        })
    });
    if gone.await? { commands::tell_presence(client, UserStatus::Offline).await } else { Ok(()) }
}

/// Notes that all sockets of this server are closed, because it ends, and tells those at other servers who may see it.
pub async fn all_go(app: &App) -> Result<(), Failure> {
    let server = app.clone();
    let gone = app.database.run(move |conn| {
        conn.transaction(|conn| {
            let mut gone = sessions::disconnect_server(conn, &server.name)?;
            gone.retain(|(_, disconnected)| *disconnected == Disconnected::Last);
            for (user, _) in &gone {
                accounts::set_presence(conn, Actor::trusted(*user), UserStatus::Offline)?;
            }
            Ok::<_, Failure>(gone)
        })
    });
    for (user, _) in gone.await? {
        app.doorbell.presence(&app.name, user, Event::Presence { user, status: UserStatus::Offline });
    }
    Ok(())
}
