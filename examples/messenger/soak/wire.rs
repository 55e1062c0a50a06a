//! A bot's socket: asks, is answered, and keeps the events for whoever reads them.

use std::collections::VecDeque;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Failed;

pub struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u64,
    waiting: VecDeque<Value>,
}

impl Wire {
    /// Connects as the device of that token.
    pub async fn connect(server: &str, token: &str) -> Result<Self, Failed> {
        let mut request = format!("ws://{server}/socket").into_client_request()?;
        request.headers_mut().insert("cookie", format!("session={token}").parse()?);
        request.headers_mut().insert("origin", format!("http://{server}").parse()?);
        let (socket, _) = connect_async(request).await?;
        Ok(Self { socket, next: 1, waiting: VecDeque::new() })
    }

    /// Asks, without waiting for the answer; gives its number.
    pub async fn send(&mut self, command: Value) -> Result<u64, Failed> {
        let id = self.next;
        self.next += 1;
        self.socket.send(Message::text(json!({ "id": id, "do": command }).to_string())).await?;
        Ok(id)
    }

    /// Asks, and waits for the answer. Events that come first are kept.
    pub async fn ask(&mut self, command: Value) -> Result<Value, Failed> {
        let id = self.send(command.clone()).await?;
        loop {
            let mut frame = self.frame().await?;
            if frame["re"] != id {
                self.waiting.push_back(frame);
            } else if frame.get("error").is_some() {
                return Err(format!("{command} was answered {frame}").into());
            } else {
                return Ok(frame["ok"].take());
            }
        }
    }

    /// The next answer or event. May be cancelled.
    pub async fn next(&mut self) -> Result<Value, Failed> {
        match self.waiting.pop_front() {
            Some(frame) => Ok(frame),
            None => self.frame().await,
        }
    }

    pub async fn close(mut self) {
        let _ = self.socket.close(None).await;
    }

    async fn frame(&mut self) -> Result<Value, Failed> {
        loop {
            match self.socket.next().await.ok_or("the socket ended")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(_) => return Err("the socket was closed".into()),
                _ => {}
            }
        }
    }
}
