//! A company that is connected to a stand-in CRM, and what it does there.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tandem::{
    cache::Cache,
    config::{Config, ProviderCredentials},
    connectors::{self, Rooms},
    db::Db,
    domain::RunId,
    flows::{Hub, SharedHub, SingleFlight},
    jobs,
    policy::Plan,
    sandbox::{Sandbox, SandboxConfig},
};
use tokio::net::TcpListener;
use url::Url;

use crate::harness::{Browser, Company, Database, TestHub};

/// What an import writes, without its own log.
const BOOK: [&str; 6] = ["contact", "identifier", "mapping", "organization", "remote_deal", "book"];

pub(crate) struct Stage {
    /// Of the CRM.
    pub(crate) slug: &'static str,
    pub(crate) hub: TestHub,
    pub(crate) crm: Sandbox,
    pub(crate) acme: Company,
    config: SandboxConfig,
    http: Client,
}

/// The provider under test, where one stands for all.
pub(crate) fn slug() -> &'static str {
    connectors::all()[0].manifest().slug
}

/// The smallest plan that has the CRM.
fn plan_for(slug: &str) -> Plan {
    let feature = connectors::find(slug).unwrap().manifest().plan_feature;
    let has = |plan: &Plan| tandem::policy::allows(*plan, feature);
    [Plan::Business, Plan::Teams].into_iter().find(has).unwrap()
}

impl Stage {
    /// With that many people at the CRM.
    pub(crate) async fn of(persons: u32) -> Self {
        Self::with(SandboxConfig::of_size(persons, 3)).await
    }

    pub(crate) async fn with(config: SandboxConfig) -> Self {
        Self::on(Database::create().await, config).await
    }

    pub(crate) async fn on(database: Database, config: SandboxConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::tuned(database, listener, config, |_| {}).await
    }

    /// With a CRM on this listener, and another configuration of ours.
    pub(crate) async fn tuned(
        database: Database,
        listener: TcpListener,
        config: SandboxConfig,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let stage = Self::before(slug(), database, listener, config, change).await;
        stage.connect(&stage.acme.owner.browser).await;
        stage
    }

    /// Connected to any CRM with that many people, which allows as much as it is asked.
    pub(crate) async fn at(slug: &'static str, persons: u32) -> Self {
        let (database, config) = (Database::create().await, SandboxConfig::of_size(persons, 3));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lift = |ours: &mut Config| ours.crm_limit_factor = 1_000;
        let stage = Self::before(slug, database, listener, config, lift).await;
        stage.lift_limits().await;
        stage.connect(&stage.acme.owner.browser).await;
        stage
    }

    /// Lets go of limits that are not in the configuration of every stand-in.
    pub(crate) async fn lift_limits(&self) {
        let all =
            json!({ "burst": 50_000, "search_burst": 50_000, "tokens": 1_000, "codes": 1_000 });
        self.control("POST", "/plan", all).await;
    }

    /// With any CRM, and not connected to it yet.
    pub(crate) async fn before(
        slug: &'static str,
        database: Database,
        listener: TcpListener,
        config: SandboxConfig,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let crm = Sandbox::start(slug, listener, config.clone()).await.unwrap();
        let credentials = ProviderCredentials {
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone().into(),
        };
        let url = crm.url.parse().unwrap();
        let hub = TestHub::on(database, |ours| {
            change(ours);
            ours.offer_sandbox(slug, credentials, &url);
        })
        .await;
        let acme = hub.company(plan_for(slug)).await;
        Self { slug, hub, crm, acme, config, http: Client::builder().build().unwrap() }
    }

    /// From the button to the consent page and back through our own callback.
    pub(crate) async fn connect(&self, browser: &Browser) {
        let back = self.consent(browser).await;
        let landed = browser.get(&back).await;
        assert!(landed.header("location").ends_with("status=connected"), "{landed:?}");
    }

