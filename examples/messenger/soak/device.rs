//! A bot at one device: connects, catches up, writes when it is told to, and goes away for a while now and then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use messenger_db::ids::{ChatId, MessageId};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, sleep_until};

use crate::Failed;
use crate::knowledge::{Knowledge, keep};
use crate::people::Session;
use crate::report::Report;
use crate::wire::Wire;

/// What a device is told.
pub enum Order {
    /// To write something; the message was due then.
    Write { due: Instant },
    /// To come back, and stay.
    Settle,
    /// To end.
    End,
}

pub struct Device {
    number: usize,
    session: Session,
    server: String,
    report: Arc<Report>,
    begun: Instant,
    knowledge: Knowledge,
    /// Its own messages, to edit and to delete them.
    own: Vec<(ChatId, i64)>,
    settling: bool,
    /// What it knows, as the server calls it.
    state: Option<String>,
    /// When it asks what changed, whatever it was told.
    looks: tokio::time::Instant,
}

/// How often it asks what changed, as the page does.
const LOOK: Duration = Duration::from_secs(15);

/// How long it waits for more when it was told to ask.
const SOON: Duration = Duration::from_millis(20);

/// Why a device is no longer connected.
enum Left {
    Away,
    Ended,
}

impl Device {
    pub fn new(number: usize, session: Session, server: String, report: Arc<Report>, begun: Instant) -> Self {
        Self {
            number,
            session,
            server,
            report,
            begun,
            knowledge: Knowledge::new(),
            own: Vec::new(),
            settling: false,
            state: None,
            looks: tokio::time::Instant::now(),
        }
    }

    /// Until it is told to end. Gives what it knows then.
    pub async fn live(mut self, mut orders: UnboundedReceiver<Order>) -> Knowledge {
        loop {
            match self.connected(&mut orders).await {
                Ok(Left::Ended) => return self.knowledge,
                Ok(Left::Away) => {
                    if self.away(&mut orders).await {
                        return self.knowledge;
                    }
                }
                Err(error) => {
                    self.report.failed(&*error);
                    sleep(Duration::from_millis(fastrand::u64(100..500))).await;
                }
            }
            self.report.gone_offline();
        }
    }

    async fn connected(&mut self, orders: &mut UnboundedReceiver<Order>) -> Result<Left, Failed> {
        let mut wire = Wire::connect(&self.server, &self.session.token).await?;
        let caught_up = self.catch_up(&mut wire, false).await;
        // Not all devices at the same moment.
        self.looks = tokio::time::Instant::now() + LOOK.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.report.come_online();
        caught_up?;
        // A third goes away.
        let stays = if self.number.is_multiple_of(3) {
            Duration::from_millis(fastrand::u64(2_000..15_000))
        } else {
            Duration::MAX
        };
        let leaves = Instant::now().checked_add(stays);
        loop {
            let until = leaves.filter(|_| !self.settling).map_or(Duration::from_secs(3_600), |at| at - Instant::now());
            tokio::select! {
                frame = wire.next() => {
                    if let Some(question) = self.receive(&frame?)? {
                        wire.send(question).await?;
                    }
                }
                () = sleep_until(self.looks) => {
                    self.looks = tokio::time::Instant::now() + LOOK;
                    self.catch_up(&mut wire, true).await?;
                }
                order = orders.recv() => match order {
                    Some(Order::Write { due }) => self.write(&mut wire, due).await?,
                    Some(Order::Settle) => self.settling = true,
                    Some(Order::End) | None => {
                        // Whatever was not told.
                        self.catch_up(&mut wire, false).await?;
                        wire.close().await;
                        return Ok(Left::Ended);
                    }
                },
                () = sleep(until) => {
                    wire.close().await;
                    return Ok(Left::Away);
                }
            }
        }
    }

    /// Away for a while. What is to be written meanwhile is for another. Says whether it is to end.
    async fn away(&mut self, orders: &mut UnboundedReceiver<Order>) -> bool {
        self.report.count_away();
        let back = sleep(Duration::from_millis(fastrand::u64(1_000..8_000)));
        tokio::pin!(back);
        loop {
            tokio::select! {
                () = &mut back => return false,
                order = orders.recv() => match order {
                    Some(Order::Write { .. }) => self.report.count_skipped(),
                    Some(Order::Settle) => {
                        self.settling = true;
                        return false;
                    }
                    Some(Order::End) | None => return true,
                },
            }
        }
    }

    /// What changed since it last asked; the first time, everything. A message that an online device gets in this way is
    /// measured like one that it is told of.
    async fn catch_up(&mut self, wire: &mut Wire, is_online: bool) -> Result<(), Failed> {
        let Some(mut state) = self.state.take() else { return self.download(wire).await };
        loop {
            let page = wire.ask(json!({ "op": "changes", "state": state })).await?;
            self.report.count_page();
            for changed in page["chats"].as_array().into_iter().flatten() {
                let chat = serde_json::from_value(changed["chat"].clone())?;
                for entry in changed["messages"].as_array().into_iter().flatten() {
                    if is_online {
                        self.measure(chat, &entry["message"]);
                    }
                    keep(&mut self.knowledge, chat, entry, false);
                }
            }
            state = page["state"].as_str().ok_or("no state")?.to_owned();
            if page["is_last"] == true {
                self.state = Some(state);
                return Ok(());
            }
        }
    }

