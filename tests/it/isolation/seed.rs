//! Two companies with one of everything, made through the API and by real imports.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tandem::{flows, policy::Plan};

use super::{
    document::{Names, offers},
    work::work_in,
};
use crate::{
    connections::{ALPEN, Crm, NORDWIND, callback, connected_page, install::waiting_at, slug},
    harness::{Browser, Company, TestHub, impatient},
};

pub(super) struct World {
    pub(super) hub: TestHub,
    #[expect(dead_code, reason = "it answers as long as it is kept")]
    crm: Crm,
    pub(super) acme: Company,
    pub(super) globex: Company,
    /// What is foreign to Acme, by what it names.
    pub(super) foreign: Foreign,
    /// Every table that belongs to companies.
    tables: Vec<String>,
    /// What opens Acme as its owner to a script.
    pub(super) key: Option<String>,
}

/// Values of somebody else, and what must never be told of them.
pub(super) struct Foreign {
    pub(super) values: BTreeMap<Names, Vec<String>>,
    /// Cursors, by operation.
    pub(super) cursors: BTreeMap<String, String>,
    pub(super) secrets: Vec<String>,
}

impl World {
    pub(super) async fn seeded() -> Self {
        let crm = Crm::start().await;
        let hub = TestHub::with(|config| {
            crm.offer(config);
            impatient(config);
        })
        .await;
        let acme = hub.company(Plan::Business).await;
        let globex = hub.company(Plan::Business).await;
        for company in [&acme, &globex] {
            // Four members are more than the plan's seats.
            hub.plan(company, Plan::Enterprise).await;
            invite(company).await;
            hub.plan(company, Plan::Business).await;
        }
        for (company, account) in [(&acme, NORDWIND), (&globex, ALPEN)] {
            connect(&crm, company, account).await;
            work_in(&hub, company, account).await;
        }
        make_keys(&globex).await;
        let key = make_keys(&acme).await;
        what_is_seldom(&hub, &crm, &globex).await;
        let tables = tables(&hub).await;
        let foreign = foreign(&hub, &crm, &acme, &globex, &tables).await;
        Self { hub, crm, acme, globex, foreign, tables, key }
    }

    /// Tables with a row of each company; a table without one would prove nothing.
    pub(super) async fn empty_tables(&self) -> Vec<String> {
        let mut empty = Vec::new();
        for table in &self.tables {
            let rows: i64 = self.count(table).await;
            if rows == 0 {
                empty.push(table.clone());
            }
        }
        empty
    }

    async fn count(&self, table: &str) -> i64 {
        let sql = format!("select count(*) from {table} where company_id = $1");
        sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(self.globex.id)
            .fetch_one(&self.hub.owner)
            .await
            .unwrap()
    }

    /// A sum over every row of a company in every table.
    pub(super) async fn sum(&self, company: &Company) -> String {
        self.sum_but(company, &[]).await
    }

    /// The same without some tables.
    pub(super) async fn sum_but(&self, company: &Company, left_out: &[&str]) -> String {
        let parts: Vec<String> = self
            .tables
            .iter()
            .filter(|table| !left_out.contains(&table.as_str()))
            .map(|table| {
                format!(
                    "(select '{table} ' || count(*) || ' ' ||
                         coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '')
                      from {table} t where company_id = $1)"
                )
            })
            .collect();
        let sql = format!("select concat_ws('; ', {})", parts.join(", "));
        sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(company.id)
            .fetch_one(&self.hub.owner)
            .await
            .unwrap()
    }

    /// Puts Acme's plan and connection into a state.
    pub(super) async fn arrange(&self, plan: Plan, connection: &str) {
        for (sql, value) in [
            ("update company set plan = $2 where company_id = $1", plan.word()),
            ("update connection set state = $2 where company_id = $1", connection),
        ] {
            sqlx::query(sql).bind(self.acme.id).bind(value).execute(&self.hub.owner).await.unwrap();
        }
    }

    /// Takes back what an operation began for Acme, so that the next one finds what it found.
    pub(super) async fn settle(&self) {
        for sql in [
            "delete from sync_run where company_id = $1 and state = 'queued'",
            "delete from delivery where company_id = $1 and state in ('queued', 'held')",
            "delete from job where company_id = $1",
        ] {
            sqlx::query(sql).bind(self.acme.id).execute(&self.hub.owner).await.unwrap();
        }
        // Allowances per minute are not what is tried here.
        self.hub.clock.advance(chrono::TimeDelta::seconds(1));
    }
}

