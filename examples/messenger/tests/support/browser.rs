//! Chromium, driven as a person would: windows are separate profiles, and everything is waited for.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long something that is on its way may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The driver of all windows of a test. Ends with this value, and the windows with it.
pub struct Browser {
    driver: Child,
    url: String,
    // What Chromium leaves in the folder for temporary files goes with it.
    _temporary: TempDir,
}

impl Browser {
    pub fn start() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver; `make chat-test` installs it");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.ok()?;
            line.split("successfully on port ").nth(1).map(|port| port.trim_end_matches('.').to_owned())
        });
        // Whoever no longer reads would stop it from writing.
        std::thread::spawn(move || lines.for_each(drop));
        Self { driver, url: format!("http://127.0.0.1:{}", port.unwrap()), _temporary: temporary }
    }

    /// A window of a profile of its own, which shows the page.
    pub async fn window(&self, url: &str) -> Window {
        self.window_with(url, &[]).await
    }

    /// The same, with more for Chromium's command line.
    pub async fn window_with(&self, url: &str, more: &[&str]) -> Window {
        let mut arguments = vec![
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--window-size=1100,800",
        ];
        arguments.extend(more);
        let capabilities = json!({ "goog:chromeOptions": { "args": arguments } });
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities.as_object().unwrap().clone())
            .connect(&self.url)
            .await
            .unwrap();
        client.goto(url).await.unwrap();
        Window { client }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its browsers when it is asked to end, not when it is killed.
        let _ = Command::new("kill").arg(self.driver.id().to_string()).status();
        let _ = self.driver.wait();
    }
}

/// One person at one device.
pub struct Window {
    client: Client,
}

