//! A door before the stand-in that can be shut: whoever knocks then is refused a connection.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};

pub(super) struct Gate {
    address: SocketAddr,
    behind: SocketAddr,
    door: Option<JoinHandle<()>>,
    visitors: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Gate {
    pub(super) fn before(behind: SocketAddr) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut gate = Self { address, behind, door: None, visitors: Arc::default() };
        gate.open();
        gate
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    #[expect(clippy::disallowed_methods, reason = "the door stands beside the test")]
    pub(super) fn open(&mut self) {
        let listener = listen(self.address);
        let (behind, visitors) = (self.behind, Arc::clone(&self.visitors));
        self.door = Some(tokio::spawn(async move {
            while let Ok((mut visitor, _)) = listener.accept().await {
                let through = tokio::spawn(async move {
                    if let Ok(mut host) = TcpStream::connect(behind).await {
                        // Either side may leave in the middle.
                        let _ = copy_bidirectional(&mut visitor, &mut host).await;
                    }
                });
                visitors.lock().unwrap().push(through);
            }
        }));
    }

    /// Nobody gets in, and whoever was inside is outside.
    pub(super) async fn shut(&mut self) {
        if let Some(door) = self.door.take() {
            door.abort();
            assert!(door.await.is_err(), "the door was open");
        }
        for visitor in self.visitors.lock().unwrap().drain(..) {
            visitor.abort();
        }
    }
}

/// At once again on the port that was just left.
fn listen(address: SocketAddr) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    socket.listen(64).unwrap()
}