    /// From the button through the consent page: where the browser is sent back to.
    pub(crate) async fn consent(&self, browser: &Browser) -> String {
        let out = browser.get(&format!("/api/integrations/{}/connect", self.slug)).await;
        assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.text);
        let page = Url::parse(out.header("location")).unwrap();
        let asked = |name: &str| {
            page.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let redirect = asked("redirect_uri").unwrap();
        let wish = json!({ "redirect_uri": redirect, "code_challenge": asked("code_challenge") });
        let said = self.control("POST", "/code", wish).await;
        let mut back = Url::parse(&redirect).unwrap();
        // The code, and what else this CRM says as it sends the browser back.
        for (name, value) in said.as_object().unwrap() {
            back.query_pairs_mut().append_pair(name, value.as_str().unwrap());
        }
        back.query_pairs_mut().append_pair("state", &asked("state").unwrap());
        format!("{}?{}", back.path(), back.query().unwrap())
    }

    /// Somebody takes the app out of the account: the CRM tells us, as it does in life.
    pub(crate) async fn uninstall(&self) {
        let (account, user): (String, String) =
            sqlx::query_as("select account_id, account_user_id from connection")
                .fetch_one(&self.hub.owner)
                .await
                .unwrap();
        let wish = json!({
            "company_id": account.parse::<u64>().unwrap(),
            "user_id": user.parse::<u64>().unwrap(),
            "redirect_uri": format!("{}/api/integrations/{}/callback", self.hub.url, self.slug),
        });
        assert_eq!(self.control("POST", "/uninstall", wish).await["answered"], 204);
    }

    /// Id and secret of our app over there.
    pub(crate) fn client(&self) -> (&str, &str) {
        (&self.config.client_id, &self.config.client_secret)
    }

    /// Another process: its own pool, cache and place in the queue for tokens.
    pub(crate) async fn twin(&self) -> SharedHub {
        Arc::new(Hub {
            db: Db::connect(self.hub.database.login(), 6).await.unwrap(),
            cache: Cache::with_clock(Arc::new(self.hub.clock.clone())),
            refreshing: SingleFlight::default(),
            rooms: Rooms::default(),
            instance: "twin".to_owned(),
            ..Hub::clone(&self.hub.hub)
        })
    }

    /// A folder that goes with the test.
    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.hub.folder
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/__sandbox{path}", self.crm.url);
        let request = self.http.request(method.parse().unwrap(), url);
        let request = if method == "GET" { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn truth(&self) -> Value {
        self.control("GET", "/truth", Value::Null).await
    }

    pub(crate) async fn counters(&self) -> Value {
        self.control("GET", "/counters", Value::Null).await
    }

    pub(crate) async fn fault(&self, fault: Value) {
        self.control("POST", "/faults", fault).await;
    }

    /// Asks for an import as the owner; the run's id.
    pub(crate) async fn start(&self, body: Value) -> String {
        self.start_as(&self.acme.owner.browser, body).await
    }

    pub(crate) async fn start_as(&self, who: &Browser, body: Value) -> String {
        let started = who.post(&format!("/api/integrations/{}/sync", self.slug), body).await;
        started.expect(202)["run_id"].as_str().unwrap().to_owned()
    }

    /// Runs what is due.
    pub(crate) async fn work(&self) {
        jobs::drain(&self.hub.hub).await.unwrap();
    }

    /// Imports in one go; the run as it ended.
    pub(crate) async fn import(&self, body: Value) -> Value {
        let run = self.start(body).await;
        self.work().await;
        self.run(&run).await
    }

    pub(crate) async fn run(&self, id: &str) -> Value {
        self.acme.owner.browser.get(&format!("/api/sync-logs/{id}")).await.expect(200)
    }

    pub(crate) fn id(run: &str) -> RunId {
        RunId::from_uuid(run.parse().unwrap())
    }

    /// Lets time pass until whatever waits is due, and works.
    pub(crate) async fn later(&self, by: TimeDelta) {
        self.hub.clock.advance(by);
        self.sql("update job set run_at = now() where state = 'ready'").await;
        self.work().await;
    }

    /// Lets time pass until the run is over; how often it had to wait.
    pub(crate) async fn until_over(&self, run: &str) -> (Value, u32) {
        for waits in 0..12 {
            let seen = self.run(run).await;
            if ["completed", "failed", "cancelled"].contains(&seen["state"].as_str().unwrap()) {
                return (seen, waits);
            }
            self.later(TimeDelta::minutes(20)).await;
        }
        panic!("it does not end: {}", self.run(run).await);
    }

    pub(crate) async fn sql(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.hub.owner).await.unwrap();
    }

