//! `/api/events`.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tandem::jobs;

use super::leads::{of, warm};
use crate::{connections::Rig, harness::Browser};

/// A stream that is being read.
struct Stream {
    answer: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(browser: &Browser) -> Self {
        let answer = browser.request(Method::GET, "/api/events").send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        let mut stream = Self { answer, text: String::new() };
        assert_eq!(stream.next().await.unwrap()["kind"], "resync");
        stream
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                if let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) {
                    let event: Value = serde_json::from_str(data).unwrap();
                    let kind = event["kind"].as_str().unwrap();
                    assert!(block.lines().any(|line| line == format!("event: {kind}")), "{block}");
                    return Some(event);
                }
            }
            let chunk = self.answer.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Nothing comes for a while.
    async fn is_silent(&mut self) -> bool {
        tokio::time::timeout(Duration::from_millis(700), self.next()).await.is_err()
    }
}

#[tokio::test]
async fn a_page_hears_how_deliveries_go_and_a_consultant_of_own_contacts_only() {
    let rig = Rig::connected().await;
    let mut owner = Stream::open(&rig.acme.owner.browser).await;
    let mut consultant = Stream::open(&rig.acme.consultant.browser).await;
    let id = warm(&rig.acme.owner.browser, "ada", 8).await;
    let queued = owner.next().await.unwrap();
    assert_eq!(queued["kind"], "delivery");
    assert_eq!(queued["delivery"]["contact"], json!({ "id": id, "full_name": "ada" }));
    jobs::drain(&rig.hub.hub).await.unwrap();
    let mut last = Value::Null;
    while last["delivery"]["state"] != "delivered" {
        last = owner.next().await.unwrap();
    }
    assert!(last["delivery"]["url"].is_string(), "{last}");
    assert!(consultant.is_silent().await, "what belongs to others is not told");
    warm(&rig.acme.consultant.browser, "own", 8).await;
    assert_eq!(consultant.next().await.unwrap()["delivery"]["contact"]["full_name"], "own");
}

#[tokio::test]
async fn more_than_anybody_reads_is_one_call_to_read_again() {
    let rig = Rig::connected().await;
    let mut owner = Stream::open(&rig.acme.owner.browser).await;
    let browser = &rig.acme.admin.browser;
    let names: Vec<String> = (0..60).map(|at| format!("lead-{at}")).collect();
    rig.owner("update connection set state = 'disconnected'").await;
    for name in &names {
        warm(browser, name, 8).await;
    }
    rig.owner("update connection set state = 'active'").await;
    browser.post(&of("push"), json!({})).await.expect(200);
    assert_eq!(owner.next().await.unwrap()["kind"], "resync");
}

#[tokio::test]
async fn a_stream_ends_with_the_service_and_with_its_session() {
    let rig = Rig::connected().await;
    let mut stopped = Stream::open(&rig.acme.owner.browser).await;
    let mut ended = Stream::open(&rig.acme.admin.browser).await;
    sqlx::query("delete from session where member_id = $1")
        .bind(rig.acme.admin.id)
        .execute(&rig.hub.owner)
        .await
        .unwrap();
    // It is noticed at the next news.
    warm(&rig.acme.consultant.browser, "ada", 8).await;
    assert_eq!(ended.next().await, None);
    stopped.next().await.unwrap();
    rig.hub.stopping.cancel();
    assert_eq!(stopped.next().await, None);
}

#[tokio::test]
async fn nobody_hears_without_a_session() {
    let rig = Rig::new().await;
    assert_eq!(rig.hub.stranger().get("/api/events").await.problem(401), "unauthenticated");
}
