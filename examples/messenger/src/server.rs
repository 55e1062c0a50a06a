//! A server: its state, its routes, and its beginning and end.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use axum::{Router, middleware};
use messenger_db::service::Pool;
use tokio::net::TcpListener;
use tokio::time::timeout;
use uuid::Uuid;

use crate::database::{self, Workers};
use crate::doorbell::{self, Doorbell};
use crate::hub::Hub;
use crate::options::Options;
use crate::rate::Limits;
use crate::{accounts, files, guard, page, socket};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What all requests share.
pub struct State {
    pub options: Options,
    pub database: Pool,
    pub workers: Workers,
    pub doorbell: Doorbell,
    pub hub: Hub,
    pub sign_ins: Limits<IpAddr>,
    /// What this server is called in the sessions that have a socket on it, and in its notes to the others. A new one has
    /// a new name.
    pub name: String,
}

/// What all requests share, as handlers take it.
pub type App = Arc<State>;

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: App,
}

/// Migrates the database, and listens. Nothing is answered before [`run_until`](Server::run_until).
///
/// # Errors
///
/// Those of the database, of the folder for the files, and of the address.
pub async fn start(options: Options) -> Result<Server, Failed> {
    let database = database::open(options.database_url.clone(), options.pool).await?;
    tokio::fs::create_dir_all(&options.files).await?;
    let listener = TcpListener::bind(&options.listen).await?;
    let address = listener.local_addr()?;
    let app = Arc::new(State {
        sign_ins: Limits::per_minute(options.sign_ins_per_minute),
        hub: Hub::default(),
        name: Uuid::now_v7().to_string(),
        doorbell: Doorbell::new(options.database_url.clone()),
        workers: Workers::default(),
        database,
        options,
    });
    doorbell::listen(&app);
    Ok(Server { listener, address, app })
}

impl Server {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until that is done.
    ///
    /// # Errors
    ///
    /// Those of the listener.
    pub async fn run_until(self, end: impl Future<Output = ()> + Send) -> Result<(), Failed> {
        let service = routes(self.app.clone()).into_make_service_with_connect_info::<SocketAddr>();
        // Sockets would keep a graceful end waiting, and their devices come back to another server anyway.
        tokio::select! {
            result = async { axum::serve(self.listener, service).await } => result?,
            () = end => {}
        }
        if !matches!(timeout(TO_END, socket::all_go(&self.app)).await, Ok(Ok(()))) {
            eprintln!("messenger: who was connected here is not noted as gone");
        }
        Ok(())
    }
}

/// How long the end may take.
const TO_END: Duration = Duration::from_secs(5);

/// The largest body of what is no picture.
const SMALL: usize = 16 * 1024;

fn routes(app: App) -> Router {
    let pictures = post(files::upload).layer(DefaultBodyLimit::max(files::LARGEST));
    Router::new()
        .route("/", get(page::index))
        .route("/page/{*name}", get(page::named))
        .route("/api/sign-up", post(accounts::sign_up))
        .route("/api/sign-in", post(accounts::sign_in))
        .route("/api/sign-out", post(accounts::sign_out))
        .route("/api/me", get(accounts::me))
        .route("/api/pictures", pictures)
        .route("/pictures/{chat}/{seq}/{position}", get(files::download))
        .route("/socket", any(socket::open))
        .layer(DefaultBodyLimit::max(SMALL))
        .layer(middleware::from_fn(guard::guard))
        .with_state(app)
}
