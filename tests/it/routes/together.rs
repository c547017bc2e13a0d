//! The same wish from many at once.

use serde_json::json;
use tandem::policy::Plan;

use super::{furnish::furnish, matrix::provider};
use crate::harness::TestHub;

#[tokio::test]
async fn fifty_requests_at_once_for_the_same_import_are_one_run() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Business).await;
    furnish(&hub, &acme).await;
    let path = format!("/api/integrations/{}/sync", provider());
    let all = futures_util::future::join_all(
        (0..50).map(|_| acme.admin.browser.post(&path, json!({ "mode": "full" }))),
    )
    .await;
    let runs: std::collections::BTreeSet<String> =
        all.iter().map(|answer| answer.expect(202)["run_id"].to_string()).collect();
    assert_eq!(runs.len(), 1);
    let started = all.iter().filter(|answer| answer.json()["already_running"] == false).count();
    assert_eq!(started, 1);
    let queued = "select count(*) from sync_run where state = 'queued'";
    assert_eq!(hub.value::<i64>(queued).await, 1);
    assert_eq!(hub.value::<i64>("select count(*) from job").await, 1);
}
