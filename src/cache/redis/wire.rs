//! The connection that listens: its own, kept up, re-subscribed after each loss.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use ::redis::{Client, RedisError, RedisResult, Value};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::cache::{Subscription, news::Channels};

/// Between attempts to connect.
const PAUSE: Duration = Duration::from_millis(500);
/// A connection that died silently is noticed within that time.
const PULSE: Duration = Duration::from_secs(10);

/// A channel got its first listener, or lost its last.
struct Change {
    channel: String,
    opened: bool,
}

/// Channels fed by Redis; the connection is made with the first listener.
pub(super) struct Wire {
    client: Client,
    channels: Channels,
    waiting: Mutex<Option<UnboundedReceiver<Change>>>,
}

impl Wire {
    pub(super) fn new(client: Client) -> Self {
        let (sender, changed) = unbounded_channel();
        let channels = Channels::watched(Arc::new(move |channel, opened| {
            // Nobody receives any more only when the process ends.
            drop(sender.send(Change { channel: channel.to_owned(), opened }));
        }));
        Self { client, channels, waiting: Mutex::new(Some(changed)) }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "it listens as long as the process lives, and losing it loses no data"
    )]
    pub(super) fn listen(&self, channel: &str) -> Subscription {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(changed) = waiting {
            tokio::spawn(keep_listening(self.client.clone(), self.channels.clone(), changed));
        }
        self.channels.listen(channel)
    }
}

async fn keep_listening(
    client: Client,
    channels: Channels,
    mut changed: UnboundedReceiver<Change>,
) {
    let mut lost = false;
    loop {
        match relay(&client, &channels, &mut changed).await {
            Ok(()) => return,
            Err(_) if lost => tracing::debug!("Redis still does not answer"),
            Err(_) => tracing::warn!("live news are interrupted: Redis does not answer"),
        }
        lost = true;
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens until the connection breaks; `Ok` when nobody can ever listen again.
async fn relay(
    client: &Client,
    channels: &Channels,
    changed: &mut UnboundedReceiver<Change>,
) -> RedisResult<()> {
    let (mut sink, mut messages) = client.get_async_pubsub().await?.split();
    // Changes from before the connection are contained in this list, and repeating is harmless.
    for channel in channels.names() {
        sink.subscribe(&channel).await?;
        channels.missed(&channel);
    }
    let mut pulse = tokio::time::interval(PULSE);
    loop {
        tokio::select! {
            _ = pulse.tick() => {
                let ping = tokio::time::timeout(PULSE, sink.ping::<Value>());
                ping.await.map_err(|_| broken())??;
            }
            change = changed.recv() => match change {
                Some(Change { channel, opened: true }) => {
                    sink.subscribe(&channel).await?;
                    // What was told between the listener's read and now is not known here.
                    channels.missed(&channel);
                }
                Some(Change { channel, opened: false }) => sink.unsubscribe(&channel).await?,
                None => return Ok(()),
            },
            message = messages.next() => match message {
                Some(message) => {
                    let bytes = Bytes::copy_from_slice(message.get_payload_bytes());
                    channels.tell(message.get_channel_name(), bytes);
                }
                None => return Err(broken()),
            },
        }
    }
}

fn broken() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()
}
