//! What each key opens, and what it does not.

use serde_json::json;
use tandem::{db, db::Scope, policy::Plan};

use super::Raw;
use crate::harness::TestHub;

/// Every table of the schema.
async fn tables(hub: &TestHub) -> Vec<String> {
    sqlx::query_scalar(
        "select relname::text from pg_class
         where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
           and relname <> '_sqlx_migrations' order by 1",
    )
    .fetch_all(&hub.owner)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_login_alone_reads_nothing() {
    let hub = TestHub::new().await;
    let mut raw = Raw::new(&hub).await;
    for table in tables(&hub).await {
        let error = raw.run(&format!("select from {table}")).await.unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{table}: {error}");
    }
}

#[tokio::test]
async fn a_missing_company_is_an_error_and_never_an_empty_page() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let mut raw = Raw::new(&hub).await;
    raw.begin("tandem_tenant", None, None).await;
    let never_set = raw.attempt("select * from member").await.unwrap_err();
    raw.rollback().await;
    // After a scoped transaction the setting is '' rather than unset; that must fail too.
    raw.tenant(acme.id).await;
    raw.run("commit").await.unwrap();
    raw.begin("tandem_tenant", None, None).await;
    let left_over = raw.attempt("select * from member").await.unwrap_err();

    assert!(never_set.contains("tandem.company_id"), "{never_set}");
    assert!(left_over.contains("invalid input syntax for type uuid"), "{left_over}");
}

#[tokio::test]
async fn an_unset_scope_shows_no_contact() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    acme.admin.browser.post("/api/contacts", json!({ "full_name": "A" })).await.expect(201);
    let mut raw = Raw::new(&hub).await;
    raw.tenant(acme.id).await;
    assert_eq!(raw.count("select count(*) from contact").await, 1);
    raw.run("select set_config('tandem.scope', '', true)").await.unwrap();
    assert_eq!(raw.count("select count(*) from contact").await, 0);
}

#[tokio::test]
async fn the_runner_sees_the_queue_and_nothing_else() {
    let hub = TestHub::new().await;
    hub.company(Plan::Free).await;
    let mut raw = Raw::new(&hub).await;
    raw.begin("tandem_runner", None, None).await;
    for table in tables(&hub).await {
        let read = raw.attempt(&format!("select * from {table}")).await;
        match table.as_str() {
            "job" | "lane" => assert!(read.is_ok(), "{table}: {read:?}"),
            _ => assert!(read.unwrap_err().contains("permission denied"), "{table}"),
        }
    }
    assert_eq!(raw.count("select count(company_id) from company").await, 1);
    assert_eq!(raw.count("select count(due_at) from poll").await, 0);
    for sql in [
        "select name from company",
        "select reason from poll",
        "update poll set due_at = now()",
        "insert into job default values",
        "update company set plan = 'x'",
    ] {
        assert!(raw.attempt(sql).await.unwrap_err().contains("permission denied"), "{sql}");
    }
}

#[tokio::test]
async fn the_door_sees_who_enters_and_no_companys_work() {
    let hub = TestHub::new().await;
    let mut raw = Raw::new(&hub).await;
    raw.begin("tandem_door", None, None).await;
    let open = [
        "app_user",
        "company",
        "door_mail",
        "key_rotation",
        "master_key",
        "member",
        "password_reset",
        "pending_installation",
        "recovery_code",
        "second_factor",
        "session",
        "signup",
    ];
    for table in tables(&hub).await {
        let read = raw.attempt(&format!("select * from {table}")).await;
        if open.contains(&table.as_str()) {
            assert!(read.is_ok(), "{table}: {read:?}");
        } else {
            assert!(read.unwrap_err().contains("permission denied"), "{table}");
        }
    }
    for sql in [
        "update member set role = 'owner'",
        "update company set plan = 'teams'",
        "update invitation set role = 'owner'",
        "delete from company",
    ] {
        assert!(raw.attempt(sql).await.unwrap_err().contains("permission denied"), "{sql}");
    }
}

#[tokio::test]
async fn tenants_do_not_reach_the_door() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let mut raw = Raw::new(&hub).await;
    raw.tenant(acme.id).await;
    for table in [
        "app_user",
        "session",
        "signup",
        "password_reset",
        "door_mail",
        "master_key",
        "pending_installation",
        "key_rotation",
    ] {
        let read = raw.attempt(&format!("select * from {table}")).await;
        assert!(read.unwrap_err().contains("permission denied"), "{table}");
    }
}

#[tokio::test]
async fn what_is_opened_for_reading_cannot_write() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let mut tx = hub.db.tenant_reading(acme.id, Scope::All).await.unwrap();
    let error = db::book::count(&mut tx, 1).await.unwrap_err();
    assert!(format!("{error:?}").contains("read-only transaction"), "{error:?}");
}

#[tokio::test]
async fn the_audit_log_can_be_written_and_not_rewritten() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Free).await;
    let mut tx = hub.tenant(&acme).await;
    db::audit::append(&mut tx, Some(acme.owner.id), "test.done", None, &json!({})).await.unwrap();
    tx.commit().await.unwrap();
    let mut raw = Raw::new(&hub).await;
    raw.tenant(acme.id).await;
    for sql in [
        "update audit_log set action = 'x'",
        "delete from audit_log",
        "truncate audit_log",
        "update audit_seal set position = 1",
        "delete from audit_seal",
    ] {
        assert!(raw.attempt(sql).await.unwrap_err().contains("permission denied"), "{sql}");
    }
}
