//! Runs the HTTP server until it is asked to stop.

use crate::api::{App, router};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Why the server can't start, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the address {address} is taken by another program; choose one with --listen")]
    AddressTaken { address: SocketAddr },
    #[error("the address {address} can't be used: {source}")]
    Address {
        address: SocketAddr,
        source: io::Error,
    },
}

/// Takes the address; port 0 takes any that is free.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::AddressTaken { address },
            _ => StartError::Address { address, source },
        })
}

/// Serves until `stop` is done; requests that have begun are finished.
pub async fn serve(
    listener: TcpListener,
    app: App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    app.make_ready().await.map_err(io::Error::other)?;
    let beside = tokio::spawn({
        let app = app.clone();
        async move { app.run_beside().await }
    });
    let served = axum::serve(listener, router(app))
        .with_graceful_shutdown(stop)
        .await;
    beside.abort();
    served
}

/// Done when the process is asked to stop, by Ctrl-C or SIGTERM.
pub async fn stop_signal() {
    let ctrl_c = async {
        // Without a handler the default one still stops the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                () = ctrl_c => {}
                _ = terminate.recv() => {}
            },
            Err(_) => ctrl_c.await,
        }
    }
    #[cfg(not(unix))]
    ctrl_c.await;
}
