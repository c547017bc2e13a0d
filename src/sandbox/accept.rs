//! Accepts connections without Nagle's delay, cuts those that it is told to, and stops when told.

use std::{
    collections::HashSet,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use poem::{
    Endpoint, Response, Server,
    http::uri::Scheme,
    listener::{Acceptor, TcpAcceptor},
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// Connections on which nothing more is said, by the other end's address.
#[derive(Debug, Clone, Default)]
pub(super) struct Cuts(Arc<Mutex<HashSet<SocketAddr>>>);

impl Cuts {
    /// The next answer on this connection is not written: it ends without a byte.
    pub(super) fn cut(&self, peer: SocketAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(peer);
    }

    fn take(&self, peer: SocketAddr) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&peer)
    }
}

/// poem 3.1 leaves Nagle's algorithm on and spins on accept errors.
struct NoDelay {
    listener: TcpAcceptor,
    cuts: Cuts,
}

impl Acceptor for NoDelay {
    type Io = Cuttable;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.listener.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(Cuttable, LocalAddr, RemoteAddr, Scheme)> {
        match self.listener.accept().await {
            Ok((stream, local, remote, scheme)) => {
                stream.set_nodelay(true)?;
                let peer = stream.peer_addr()?;
                let cuts = self.cuts.clone();
                Ok((Cuttable { stream, peer, cuts, is_cut: false }, local, remote, scheme))
            }
            Err(error) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(error)
            }
        }
    }
}

/// A connection that can be told to end instead of answering.
struct Cuttable {
    stream: TcpStream,
    peer: SocketAddr,
    cuts: Cuts,
    /// The server tries once more to write what it has, after it was told that it cannot.
    is_cut: bool,
}

impl Cuttable {
    fn check(&mut self) -> io::Result<()> {
        self.is_cut |= self.cuts.take(self.peer);
        if self.is_cut { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Cuttable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cuttable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The server as a future: it ends when `stop` is cancelled.
pub(super) fn serve(
    listener: TcpListener,
    routes: impl Endpoint<Output = Response> + 'static,
    cuts: Cuts,
    stop: CancellationToken,
) -> io::Result<impl Future<Output = ()> + Send> {
    let acceptor = NoDelay { listener: TcpAcceptor::from_tokio(listener)?, cuts };
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
