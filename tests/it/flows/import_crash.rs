//! Workers that die without a word: the real binary, killed while it imports.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::json;
use tandem::{jobs, policy::Plan};

use super::stage::{Stage, slug};

/// A worker process; killed when dropped.
struct Worker(Child);

impl Worker {
    fn start(stage: &Stage) -> Self {
        let name = slug().to_uppercase();
        let folder = std::env::temp_dir().join(format!("tandem-{}", uuid::Uuid::new_v4()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_tandem"));
        command
            .arg("work")
            .env_clear()
            .env("TANDEM_WITHOUT_WEBHOOKS", "true")
            .env("TANDEM_ENV", "development")
            .env("TANDEM_LOG", "warn")
            .env("TANDEM_DATA_DIR", folder)
            .env("TANDEM_PUBLIC_URL", &stage.hub.url)
            .env("TANDEM_MASTER_KEYS", &stage.hub.master_keys)
            .env("DATABASE_URL", stage.hub.database.login_url())
            .env(format!("{name}_CLIENT_ID"), stage.client().0)
            .env(format!("{name}_CLIENT_SECRET"), stage.client().1)
            .env(format!("TANDEM_CRM_{name}_OAUTH_URL"), &stage.crm.url)
            .env(format!("TANDEM_CRM_{name}_API_URL"), &stage.crm.url)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// SIGKILL, as the kernel does it when memory runs out.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn pages(stage: &Stage) -> i32 {
    stage.hub.value("select page from sync_run").await
}

/// Waits until the run has moved on by this many pages; fails when the worker ended instead.
async fn moved(stage: &Stage, worker: &mut Worker, from: i32, by: i32) {
    for _ in 0..1_500 {
        if pages(stage).await >= from + by {
            return;
        }
        assert!(worker.0.try_wait().unwrap().is_none(), "the worker ended by itself");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the worker does not move");
}

/// The contacts of a company without what two imports may not share: ids and times.
async fn people(stage: &Stage, company: tandem::domain::CompanyId) -> Vec<String> {
    sqlx::query_scalar(
        "select jsonb_build_array(full_name, first_name, last_name, emails, phones,
                    organization_name, source, tags, custom_fields, search)::text
         from contact where company_id = $1 order by 1",
    )
    .bind(company)
    .fetch_all(&stage.hub.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_worker_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    let stage = Stage::of(2_200).await;
    stage.control("POST", "/latency", json!({ "ms": 40 })).await;
    let run = stage.start(json!({ "mode": "full" })).await;

    let mut kills = 0;
    // Somewhere in the work on the page after: while it is fetched, planned or written.
    for (by, then_ms) in [(1, 15), (3, 40), (2, 75), (2, 5)] {
        let from = pages(&stage).await;
        let mut worker = Worker::start(&stage);
        moved(&stage, &mut worker, from, by).await;
        tokio::time::sleep(Duration::from_millis(then_ms)).await;
        worker.kill();
        kills += 1;
        assert_eq!(stage.run(&run).await["state"], "running", "killed too late");
        // What the lease is for, without waiting for it.
        stage.sql("update job set lease_until = now() - interval '1 second'").await;
    }
    stage.control("POST", "/latency", json!({ "ms": 0 })).await;
    jobs::tick(&stage.hub.hub).await;
    stage.work().await;

    let seen = stage.run(&run).await;
    stage.holds_the_truth(&seen).await;
    assert_eq!(kills, 4);
    assert_eq!((stage.count("job").await, stage.count("lane where inflight <> 0").await), (0, 0));
    let logged = stage.count("sync_entry, unnest(remote_ids) remote_id").await;
    let unchanged = seen["counts"]["unchanged"].as_i64().unwrap();
    assert_eq!(logged, seen["seen"].as_i64().unwrap() - unchanged);
    let twice = "(select from sync_entry, unnest(remote_ids) remote_id
                  group by remote_id having count(*) > 1) twice";
    assert_eq!(stage.count(twice).await, 0);

    let clean = stage.hub.company(Plan::Business).await;
    stage.connect(&clean.owner.browser).await;
    stage.start_as(&clean.owner.browser, json!({ "mode": "full" })).await;
    stage.work().await;
    assert!(people(&stage, clean.id).await == people(&stage, stage.acme.id).await, "another book");
}
