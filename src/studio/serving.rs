//! Answers connections: a bounded number of them, and none that does not finish asking.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// How many connections are open at once; further ones wait for one of them to end.
const CONNECTIONS: usize = 64;

/// How long a browser may take to send the head of a request, from the opening of the connection or the answer before on.
const ASKING: Duration = Duration::from_secs(10);

/// Answers until the process ends.
pub(super) async fn serve(listener: TcpListener, router: Router) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
        let Ok((stream, _)) = listener.accept().await else {
            // Such as too many open files: others end meanwhile.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let _place = place;
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(ASKING);
            // What fails is the other side's connection.
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
