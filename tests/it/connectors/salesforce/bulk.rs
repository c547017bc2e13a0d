//! First imports of many: by a job of the org, and all the same by keys where there is none.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use tandem::{
    connectors::{CrmError, Cursor, From, Page},
    domain::RemotePerson,
    sandbox::SandboxConfig,
};

use super::connector;
use crate::connectors::stage::Stage;

/// The first page, and more than ten thousand behind it.
const PERSONS: u32 = 12_300;

async fn large() -> Stage {
    let config =
        SandboxConfig { persons: PERSONS, organizations: 20, deals: 0, ..SandboxConfig::default() };
    Stage::of(connector(), config, Duration::from_secs(20)).await
}

async fn page(stage: &Stage, cursor: Option<&Cursor>) -> Result<Page<RemotePerson>, CrmError> {
    let from = From { cursor: cursor.cloned(), ..From::default() };
    stage.connector.persons(&stage.api, &from).await
}

/// Everybody from a place on, and how many pages it took.
async fn rest(stage: &Stage, mut next: Option<Cursor>) -> (Vec<RemotePerson>, usize) {
    let (mut all, mut pages) = (Vec::new(), 0);
    while let Some(cursor) = next {
        let mut page = page(stage, Some(&cursor)).await.unwrap();
        assert_eq!(page.quarantined, []);
        all.append(&mut page.items);
        (next, pages) = (page.next, pages + 1);
    }
    (all, pages)
}

async fn jobs(stage: &Stage) -> Value {
    stage.control("GET", "/jobs", json!({})).await
}

#[tokio::test]
async fn many_come_by_a_job_that_is_taken_up_again_and_are_the_same_as_by_keys() {
    let stage = large().await;
    let first = page(&stage, None).await.unwrap();
    let cursor = first.next.clone().unwrap();
    assert!(cursor.as_str().starts_with("b.750"), "{cursor:?}");
    assert_eq!(jobs(&stage).await, json!({ "made": 1, "left": 1 }));
    let (many, pages) = rest(&stage, first.next).await;
    // Three pages of results, and one that ends the job.
    assert_eq!((first.items.len() + many.len(), pages), (PERSONS as usize, 4));
    assert_eq!(jobs(&stage).await, json!({ "made": 1, "left": 0 }));

    // By keys, from the same place: to the last custom field the same people.
    let after = cursor.as_str().split('.').nth(2).unwrap();
    let (mut slow, _) = rest(&stage, Cursor::parse(&format!("i.{after}"))).await;
    let mut many = many;
    for people in [&mut many, &mut slow] {
        people.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
    }
    let differ = many.iter().zip(&slow).find(|(fast, slow)| fast != slow);
    assert_eq!((many.len(), differ), (slow.len(), None));

    // Whoever lost the worker comes with the cursor of before: the job is over, nobody is lost.
    let (again, _) = rest(&stage, Some(cursor)).await;
    assert_eq!(again.len(), many.len());
    assert_eq!(jobs(&stage).await["made"], 1, "and no other is made for it");
}

#[tokio::test]
async fn a_job_that_fails_or_is_forbidden_leaves_the_walk_by_keys() {
    let stage = large().await;
    stage.control("POST", "/jobs", json!({ "fail": true })).await;
    let first = page(&stage, None).await.unwrap();
    let nobody = page(&stage, first.next.as_ref()).await.unwrap();
    assert_eq!((nobody.items.len(), jobs(&stage).await["made"].clone()), (0, json!(1)));
    assert!(nobody.next.as_ref().unwrap().as_str().starts_with("i.003"));
    let second = page(&stage, nobody.next.as_ref()).await.unwrap();
    let seen: BTreeSet<&str> = first.items.iter().map(|one| one.id.as_str()).collect();
    assert!(second.items.iter().all(|one| !seen.contains(one.id.as_str())));
    assert_eq!(second.items.len(), 2_000);

    let no = json!({ "kind": "status_5xx", "status": 403, "path": "/jobs/query", "times": 9 });
    stage.control("POST", "/faults", no).await;
    let first = page(&stage, None).await.unwrap();
    assert!(first.next.unwrap().as_str().starts_with("i.003"));
    // Neither a delta nor a page that somebody browses begins a job.
    let part = From { limit: Some(2_000), ..From::default() };
    let part = stage.connector.persons(&stage.api, &part).await.unwrap();
    assert!(part.next.unwrap().as_str().starts_with("i.003"));
    assert_eq!(jobs(&stage).await["made"], 1);
}
