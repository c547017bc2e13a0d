//! The chain of the audit log.

use serde_json::json;
use tandem::{db, flows::audit, policy::Plan};

use crate::harness::{Company, TestHub};

async fn log(hub: &TestHub, company: &Company, rows: usize) {
    let mut tx = hub.tenant(company).await;
    for number in 0..rows {
        let detail = json!({ "b": number, "a": { "y": 1, "x": [1.5, null, "ü"] } });
        db::audit::append(&mut tx, Some(company.owner.id), "test.done", None, &detail)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_sealed_log_verifies_and_goes_on_where_it_ended() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let globex = hub.company(Plan::Free).await;
    log(&hub, &acme, 1_001).await;
    log(&hub, &globex, 1).await;
    assert_eq!(audit::seal(&hub.hub, acme.id).await.unwrap(), 1_001);
    assert_eq!(audit::seal(&hub.hub, acme.id).await.unwrap(), 0);
    let first = audit::verify(&hub.hub, acme.id).await.unwrap();
    assert_eq!((first.sealed, first.unsealed, first.broken_at), (1_001, 0, None));

    log(&hub, &acme, 2).await;
    assert_eq!(audit::verify(&hub.hub, acme.id).await.unwrap().unsealed, 2);
    audit::seal(&hub.hub, acme.id).await.unwrap();
    let then = audit::verify(&hub.hub, acme.id).await.unwrap();
    assert_eq!((then.sealed, then.broken_at), (1_003, None));
    assert_ne!(then.head, first.head);
    let kept: bool =
        sqlx::query_scalar("select exists (select from audit_seal where encode(hash, 'hex') = $1)")
            .bind(first.head)
            .fetch_one(&hub.owner)
            .await
            .unwrap();
    assert!(kept, "an older head is still among the seals");
}

#[tokio::test]
async fn whoever_changes_drops_or_slips_in_a_row_is_found() {
    let hub = TestHub::new().await;
    for (forgery, at) in [
        ("update audit_log set detail = '{}' where audit_id = $1", Some(3)),
        ("update audit_log set member_id = null where audit_id = $1", Some(3)),
        ("update audit_log set api_key_id = gen_random_uuid() where audit_id = $1", Some(3)),
        (
            "update audit_log set created_at = created_at + interval '1 s' where audit_id = $1",
            Some(3),
        ),
        (
            "with gone as (delete from audit_seal where audit_id = $1 returning 1)
          delete from audit_log where audit_id = $1 and (select count(*) from gone) >= 0",
            Some(3),
        ),
        ("update audit_seal set hash = sha256('x') where audit_id = $1", Some(3)),
        ("update audit_log set action = action where audit_id = $1", None),
    ] {
        let acme = hub.company(Plan::Free).await;
        log(&hub, &acme, 5).await;
        audit::seal(&hub.hub, acme.id).await.unwrap();
        let third: uuid::Uuid = sqlx::query_scalar(
            "select audit_id from audit_seal where company_id = $1 and position = 3",
        )
        .bind(acme.id)
        .fetch_one(&hub.owner)
        .await
        .unwrap();
        let mut owner = hub.owner.begin().await.unwrap();
        // The foreign key is no part of the proof: its owner can drop it.
        sqlx::query("set local session_replication_role = replica")
            .execute(&mut *owner)
            .await
            .unwrap();
        sqlx::query(forgery).bind(third).execute(&mut *owner).await.unwrap();
        owner.commit().await.unwrap();
        assert_eq!(audit::verify(&hub.hub, acme.id).await.unwrap().broken_at, at, "{forgery}");
    }
}

#[tokio::test]
async fn two_sealers_at_once_make_one_chain() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    log(&hub, &acme, 300).await;
    let (one, other) = tokio::join!(audit::seal(&hub.hub, acme.id), audit::seal(&hub.hub, acme.id));
    assert_eq!(one.unwrap() + other.unwrap(), 300);
    let verdict = audit::verify(&hub.hub, acme.id).await.unwrap();
    assert_eq!((verdict.sealed, verdict.broken_at), (300, None));
}

#[tokio::test]
async fn a_row_committed_late_is_sealed_late_and_not_forgotten() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let mut slow = hub.tenant(&acme).await;
    db::audit::append(&mut slow, None, "slow", None, &json!({})).await.unwrap();
    log(&hub, &acme, 2).await;
    assert_eq!(audit::seal(&hub.hub, acme.id).await.unwrap(), 2);
    slow.commit().await.unwrap();
    assert_eq!(audit::seal(&hub.hub, acme.id).await.unwrap(), 1);
    let verdict = audit::verify(&hub.hub, acme.id).await.unwrap();
    assert_eq!((verdict.sealed, verdict.unsealed, verdict.broken_at), (3, 0, None));
}

#[tokio::test]
async fn nothing_is_logged_for_what_was_rolled_back() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let mut tx = hub.tenant(&acme).await;
    db::audit::append(&mut tx, None, "never", None, &json!({})).await.unwrap();
    drop(tx);
    assert_eq!(audit::seal(&hub.hub, acme.id).await.unwrap(), 0);
}
