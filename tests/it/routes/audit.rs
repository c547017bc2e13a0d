//! `/api/audit-log`: reading, taking along, and trusting it.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use tandem::{db, flows::audit, policy::Plan};
use uuid::Uuid;

use crate::harness::{Browser, Company, TestHub};

/// Rows of two members and of Tandem, oldest first.
async fn log(hub: &TestHub, company: &Company) -> Uuid {
    let subject = Uuid::now_v7();
    let (owner, admin) = (Some(company.owner.id), Some(company.admin.id));
    for (member, action, on) in [
        (owner, "contact.created", Some(subject)),
        (admin, "contact.updated", Some(subject)),
        (None, "connection.paused", None),
        (owner, "contact.created", None),
        (owner, "=cmd|' /C calc'!A0", None),
    ] {
        let mut tx = hub.tenant(company).await;
        let detail = json!({ "note": "a,b \"c\"" });
        db::audit::append(&mut tx, member, action, on, &detail).await.unwrap();
        tx.commit().await.unwrap();
    }
    subject
}

async fn actions(browser: &Browser, query: &str) -> Vec<String> {
    let page = browser.get(&format!("/api/audit-log{query}")).await.expect(200);
    let items = page["items"].as_array().unwrap().iter();
    items.map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_log_is_read_by_who_what_and_when_and_by_managers_alone() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let globex = hub.company(Plan::Enterprise).await;
    let subject = log(&hub, &acme).await;
    log(&hub, &globex).await;
    let browser = &acme.admin.browser;
    assert_eq!(actions(browser, "").await.len(), 5, "newest first, and nobody else's");
    assert_eq!(actions(browser, "").await[4], "contact.created");
    let who = format!("?member={}", acme.admin.id);
    assert_eq!(actions(browser, &who).await, ["contact.updated"]);
    assert_eq!(actions(browser, "?action=contact.created").await.len(), 2);
    let what = format!("?subject={subject}&action=contact.created");
    assert_eq!(actions(browser, &what).await, ["contact.created"]);
    #[expect(clippy::disallowed_methods, reason = "the database's own time is what is asked for")]
    let at = |off: i64| (Utc::now() + TimeDelta::minutes(off)).format("%Y-%m-%dT%H:%M:%SZ");
    assert_eq!(actions(browser, &format!("?from={}&to={}", at(-5), at(5))).await.len(), 5);
    assert_eq!(actions(browser, &format!("?from={}", at(5))).await.len(), 0);
    assert_eq!(actions(browser, &format!("?to={}", at(-5))).await.len(), 0);
    let entry =
        browser.get(&who.replace('?', "/api/audit-log?")).await.expect(200)["items"][0].clone();
    assert_eq!((&entry["member"], &entry["position"]), (&json!("The admin"), &Value::Null));

    for bad in ["?action=X%27%20or%201", "?member=x", "?from=yesterday", "?cursor=x", "?limit=0"] {
        let answer = browser.get(&format!("/api/audit-log{bad}")).await;
        assert_eq!(answer.problem(400), "invalid", "{bad}");
    }
    let turned = format!("/api/audit-log?from={}&to={}", at(5), at(-5));
    assert_eq!(browser.get(&turned).await.json()["fields"][0]["field"], "to");
    for member in [&acme.golden_ticket, &acme.consultant] {
        for path in ["", "/export", "/verify"] {
            let answer = member.browser.get(&format!("/api/audit-log{path}")).await;
            assert_eq!(answer.problem(403), "forbidden");
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap_or_a_double() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let mut tx = hub.tenant(&acme).await;
    for _ in 0..7 {
        db::audit::append(&mut tx, None, "test.done", None, &json!({})).await.unwrap();
    }
    tx.commit().await.unwrap();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/audit-log?limit=3{cursor}");
        let page = acme.owner.browser.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let mut ordered = seen.clone();
    ordered.sort();
    ordered.dedup();
    ordered.reverse();
    assert_eq!((seen.len(), &seen), (7, &ordered));
}

#[tokio::test]
async fn an_export_holds_the_whole_log_in_order_and_no_formula_in_a_spreadsheet() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    log(&hub, &acme).await;
    // More than are read at a time.
    let mut tx = hub.tenant(&acme).await;
    for _ in 0..600 {
        db::audit::append(&mut tx, None, "test.done", None, &json!({})).await.unwrap();
    }
    tx.commit().await.unwrap();
    audit::seal(&hub.hub, acme.id).await.unwrap();

    let told = acme.owner.browser.get("/api/audit-log/export").await;
    assert_eq!(told.header("content-type"), "application/x-ndjson");
    assert!(told.header("content-disposition").contains("tandem-audit-log.ndjson"));
    let rows: Vec<Value> =
        told.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // Whoever takes it out is the last row, and not sealed yet.
    assert_eq!((rows.len(), &rows[605]["action"]), (606, &json!("audit.exported")));
    assert!((0..605).all(|at| rows[at]["position"] == at + 1), "in the order of the chain");
    let head = acme.owner.browser.get("/api/audit-log/verify").await.expect(200)["head"].clone();
    assert_eq!(rows[604]["hash"], head);

    let query = format!("/api/audit-log/export?format=csv&member={}", acme.owner.id);
    let sheet = acme.owner.browser.get(&query).await;
    assert_eq!(sheet.header("content-type"), "text/csv; charset=utf-8");
    let lines: Vec<&str> = sheet.text.split("\r\n").collect();
    assert!(lines[0].starts_with("\"time\",\"id\",\"member_id\",\"member\","), "{}", lines[0]);
    assert_eq!(lines.len(), 1 + 3 + 2 + 1);
    assert!(sheet.text.contains(",\"'=cmd|' /C calc'!A0\","), "{}", sheet.text);
    assert!(sheet.text.contains("\"{\"\"note\"\":\"\"a,b \\\"\"c\\\"\"\"\"}\""), "{}", sheet.text);
}

#[tokio::test]
async fn the_page_and_the_command_say_whether_the_chain_holds() {
    let hub = TestHub::new().await;
    let acme = hub.company(Plan::Enterprise).await;
    let globex = hub.company(Plan::Enterprise).await;
    for company in [&acme, &globex] {
        log(&hub, company).await;
        audit::seal(&hub.hub, company.id).await.unwrap();
    }
    let verdict = acme.owner.browser.get("/api/audit-log/verify").await.expect(200);
    assert_eq!((&verdict["holds"], &verdict["sealed"]), (&json!(true), &json!(5)));
    let run = |args: &[&str]| {
        std::process::Command::new(env!("CARGO_BIN_EXE_tandem"))
            .args(["audit", "verify"])
            .args(args)
            .env("TANDEM_ENV", "development")
            .env("TANDEM_PUBLIC_URL", &hub.url)
            .env("DATABASE_URL", hub.database.login_url())
            .env("TANDEM_MASTER_KEYS", hub.master_keys.trim())
            .env_remove("REDIS_URL")
            .output()
            .unwrap()
    };
    let good = run(&[]);
    let said = String::from_utf8(good.stdout).unwrap();
    assert_eq!(good.status.code(), Some(0), "{said} {}", String::from_utf8_lossy(&good.stderr));
    assert!(said.contains("{\"broken\":0,\"companies\":2,\"holds\":true}"), "{said}");

    sqlx::query(
        "update audit_log set detail = '{}' where company_id = $1 and action = 'connection.paused'",
    )
    .bind(globex.id)
    .execute(&hub.owner)
    .await
    .unwrap();
    let bad = run(&[]);
    let said = String::from_utf8(bad.stdout).unwrap();
    assert_eq!(bad.status.code(), Some(3), "{said}");
    assert!(said.contains("\"broken_at\":3") && said.contains("\"broken\":1"), "{said}");
    assert_eq!(run(&["--company", &acme.id.to_string()]).status.code(), Some(0));
    assert_eq!(run(&["--company", &globex.id.to_string()]).status.code(), Some(3));
    assert_eq!(run(&["--company", &Uuid::now_v7().to_string()]).status.code(), Some(1));
    let verdict = globex.owner.browser.get("/api/audit-log/verify").await.expect(200);
    assert_eq!((&verdict["holds"], &verdict["broken_at"]), (&json!(false), &json!(3)));
}
