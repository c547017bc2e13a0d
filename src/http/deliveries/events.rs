//! `/api/events`: what happens while a page is open, one stream for the whole page.
//!
//! Whoever listens is told only of what they may see: each delivery is read again under their own
//! scope. News may be lost; then the page is told to read its lists again.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi, payload::EventStream};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::view::DeliveryView;
use crate::{
    cache::{News, Subscription},
    db::{self, deliveries::Delivery},
    domain::DeliveryId,
    flows::{SharedHub, deliver},
    http::{ApiError, Session, Tag},
};

/// A backlog moves quicker than anybody reads.
const CALM: Duration = Duration::from_millis(150);
/// Deliveries that are told one by one; of more the page reads its lists again.
const MOST: usize = 20;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// A session that ended is noticed within that time though nothing happens.
const LOOK: Duration = Duration::from_secs(15);

pub(in crate::http) struct EventsApi;

#[OpenApi(tag = "Tag::Deliveries")]
impl EventsApi {
    /// What happens, as server-sent events. The first one is `resync`; so is each that follows news
    /// which may have been missed.
    #[oai(path = "/events", method = "get", operation_id = "watch_events")]
    #[expect(clippy::unused_async, reason = "methods of the API are")]
    async fn events(
        &self,
        hub: Data<&SharedHub>,
        stopping: Data<&CancellationToken>,
        session: Session,
    ) -> Result<EventStream<BoxStream<'static, LiveEvent>>, ApiError> {
        Ok(watch(&hub, &stopping, session))
    }
}

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum LiveEventKind {
    /// From here on everything is told: read lists again, for something may have happened before.
    Resync,
    /// A delivery is written, goes on or has ended.
    Delivery,
}

#[derive(Object)]
pub(super) struct LiveEvent {
    kind: LiveEventKind,
    /// As it is now; with `delivery` only.
    delivery: Option<DeliveryView>,
}

struct Watch {
    hub: SharedHub,
    session: Session,
    news: Subscription,
    stopping: CancellationToken,
    begun: bool,
    waiting: Vec<Delivery>,
}

fn watch(
    hub: &SharedHub,
    stopping: &CancellationToken,
    session: Session,
) -> EventStream<BoxStream<'static, LiveEvent>> {
    let watch = Watch {
        news: hub.cache.subscribe(&deliver::channel(session.company_id())),
        hub: Arc::clone(hub),
        session,
        stopping: stopping.clone(),
        begun: false,
        waiting: Vec::new(),
    };
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((event, watch))
    });
    EventStream::new(events.boxed()).keep_alive(KEEP_ALIVE).to_event(|event| {
        use poem_openapi::types::ToJSON as _;
        let kind = match event.kind {
            LiveEventKind::Resync => "resync",
            LiveEventKind::Delivery => "delivery",
        };
        poem::web::sse::Event::message(event.to_json_string()).event_type(kind)
    })
}

/// What was heard since the last look.
enum Heard {
    Of(BTreeSet<DeliveryId>),
    Missed,
}

impl Watch {
    /// The next event; `None` ends the stream.
    async fn next(&mut self) -> Option<LiveEvent> {
        if !self.begun {
            self.begun = true;
            return Some(LiveEvent { kind: LiveEventKind::Resync, delivery: None });
        }
        loop {
            if self.stopping.is_cancelled() {
                return None;
            }
            if let Some(delivery) = self.waiting.pop() {
                let delivery = Some(DeliveryView::from(delivery));
                return Some(LiveEvent { kind: LiveEventKind::Delivery, delivery });
            }
            let heard = self.listen().await?;
            // The session is asked again: one that ended sees nothing more.
            let session = self.session.again(&self.hub).await?;
            if session.company_id() != self.session.company_id() {
                return None;
            }
            match heard {
                Heard::Of(ids) if ids.is_empty() => {}
                Heard::Of(ids) if ids.len() <= MOST => {
                    let ids: Vec<DeliveryId> = ids.into_iter().collect();
                    let scope = session.scope();
                    let mut tx =
                        self.hub.db.tenant_reading(session.company_id(), scope).await.ok()?;
                    self.waiting = db::deliveries::some(&mut tx, &ids).await.ok()?;
                    self.waiting.reverse();
                }
                Heard::Of(_) | Heard::Missed => {
                    return Some(LiveEvent { kind: LiveEventKind::Resync, delivery: None });
                }
            }
        }
    }

    /// What comes next, and what comes with it; nothing when it is time to look at the session.
    async fn listen(&mut self) -> Option<Heard> {
        let first = tokio::select! {
            news = self.news.next() => news?,
            () = tokio::time::sleep(LOOK) => return Some(Heard::Of(BTreeSet::new())),
            () = self.stopping.cancelled() => return None,
        };
        let calm = tokio::time::sleep(CALM);
        tokio::pin!(calm);
        let (mut ids, mut missed) = (BTreeSet::new(), false);
        let mut next = Some(first);
        loop {
            match next.take() {
                Some(News::Missed) => missed = true,
                // What names no delivery is about all of them.
                Some(News::Message(text)) => match delivery_of(&text) {
                    Some(id) => drop(ids.insert(id)),
                    None => missed = true,
                },
                None => {}
            }
            tokio::select! {
                news = self.news.next() => next = Some(news?),
                () = &mut calm => break,
            }
        }
        Some(if missed { Heard::Missed } else { Heard::Of(ids) })
    }
}

fn delivery_of(text: &[u8]) -> Option<DeliveryId> {
    let message: serde_json::Value = serde_json::from_slice(text).ok()?;
    let id: Uuid = message["delivery_id"].as_str()?.parse().ok()?;
    Some(DeliveryId::from_uuid(id))
}
