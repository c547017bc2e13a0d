//! Listens, and stops without cutting anybody off.

use std::{io, net::SocketAddr, time::Duration};

use poem::{
    Endpoint, Server,
    http::uri::Scheme,
    listener::{Acceptor, TcpAcceptor},
    web::{LocalAddr, RemoteAddr},
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// How long running requests may take after the stop; open event streams end at once.
const GRACE: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(75);

/// Serves until `stopping` is cancelled and what runs has ended.
pub async fn serve(
    listener: TcpListener,
    app: impl Endpoint + 'static,
    stopping: CancellationToken,
) -> io::Result<()> {
    let acceptor = Patient(TcpAcceptor::from_tokio(listener)?);
    Server::new_with_acceptor(acceptor)
        .name("tandem")
        .idle_timeout(IDLE)
        .run_with_graceful_shutdown(app, stopping.cancelled_owned(), Some(GRACE))
        .await
}

/// Binds; the error names the port, so that whoever reads it knows what is taken.
pub async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let words = match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("port {} on {} is taken by another program", address.port(), address.ip())
            }
            _ => format!("cannot listen on {address}: {error}"),
        };
        io::Error::new(error.kind(), words)
    })
}

/// poem 3.1 leaves Nagle's algorithm on, and asks again at once when `accept` fails: without file
/// descriptors left it would spin.
struct Patient(TcpAcceptor);

impl Acceptor for Patient {
    type Io = TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(TcpStream, LocalAddr, RemoteAddr, Scheme)> {
        match self.0.accept().await {
            Ok(accepted) => {
                // A peer that is gone already is no reason to stop accepting.
                let _ = accepted.0.set_nodelay(true);
                Ok(accepted)
            }
            Err(error) => {
                tracing::warn!(kind = ?error.kind(), "cannot accept connections");
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(error)
            }
        }
    }
}
