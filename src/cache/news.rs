//! News for live pages: channels within this process, which Redis feeds when there are more.

use std::{
    collections::HashMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::broadcast;
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

/// Messages that a slow listener may lag behind.
const BACKLOG: usize = 64;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Message(Bytes),
    /// Something may have been missed: read the truth again.
    Missed,
}

/// A stream of [`News`] that ends only with the process.
pub struct Subscription {
    channel: String,
    channels: Channels,
    stream: BroadcastStream<News>,
}

impl Stream for Subscription {
    type Item = News;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<News>> {
        self.stream.poll_next_unpin(cx).map(|item| {
            item.map(|item| match item {
                Ok(news) => news,
                Err(BroadcastStreamRecvError::Lagged(_)) => News::Missed,
            })
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.channels.leave(&self.channel);
    }
}

type OnChange = Arc<dyn Fn(&str, bool) + Send + Sync>;

/// The channels that somebody in this process listens to.
#[derive(Clone, Default)]
pub(super) struct Channels {
    open: Arc<Mutex<HashMap<String, Open>>>,
    /// Told when a channel gets its first listener (true) and loses its last (false).
    on_change: Option<OnChange>,
}

struct Open {
    sender: broadcast::Sender<News>,
    listeners: usize,
}

impl Channels {
    pub(super) fn watched(on_change: OnChange) -> Self {
        Self { open: Arc::default(), on_change: Some(on_change) }
    }

    pub(super) fn tell(&self, channel: &str, message: Bytes) {
        self.send(channel, News::Message(message));
    }

    pub(super) fn missed(&self, channel: &str) {
        self.send(channel, News::Missed);
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn send(&self, channel: &str, news: News) {
        if let Some(open) = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(channel) {
            // Nobody left to hear it is fine.
            drop(open.sender.send(news));
        }
    }

    pub(super) fn listen(&self, channel: &str) -> Subscription {
        let mut channels = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = channels
            .entry(channel.to_owned())
            .or_insert_with(|| Open { sender: broadcast::channel(BACKLOG).0, listeners: 0 });
        open.listeners += 1;
        let stream = BroadcastStream::new(open.sender.subscribe());
        // Under the lock, so that opening and closing are told in the order they happened.
        if open.listeners == 1 {
            self.changed(channel, true);
        }
        Subscription { channel: channel.to_owned(), channels: self.clone(), stream }
    }

    fn leave(&self, channel: &str) {
        let mut channels = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = channels.get_mut(channel) else { return };
        open.listeners -= 1;
        if open.listeners == 0 {
            channels.remove(channel);
            self.changed(channel, false);
        }
    }

    fn changed(&self, channel: &str, opened: bool) {
        if let Some(on_change) = &self.on_change {
            on_change(channel, opened);
        }
    }
}