    /// A sum over every row of what an import writes: equal means that nothing was written.
    pub(crate) async fn sums(&self) -> Vec<String> {
        let mut sums = Vec::new();
        for table in BOOK {
            let sql = format!(
                "select '{table} ' || count(*) || ' ' ||
                        coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '')
                 from {table} t",
            );
            sums.push(
                sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.hub.owner).await.unwrap(),
            );
        }
        sums
    }

    /// How often this statement is true for a row.
    pub(crate) async fn count(&self, from: &'static str) -> i64 {
        let sql = format!("select count(*) from {from}");
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&self.hub.owner).await.unwrap()
    }

    /// Requests that a fresh full import needs: whole pages, users, and fields.
    pub(crate) fn pages(&self) -> u64 {
        let pages = |records: u32| u64::from(records.div_ceil(500)).max(1);
        let SandboxConfig { persons, organizations, deals, .. } = self.config;
        pages(persons) + pages(organizations) + pages(deals) + 2
    }

    /// What the book must hold after all living persons were taken in, whatever happened meanwhile.
    pub(crate) async fn holds_the_truth(&self, run: &Value) {
        let truth = self.truth().await;
        let import = &truth["import"];
        let number = |value: &Value| value.as_i64().unwrap();
        let counts = &run["counts"];
        assert_eq!(run["state"], "completed", "{run}");
        assert_eq!(run["adds_up"], true, "{run}");
        assert_eq!(run["seen"], truth["persons"], "{run}");
        let made = number(&counts["created"]) + number(&counts["skipped"]);
        assert_eq!(made, number(&import["contacts"]), "{run}\n{truth}");
        let linked = number(&import["linked_by_email"]) + number(&import["linked_by_phone"]);
        assert_eq!(number(&counts["linked"]), linked, "{run}\n{truth}");
        let held = number(&import["conflict"]) + number(&import["phone_only"]);
        assert_eq!(number(&counts["conflict"]), held, "{run}\n{truth}");
        assert_eq!(self.count("contact").await, number(&counts["created"]));
        self.is_sound().await;
    }

    /// What must hold after any import.
    pub(crate) async fn is_sound(&self) {
        for (broken, what) in [
            (
                "book where contacts <> (select count(*) from contact
               where contact.company_id = book.company_id)",
                "the count of contacts",
            ),
            (
                "connection_count where contacts_linked <> (select count(distinct contact_id)
               from mapping
               where mapping.company_id = connection_count.company_id
                 and mapping.connection_id = connection_count.connection_id
                 and kind = 'person' and state = 'linked')",
                "the count of linked contacts",
            ),
            (
                "(select from identifier where kind = 'email' group by company_id, value
               having count(distinct contact_id) > 1) twice",
                "an e-mail with two holders",
            ),
            (
                "contact where not exists (select from mapping
               where mapping.contact_id = contact.contact_id) and source is not null",
                "imported and mapped to nothing",
            ),
            (
                "identifier join contact using (company_id, contact_id)
               where kind = 'email' and not search like '%' || value || '%'",
                "an address that its contact does not have",
            ),
        ] {
            assert_eq!(self.count(broken).await, 0, "{what}");
        }
    }
}

/// Waits until `true`, looking often; panics after ten seconds.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, look: impl Fn() -> F) {
    for _ in 0..1_000 {
        if look().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen");
}
