//! Waiting a little for what becomes of a delivery, while somebody looks at the answer.

use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::time::Instant;

use crate::{
    cache::{News, Subscription},
    domain::DeliveryId,
};

/// News may be lost: look by ourselves that often.
const LOOK: Duration = Duration::from_secs(1);

/// Somebody who waits; `heard` listens since before the commit, so that nothing falls between.
pub(super) struct Watch {
    heard: Subscription,
    until: Instant,
}

impl Watch {
    pub(super) fn new(heard: Subscription, patience: Duration) -> Self {
        Self { heard, until: Instant::now() + patience }
    }

    /// Returns when something may have become of the delivery; `false` when the patience has run out.
    pub(super) async fn news_of(&mut self, id: DeliveryId) -> bool {
        if Instant::now() >= self.until {
            return false;
        }
        let look_at = self.until.min(Instant::now() + LOOK);
        loop {
            tokio::select! {
                news = self.heard.next() => if news.is_none_or(|news| is_about(&news, id)) {
                    return true;
                },
                () = tokio::time::sleep_until(look_at) => return true,
            }
        }
    }
}

fn is_about(news: &News, id: DeliveryId) -> bool {
    match news {
        News::Missed => true,
        News::Message(text) => {
            let id = id.to_string();
            text.windows(id.len()).any(|part| part == id.as_bytes())
        }
    }
}