impl Window {
    /// Runs a script in the page, for what cannot be seen.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap()
    }

    async fn wait(&self, what: &str, script: &str, arguments: Vec<Value>) {
        let start = Instant::now();
        loop {
            if self.script(script, arguments.clone()).await == json!(true) {
                return;
            }
            if start.elapsed() > TIMEOUT {
                let shown = self.script("return document.body.innerText", Vec::new()).await;
                panic!("waited for {what} {arguments:?}; the page shows:\n{}", shown.as_str().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until an element that is shown has this text in it.
    pub async fn sees(&self, css: &str, text: &str) {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .some((element) => element.checkVisibility() && element.textContent.includes(arguments[1]))";
        self.wait("seeing", script, vec![json!(css), json!(text)]).await;
    }

    /// Waits until no such element has this text.
    pub async fn does_not_see(&self, css: &str, text: &str) {
        let script = "return ![...document.querySelectorAll(arguments[0])]
            .some((element) => element.checkVisibility() && element.textContent.includes(arguments[1]))";
        self.wait("not seeing", script, vec![json!(css), json!(text)]).await;
    }

    /// Waits until this is true in the page.
    pub async fn until(&self, expression: &str) {
        self.wait("it to be true", &format!("return Boolean({expression})"), vec![json!(expression)]).await;
    }

    /// Presses a button with the mouse. One that is drawn anew meanwhile is looked for again.
    pub async fn clicks(&self, css: &str) {
        loop {
            self.sees(css, "").await;
            match self.client.find(Locator::Css(css)).await.unwrap().click().await {
                Err(error) if error.is_stale_element_reference() => {}
                clicked => return clicked.unwrap(),
            }
        }
    }

    /// Presses the last button of a kind with the keyboard: it gets the focus, which shows what is hidden till then.
    pub async fn presses(&self, css: &str) {
        self.until(&format!("document.querySelector({css:?})")).await;
        let script = "[...document.querySelectorAll(arguments[0])].at(-1).focus()";
        self.script(script, vec![json!(css)]).await;
        self.types(Key::Enter).await;
    }

    /// Presses the button with this label in an element with this text.
    pub async fn presses_in(&self, css: &str, text: &str, label: &str) {
        let script = "const box = [...document.querySelectorAll(arguments[0])].find((one) => one.textContent.includes(arguments[1]));
            const button = [...(box?.querySelectorAll('button') ?? [])].find((one) => one.textContent === arguments[2]);
            button?.focus();
            return Boolean(button)";
        self.wait("a button", script, vec![json!(css), json!(text), json!(label)]).await;
        self.types(Key::Enter).await;
    }

    /// Presses keys, whatever has the focus. Shift and Control are held until all are pressed.
    pub async fn types(&self, keys: impl std::fmt::Display) {
        let mut keyboard = KeyActions::new("keyboard".to_owned());
        let mut held = Vec::new();
        for value in keys.to_string().chars() {
            keyboard = keyboard.then(KeyAction::Down { value });
            if [Key::Shift, Key::Control].map(char::from).contains(&value) {
                held.push(value);
            } else {
                keyboard = keyboard.then(KeyAction::Up { value });
            }
        }
        for value in held {
            keyboard = keyboard.then(KeyAction::Up { value });
        }
        self.client.perform_actions(keyboard).await.unwrap();
    }

    /// Empties a field and types into it.
    pub async fn writes(&self, css: &str, text: &str) {
        self.sees(css, "").await;
        let field = self.client.find(Locator::Css(css)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Chooses a file.
    pub async fn chooses(&self, css: &str, path: &std::path::Path) {
        let field = self.client.find(Locator::Css(css)).await.unwrap();
        field.send_keys(path.to_str().unwrap()).await.unwrap();
    }

    /// Signs up.
    pub async fn signs_up(&self, username: &str, name: &str) {
        self.clicks("#sign-switch").await;
        self.writes("[name=username]", username).await;
        self.writes("#sign-form [name=display_name]", name).await;
        self.writes("[name=password]", "correct horse").await;
        self.clicks("#sign-form [type=submit]").await;
        self.sees("#own-name", name).await;
        self.until("document.getElementById('offline').hidden").await;
    }

    /// Signs in with a password.
    pub async fn signs_in(&self, username: &str, password: &str) {
        self.writes("[name=username]", username).await;
        self.writes("[name=password]", password).await;
        self.clicks("#sign-form [type=submit]").await;
    }

    /// Sends a message in the chat that is open.
    pub async fn says(&self, text: &str) {
        self.writes("#text", text).await;
        self.types(Key::Enter).await;
    }

    /// Asks another to become a contact, who accepts, and opens the chat with them.
    pub async fn befriends(&self, username: &str, name: &str, other: &Window) {
        self.clicks("#open-people").await;
        self.writes("#find", username).await;
        self.presses_in("#found .person", name, "Ask").await;
        other.clicks("#open-people").await;
        other.sees("#dialog h3", "Requests to you").await;
        other.presses_in("#dialog .person", "", "Accept").await;
        other.sees("#dialog h3", "Contacts").await;
        other.clicks("#dialog-close").await;
        self.sees("#dialog h3", "Contacts").await;
        self.presses_in("#dialog section .person", name, "Write").await;
        self.sees("#title", name).await;
        other.sees("#chats .name", "").await;
    }

    /// Loses the connection, as the page sees it.
    pub async fn goes_offline(&self) {
        let script = "Object.defineProperty(navigator, 'onLine', { value: false, configurable: true });
            dispatchEvent(new Event('offline'))";
        self.script(script, Vec::new()).await;
        self.sees("#offline", "").await;
    }

    /// Has a connection again.
    pub async fn comes_back(&self) {
        self.script("delete navigator.onLine; dispatchEvent(new Event('online'))", Vec::new()).await;
        self.until("document.getElementById('offline').hidden").await;
    }

    /// Goes to an address.
    pub async fn goes_to(&self, url: &str) {
        self.client.goto(url).await.unwrap();
    }

    /// What is seen, as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    pub async fn size(&self, width: u32, height: u32) {
        self.client.set_window_size(width, height).await.unwrap();
    }

    pub async fn close(self) {
        self.client.close().await.unwrap();
    }
}
