//! What the members of a company do all day, with something of every kind left behind.

use serde_json::{Value, json};
use tandem::jobs;

use super::seed::request_name;
use crate::{
    connections::slug,
    harness::{Company, TestHub},
};

/// Contacts by hand and by import, for every member, with all that hangs on them.
pub(super) async fn work_in(hub: &TestHub, company: &Company, account: u64) {
    let sync = format!("/api/integrations/{}/sync", slug());
    for member in company.members() {
        for copy in 0..2 {
            let contact = json!({
                "full_name": format!("Canary {} {account} {copy}", member.role),
                "emails": [{ "value": format!("{}.{account}.{copy}@canary.example", member.role) }],
                "phones": [{ "value": format!("+4930{account}{copy}{}", member.email.len()) }],
                "organization_name": format!("Canary Works {account} {copy}"),
                "tags": [format!("canary-tag-{account}")],
            });
            let request = member.browser.request(reqwest::Method::POST, "/api/contacts");
            let request = request.header("idempotency-key", request_name(account, copy));
            member.browser.send(request.json(&contact)).await.expect(201);
        }
    }
    for member in [&company.owner, &company.consultant] {
        member.browser.post(&sync, json!({ "mode": "full" })).await.expect(202);
        jobs::drain(&hub.hub).await.unwrap();
        member.browser.post(&sync, json!({ "mode": "incremental" })).await.expect(202);
        jobs::drain(&hub.hub).await.unwrap();
    }
    log_activities(hub, company, account).await;
    run_campaigns(company, account).await;
    put_off(hub, company).await;
    keep_filters(company, account).await;
    let runs = company.owner.browser.get("/api/sync-logs").await.expect(200);
    assert_eq!(runs["items"].as_array().unwrap().len(), 4, "{runs}");
    assert!(runs["items"].as_array().unwrap().iter().all(|run| run["state"] == "completed"));
    bring_files(hub, company, account).await;
    // One that failed: it can be resumed.
    sqlx::query(
        "update sync_run set state = 'failed', finished_at = now()
         where run_id = (
             select run_id from sync_run where company_id = $1 order by run_id desc limit 1
         )",
    )
    .bind(company.id)
    .execute(&hub.owner)
    .await
    .unwrap();
}

/// Every member brings a file that is imported, with rows that wait to be corrected, and one that is
/// not started.
async fn bring_files(hub: &TestHub, company: &Company, account: u64) {
    for member in company.members() {
        for is_started in [true, false] {
            let text = format!(
                "Name,Mail\nCanary row {0} {account},\nCanary bad {0} {account},nowhere\n\
                 Canary worse {0} {account},nobody\n",
                member.role
            );
            let request = member.browser.request(reqwest::Method::POST, "/api/imports/csv");
            let request = request.header("content-type", "text/csv").body(text);
            let file = member.browser.send(request).await.expect(201);
            if is_started {
                let path = format!("/api/imports/csv/{}/start", file["id"].as_str().unwrap());
                let form = json!({ "charset": file["charset"], "delimiter": file["delimiter"],
                    "header": file["header"], "columns": file["columns"] });
                member.browser.post(&path, form).await.expect(202);
                jobs::drain(&hub.hub).await.unwrap();
            }
        }
    }
    // What is in them is kept until a run has read it to its end.
    sqlx::query(
        "insert into csv_chunk (company_id, file_id, seq, bytes)
         select company_id, file_id, 7, '\\x00' from csv_file where company_id = $1",
    )
    .bind(company.id)
    .execute(&hub.owner)
    .await
    .unwrap();
}

/// Two campaigns with all contacts and people.
async fn run_campaigns(company: &Company, account: u64) {
    let people: Vec<String> =
        company.members().iter().map(|member| member.id.to_string()).collect();
    for copy in 0..2 {
        let browser = &company.golden_ticket.browser;
        let form = json!({ "name": format!("Canary campaign {account} {copy}"),
            "description": format!("Canary description {account}"), "member_ids": people });
        let made = browser.post("/api/campaigns", form).await.expect(201);
        let path = format!("/api/campaigns/{}/assign-contacts", made["id"].as_str().unwrap());
        let note = format!("Canary outreach {account}");
        let form = json!({ "filter": {}, "outreach": "CALL", "note": note });
        let assigned = browser.post(&path, form).await.expect(200);
        assert!(assigned["added"].as_u64().unwrap() > 8, "{assigned}");
    }
}

/// Every member keeps a filter.
async fn keep_filters(company: &Company, account: u64) {
    for member in company.members() {
        let form = json!({ "name": format!("Canary filter {account}"),
            "filter": { "search": format!("canary {account}"), "owner": member.id.to_string() } });
        member.browser.post("/api/saved-filters", form).await.expect(201);
    }
}

/// Every member puts off a contact of theirs.
async fn put_off(hub: &TestHub, company: &Company) {
    let until = hub.clock.now() + chrono::TimeDelta::days(30);
    for member in company.members() {
        let best = member.browser.get("/api/contacts/suggested?limit=1").await.expect(200);
        let id = best["items"][0]["contact"]["id"].as_str().unwrap();
        let path = format!("/api/contacts/{id}/snooze");
        member.browser.post(&path, json!({ "until": until })).await.expect(200);
    }
}

/// Meetings of every member with contacts of theirs, told to the CRM; and leads that failed, so that
/// they can be retried, with a choice to make.
async fn log_activities(hub: &TestHub, company: &Company, account: u64) {
    for member in company.members() {
        let contacts =
            member.browser.get("/api/contacts?search=canary&limit=200").await.expect(200);
        let mine = |contact: &&Value| contact["owner"]["member_id"] == member.id.to_string();
        for contact in contacts["items"].as_array().unwrap().iter().filter(mine) {
            let form = json!({
                "contact_id": contact["id"], "kind": "MEETING", "booked": true,
                "subject": format!("Canary meeting {account} {}", member.role),
                "note": format!("Canary note {account}"),
            });
            member.browser.post("/api/activities", form).await.expect(201);
        }
    }
    jobs::drain(&hub.hub).await.unwrap();
    for sql in [
        "update delivery set state = 'failed', cause = 'ambiguous',
             candidates = jsonb_build_array(jsonb_build_object('remote_id', 'nobodys', 'name', 'Canary'))
         where company_id = $1 and delivery_id in (
             select delivery_id from delivery where company_id = $1 and kind = 'warm_lead'
             order by delivery_id limit 4
         )",
        "insert into member_remote_user (company_id, connection_id, member_id, remote_user_id)
         select company_id, connection_id, member_id, '1'
         from connection join member using (company_id)
         where company_id = $1 on conflict do nothing",
    ] {
        sqlx::query(sql).bind(company.id).execute(&hub.owner).await.unwrap();
    }
}