    /// Everything of its chats.
    async fn download(&mut self, wire: &mut Wire) -> Result<(), Failed> {
        let state = wire.ask(json!({ "op": "begin" })).await?;
        for chat in self.session.chats.clone() {
            let mut after = 0;
            loop {
                let asked = json!({ "op": "history", "chat": chat, "at": { "after": after }, "limit": 100 });
                let page = wire.ask(asked).await?;
                for entry in page["entries"].as_array().into_iter().flatten() {
                    keep(&mut self.knowledge, chat, entry, false);
                }
                match page["newer_after"].as_i64() {
                    Some(newer) => after = newer,
                    None => break,
                }
            }
        }
        self.state = state.as_str().map(str::to_owned);
        Ok(())
    }

    /// Keeps what came. Gives what is to be asked because of it.
    fn receive(&mut self, frame: &Value) -> Result<Option<Value>, Failed> {
        self.report.heard();
        if let Some(error) = frame.get("error") {
            // What another device of the same user did first is no error.
            if ["message_not_found"].iter().any(|code| error["code"] == *code) {
                return Ok(None);
            }
            return Err(format!("{frame}").into());
        }
        if frame["event"] == "changed" {
            self.looks = self.looks.min(tokio::time::Instant::now() + SOON);
            return Ok(None);
        }
        let Ok(chat) = serde_json::from_value::<ChatId>(frame["chat"].clone()) else {
            self.answered(&frame["ok"])?;
            return Ok(None);
        };
        match frame["event"].as_str() {
            Some("message") => {
                self.measure(chat, &frame["entry"]["message"]);
                keep(&mut self.knowledge, chat, &frame["entry"], true);
            }
            Some("reactions") => {
                let at = json!({ "around": frame["seq"] });
                return Ok(Some(json!({ "op": "history", "chat": chat, "at": at, "limit": 1 })));
            }
            _ => {}
        }
        Ok(None)
    }

    /// The answer to something that was written: the message as it is.
    fn answered(&mut self, answer: &Value) -> Result<(), Failed> {
        for entry in answer["entries"].as_array().into_iter().flatten() {
            let chat = serde_json::from_value(entry["message"]["chat_id"].clone())?;
            keep(&mut self.knowledge, chat, entry, false);
        }
        let message = &answer["message"];
        let Some(seq) = message["seq"].as_i64() else { return Ok(()) };
        let chat = serde_json::from_value(message["chat_id"].clone())?;
        if message["sender_id"] == json!(self.session.actor.user_id()) && message["deleted_at"].is_null() {
            self.own.push((chat, seq));
        }
        keep(&mut self.knowledge, chat, answer, false);
        Ok(())
    }

    /// How long a message took from when it was due: its words say when that was.
    fn measure(&self, chat: ChatId, message: &Value) {
        let is_known = message["seq"].as_i64().is_none_or(|seq| self.knowledge.contains_key(&(chat, seq)));
        if is_known || !message["edited_at"].is_null() || !message["deleted_at"].is_null() {
            return;
        }
        let due = message["content"]
            .as_str()
            .and_then(|content| content.strip_prefix("due ")?.split(' ').next()?.parse().ok());
        if let Some(due) = due {
            let now = self.begun.elapsed();
            self.report.delivered(now.saturating_sub(Duration::from_micros(due)));
        }
    }

    async fn write(&mut self, wire: &mut Wire, due: Instant) -> Result<(), Failed> {
        let chat = self.session.chats[fastrand::usize(..self.session.chats.len())];
        let own = (!self.own.is_empty()).then(|| fastrand::usize(..self.own.len()));
        let command = match (fastrand::u8(..100), own) {
            (0..8, Some(index)) => {
                let (chat, seq) = self.own[index];
                json!({ "op": "edit", "chat": chat, "seq": seq, "text": format!("edited {}", fastrand::u32(..)) })
            }
            (8..12, Some(index)) => {
                let (chat, seq) = self.own.swap_remove(index);
                json!({ "op": "delete", "chat": chat, "seq": seq })
            }
            (12..22, _) if !self.knowledge.is_empty() => {
                let (chat, seq) = *self.knowledge.keys().next().ok_or("nothing is known")?;
                let on = fastrand::bool();
                json!({ "op": "react", "chat": chat, "seq": seq, "emoji": "👍", "on": on })
            }
            _ => {
                let due = due.duration_since(self.begun).as_micros();
                let text = format!("due {due} {}", "word ".repeat(fastrand::usize(1..20)));
                json!({ "op": "send", "chat": chat, "id": MessageId::new(), "text": text })
            }
        };
        self.report.count_written();
        wire.send(command).await?;
        Ok(())
    }
}
