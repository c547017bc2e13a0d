//! Progress of a run as server-sent events.
//!
//! Each event is the whole run, read from the database: a client that reconnects has missed
//! nothing, so there is nothing to replay.

use std::{sync::Arc, time::Duration};

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use poem_openapi::payload::EventStream;
use tokio_util::sync::CancellationToken;

use crate::{
    cache::Subscription,
    db,
    domain::RunId,
    flows::{SharedHub, import},
    http::{Session, sync_logs::view::RunView},
};

/// News may be lost: look by ourselves that often.
const LOOK: Duration = Duration::from_secs(2);
/// Pages of a fast import come quicker than anybody reads.
const CALM: Duration = Duration::from_millis(200);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

struct Watch {
    hub: SharedHub,
    session: Session,
    run_id: RunId,
    news: Subscription,
    stopping: CancellationToken,
    last: Option<String>,
    over: bool,
}

pub(super) fn watch(
    hub: &SharedHub,
    stopping: &CancellationToken,
    session: Session,
    run_id: RunId,
) -> EventStream<BoxStream<'static, RunView>> {
    let watch = Watch {
        // Listening before the first look: nothing falls between the two.
        news: hub.cache.subscribe(&import::channel(run_id)),
        hub: Arc::clone(hub),
        session,
        run_id,
        stopping: stopping.clone(),
        last: None,
        over: false,
    };
    let runs = stream::unfold(watch, |mut watch| async move {
        let run = watch.next().await?;
        Some((run, watch))
    });
    EventStream::new(runs.boxed()).keep_alive(KEEP_ALIVE).to_event(|run| {
        use poem_openapi::types::ToJSON as _;
        poem::web::sse::Event::message(run.to_json_string()).event_type("run")
    })
}

impl Watch {
    /// The run when it next differs from what was sent; `None` ends the stream.
    async fn next(&mut self) -> Option<RunView> {
        use poem_openapi::types::ToJSON as _;
        while !self.over && !self.stopping.is_cancelled() {
            if self.last.is_some() {
                tokio::select! {
                    news = self.news.next() => { news?; tokio::time::sleep(CALM).await; }
                    () = tokio::time::sleep(LOOK) => {}
                    () = self.stopping.cancelled() => return None,
                }
            }
            // The session is asked again: one that ended sees nothing more.
            let session = self.session.again(&self.hub).await?;
            let mut tx =
                self.hub.db.tenant_reading(session.company_id(), session.scope()).await.ok()?;
            let run = db::runs::get(&mut tx, self.run_id).await.ok()??;
            drop(tx);
            self.over = run.is_over();
            let view = RunView::of(&self.hub, run);
            let text = view.to_json_string();
            if self.last.as_ref() != Some(&text) {
                self.last = Some(text);
                return Some(view);
            }
        }
        None
    }
}