async fn connect(crm: &Crm, company: &Company, account: u64) {
    let browser = &company.owner.browser;
    let begun = browser.get(&format!("/api/integrations/{}/connect", slug())).await;
    let back = crm.consent(begun.header("location"), "allow", account).await;
    assert!(back.starts_with(&callback("")), "{back}");
    assert_eq!(browser.get(&back).await.header("location"), connected_page());
}

/// What a company's members call their requests.
pub(super) fn request_name(account: u64, copy: u32) -> String {
    format!("canary-request-{account}-{copy}")
}

/// A key for scripts of every member, where there are any; the owner's secret.
async fn make_keys(company: &Company) -> Option<String> {
    if !offers("create_api_key") {
        return None;
    }
    let mut first = None;
    for member in company.members() {
        let form =
            json!({ "name": format!("Canary key {}", member.id), "role": member.role.word() });
        let made = member.browser.post("/api/api-keys", form).await.expect(201);
        first.get_or_insert_with(|| made["secret"].as_str().unwrap().to_owned());
    }
    first
}

async fn keys_of(company: &Company) -> Vec<String> {
    if !offers("list_api_keys") {
        return Vec::new();
    }
    let keys = company.owner.browser.get("/api/api-keys").await.expect(200);
    let ids = keys["items"].as_array().unwrap().iter();
    ids.map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

/// Somebody whom a company has asked in.
async fn invite(company: &Company) {
    let form = json!({ "email": format!("canary@{}.example", company.id), "role": "admin" });
    company.owner.browser.post("/api/team/invitations", form).await.expect(201);
}

/// Rows that come and go: a token that was refreshed, a sealed log, an import that is queued, and
/// what a full run remembers of its pages until it ends.
async fn what_is_seldom(hub: &TestHub, crm: &Crm, company: &Company) {
    let sql = async |sql: &'static str| {
        sqlx::query(sql).bind(company.id).execute(&hub.owner).await.unwrap().rows_affected()
    };
    crm.control("/tokens/expire", json!({})).await;
    sql("update connection set token_expires_at = now() - interval '1 min' where company_id = $1")
        .await;
    let people = format!("/api/integrations/{}/contacts?limit=1", slug());
    company.owner.browser.get(&people).await.expect(200);
    flows::audit::seal(&hub.hub, company.id).await.unwrap();
    sql("insert into connection_installer
             (company_id, connection_id, account_user_id, account_user, installed_at)
         select company_id, connection_id, '20102', 'Ivo Imhof', now() from connection
         where company_id = $1")
    .await;
    sql("insert into hook_channel
             (company_id, connection_id, channel_id, token_hash, secret_hash, asked_at)
         select company_id, connection_id, connection_id, sha256($1::text::bytea),
                sha256($1::text::bytea), now()
         from connection where company_id = $1::uuid")
    .await;
    sql("insert into hook_event (company_id, connection_id, event_key, remote_id, received_at)
         select company_id, connection_id, sha256($1::text::bytea), '1', now() from connection
         where company_id = $1::uuid")
    .await;
    sql("insert into poll (company_id, connection_id, due_at)
         select company_id, connection_id, now() + interval '1 day' from connection
         where company_id = $1::uuid
         on conflict do nothing")
    .await;
    sql("insert into reminder_mail (company_id, member_id, day)
         select company_id, member_id, current_date from member where company_id = $1")
    .await;
    sql("insert into activity_reminder (company_id, activity_id, due_at, member_id, day)
         select company_id, activity_id, due_at, member_id, current_date from activity
         where company_id = $1 and member_id is not null")
    .await;
    for paid in [
        "insert into billing_account (company_id, livemode, customer_id, created_at)
         values ($1, false, 'cus_' || $1::uuid, now())",
        "insert into billing_subscription
             (company_id, livemode, subscription_id, status, started_at)
         values ($1, false, 'sub_' || $1::uuid, 'active', now())",
        "insert into billing_event
             (company_id, livemode, event_id, kind, made_at, received_at)
         values ($1, false, 'evt_' || $1::uuid, 'invoice.paid', now(), now())",
    ] {
        sql(paid).await;
    }
    sql("insert into sync_seen (company_id, run_id, page, remote_ids)
         select company_id, run_id, 1, '{1}' from sync_run
         where company_id = $1 and state = 'failed'")
    .await;
    let sync = format!("/api/integrations/{}/sync", slug());
    company.admin.browser.post(&sync, json!({ "mode": "full" })).await.expect(202);
}

async fn tables(hub: &TestHub) -> Vec<String> {
    sqlx::query_scalar(
        "select table_name::text from information_schema.columns
         join information_schema.tables using (table_schema, table_name)
         where table_schema = 'public' and column_name = 'company_id' and table_type = 'BASE TABLE'
           -- Whoever looks is seen; nothing else of it changes.
           and table_name <> 'session'
         order by 1",
    )
    .fetch_all(&hub.owner)
    .await
    .unwrap()
}

async fn column(hub: &TestHub, company: &Company, sql: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
        .bind(company.id)
        .fetch_all(&hub.owner)
        .await
        .unwrap()
}

/// An install that waits in the browser of their owner.
async fn install(hub: &TestHub, crm: &Crm, company: &Company) -> String {
    let redirect = format!("{}/api/integrations/{}/callback", hub.url, slug());
    let wish = json!({ "company_id": ALPEN, "redirect_uri": redirect });
    let told = crm.control("/install", wish).await;
    let code = told["location"].as_str().unwrap().split_once('?').unwrap().1.to_owned();
    waiting_at(&company.owner.browser.get(&callback(&code)).await)
}

async fn foreign(
    hub: &TestHub,
    crm: &Crm,
    ours: &Company,
    theirs: &Company,
    tables: &[String],
) -> Foreign {
    let ids = |table: &str, id: &str| {
        format!("select {id}::text from {table} where company_id = $1 order by 1")
    };
    let values = BTreeMap::from([
        (Names::Company, vec![theirs.id.to_string()]),
        (Names::Contact, column(hub, theirs, &ids("contact", "contact_id")).await),
        (Names::Member, column(hub, theirs, &ids("member", "member_id")).await),
        (Names::Run, column(hub, theirs, &ids("sync_run", "run_id")).await),
        (Names::File, column(hub, theirs, &ids("csv_file", "file_id")).await),
        (Names::Activity, column(hub, theirs, &ids("activity", "activity_id")).await),
        (Names::Campaign, column(hub, theirs, &ids("campaign", "campaign_id")).await),
        (Names::SavedFilter, column(hub, theirs, &ids("saved_filter", "filter_id")).await),
        (Names::Delivery, column(hub, theirs, &ids("delivery", "delivery_id")).await),
        (Names::ApiKey, keys_of(theirs).await),
        (Names::Session, column(hub, theirs, &ids("session", "session_id")).await),
        (Names::Invitation, column(hub, theirs, &ids("invitation", "invitation_id")).await),
        (Names::Installation, vec![install(hub, crm, theirs).await]),
        (Names::Request, (0..2).map(|copy| request_name(ALPEN, copy)).collect()),
        (Names::Remote, column(hub, theirs, &ids("mapping", "remote_id")).await),
    ]);
    let mut secrets = BTreeSet::new();
    for table in tables {
        // Whatever looks like an id in any row, whichever column it is in.
        let all = format!(
            "select distinct (regexp_matches(t::text,
                 '[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}', 'g'))[1]
             from {table} t where company_id = $1"
        );
        let own: BTreeSet<String> = column(hub, ours, &all).await.into_iter().collect();
        secrets.extend(column(hub, theirs, &all).await.into_iter().filter(|id| !own.contains(id)));
    }
    for sql in [
        "select full_name from contact where company_id = $1 and full_name is not null",
        "select value from identifier where company_id = $1",
        "select name from organization where company_id = $1",
        "select email from member where company_id = $1",
        "select email from invitation where company_id = $1",
        "select name from company where company_id = $1",
        "select name from campaign where company_id = $1",
        "select name from saved_filter where company_id = $1",
        "select description from campaign where company_id = $1",
        "select note from campaign_contact where company_id = $1",
        "select account_name from connection where company_id = $1",
        "select unnest(tags) from contact where company_id = $1",
        "select jsonb_array_elements_text(cells) from csv_bad_row where company_id = $1",
    ] {
        let own: BTreeSet<String> = column(hub, ours, sql).await.into_iter().collect();
        // Two accounts may know people of one name.
        secrets.extend(
            column(hub, theirs, sql)
                .await
                .into_iter()
                .filter(|word| word.len() >= 8 && !own.iter().any(|own| own.contains(word))),
        );
    }
    Foreign {
        values,
        cursors: cursors(&theirs.owner.browser).await,
        secrets: secrets.into_iter().collect(),
    }
}

/// A cursor of every list that has one, by operation.
pub(super) async fn cursors(of: &Browser) -> BTreeMap<String, String> {
    let runs = of.get("/api/sync-logs?limit=1").await.expect(200);
    let run = runs["items"][0]["id"].as_str().unwrap().to_owned();
    let mut found = BTreeMap::from([("list_runs".to_owned(), next(&runs))]);
    let all = of.get("/api/sync-logs").await.expect(200);
    for (name, path) in [
        ("list_contacts", "/api/contacts?limit=1".to_owned()),
        ("list_audit_log", "/api/audit-log?limit=1".to_owned()),
        ("list_activities", "/api/activities?limit=1".to_owned()),
        ("activity_feed", "/api/activities/feed?limit=1".to_owned()),
        ("list_campaigns", "/api/campaigns?limit=1".to_owned()),
        ("list_deliveries", "/api/deliveries?limit=1".to_owned()),
        ("list_provider_deliveries", format!("/api/integrations/{}/deliveries?limit=1", slug())),
        ("list_remote_people", format!("/api/integrations/{}/contacts?limit=1", slug())),
    ] {
        found.insert(name.to_owned(), next(&of.get(&path).await.expect(200)));
    }
    let campaigns = of.get("/api/campaigns").await.expect(200);
    let campaign = campaigns["items"][0]["id"].as_str().unwrap();
    let contacts = of.get(&format!("/api/campaigns/{campaign}/contacts?limit=1")).await.expect(200);
    found.insert("list_campaign_contacts".to_owned(), next(&contacts));
    // Of a run with entries: the first one.
    let full = all["items"]
        .as_array()
        .unwrap()
        .last()
        .map_or(run, |run| run["id"].as_str().unwrap().to_owned());
    let entries = of.get(&format!("/api/sync-logs/{full}/entries?limit=1")).await.expect(200);
    found.insert("list_entries".to_owned(), next(&entries));
    let file = all["items"].as_array().unwrap().iter().find(|run| run["has_file"] == true).unwrap();
    let rows = format!("/api/imports/csv/runs/{}/rows?limit=1", file["id"].as_str().unwrap());
    found.insert("list_bad_rows".to_owned(), next(&of.get(&rows).await.expect(200)));
    found
}

fn next(page: &Value) -> String {
    page["next_cursor"].as_str().unwrap_or_else(|| panic!("no second page: {page}")).to_owned()
}
