//! Accepts connections without Nagle's delay, and stops when told.

use std::{future::Future, io, time::Duration};

use poem::{
    Endpoint, Response, Server,
    http::uri::Scheme,
    listener::{Acceptor, TcpAcceptor},
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// poem 3.1 leaves Nagle's algorithm on and spins on accept errors.
struct NoDelay(TcpAcceptor);

impl Acceptor for NoDelay {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        match self.0.accept().await {
            Ok(accepted) => {
                accepted.0.set_nodelay(true)?;
                Ok(accepted)
            }
            Err(error) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(error)
            }
        }
    }
}

/// The server as a future: it ends when `stop` is cancelled.
pub(super) fn serve(
    listener: TcpListener,
    routes: impl Endpoint<Output = Response> + 'static,
    stop: CancellationToken,
) -> io::Result<impl Future<Output = ()> + Send> {
    let acceptor = NoDelay(TcpAcceptor::from_tokio(listener)?);
    Ok(async move {
        let server = Server::new_with_acceptor(acceptor)
            .name("sandbox")
            .idle_timeout(Duration::from_secs(90))
            // Answers that never come (a fault) must not hold the end.
            .run_with_graceful_shutdown(
                routes,
                stop.cancelled_owned(),
                Some(Duration::from_millis(50)),
            );
        if let Err(error) = server.await {
            tracing::error!(%error, "the sandbox stopped");
        }
    })
}
