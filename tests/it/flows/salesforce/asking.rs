//! What members have done there and look up: deals by their stages' names, meetings and tasks, searches
//! of their own; and connecting where the org has a say.

use std::time::{Duration, Instant};

use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use tandem::{
    config::{Config, Environment},
    jobs,
    policy::Plan,
};
use tokio_util::sync::CancellationToken;

use super::Way;
use crate::harness::{Answer, TestHub};

fn of(rest: &str) -> String {
    format!("/api/integrations/salesforce/{rest}")
}

impl Way {
    /// Has it done while somebody works.
    async fn ask(&self, action: &str, form: Value) -> Value {
        let stopping = CancellationToken::new();
        let asked = async {
            let path = of(&format!("actions/{action}"));
            let answer = self.acme.owner.browser.post(&path, form).await;
            stopping.cancel();
            answer
        };
        let work = jobs::run(self.hub.hub.clone(), 1, stopping.clone());
        tokio::join!(work, asked).1.expect(200)
    }

    async fn search(&self, query: &str) -> Answer {
        let form = json!({ "query": query });
        self.acme.owner.browser.post(&of("actions/search-records"), form).await
    }

    async fn requests(&self) -> u64 {
        self.control("GET", "/counters", json!({})).await["total"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn deals_move_by_their_stages_names_and_a_meeting_is_an_event_and_the_rest_tasks() {
    let way = Way::connected().await;
    let lead = json!({
        "full_name": "Grace Hopper", "warmness": 5, "emails": [{ "value": "grace@hopper.example" }],
    });
    let contact = way.made("/api/contacts", lead).await;
    way.work().await;
    let can = way.acme.owner.browser.get(&of("capabilities?stages=true")).await.expect(200);
    let stages: Vec<&str> =
        can["stages"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(stages[..2], ["Prospecting", "Qualification"]);

    let form = json!({ "contact_id": contact, "title": "Pilot", "closes_on": "2027-02-28" });
    let made = way.ask("create-deal", form).await;
    let deal = made["remote_id"].as_str().unwrap();
    let change = json!({ "contact_id": contact, "deal_id": deal, "stage": "negotiation/review",
        "amount": "1200.50" });
    assert_eq!(way.ask("update-deal", change).await["state"], "delivered");
    let path = of(&format!("actions/get-deal?deal_id={deal}"));
    let shown = way.acme.owner.browser.get(&path).await.expect(200);
    assert_eq!(
        json!([shown["title"], shown["stage_remote_id"], shown["amount"], shown["contact"]["id"]]),
        json!(["Pilot", "Negotiation/Review", 1200.5, contact])
    );
    // Names of stages are the org's: one that it does not have is answered with those it has.
    let change = json!({ "contact_id": contact, "deal_id": deal, "stage": "Waiting" });
    let refused = way.ask("update-deal", change).await;
    assert_eq!(refused["state"], "failed");
    let said = refused["delivery"]["objections"].to_string();
    assert!(said.contains("Prospecting, Qualification, Negotiation/Review"), "{refused:#}");
    // The names of opportunities, by what they are about.
    let named = way.search("SELECT Name FROM Opportunity WHERE StageName = 'Negotiation/Review' ORDER BY CreatedDate DESC LIMIT 1").await.expect(200);
    assert_eq!(named["items"][0]["values"], json!(["Pilot"]));

    for (kind, minutes) in [("meeting", json!(45)), ("todo", Value::Null)] {
        let task = json!({ "contact_id": contact, "kind": kind, "subject": "Demo",
            "due_at": "2027-01-04T08:30:00Z", "duration_minutes": minutes });
        assert_eq!(way.ask("create-task", task).await["state"], "delivered");
    }
    let there = way.control("GET", "/truth/outbound", json!({})).await;
    let made = |nth: usize, field: &str| there["activities"][nth][field].clone();
    assert_eq!(
        [made(0, "type"), made(0, "due_time"), made(0, "duration")],
        [json!("Event"), json!("08:30:00"), json!(45)]
    );
    assert_eq!(
        [made(1, "type"), made(1, "due_date"), made(1, "due_time")],
        [json!("Task"), json!("2027-01-04"), Value::Null]
    );
}

#[tokio::test]
async fn a_search_reads_one_kind_of_record_and_nothing_that_is_refused_is_asked() {
    let way = Way::connected().await;
    let can = way.acme.owner.browser.get(&of("capabilities")).await.expect(200);
    let search = |can: &Value| {
        let all = can["actions"].as_array().unwrap();
        all.iter().find(|one| one["action"] == "search_records").unwrap().clone()
    };
    assert_eq!(search(&can)["available"], true, "{can:#}");
    let example = can["query_language"]["example"].as_str().unwrap();
    way.search(example).await.expect(200);

    let found = way
        .search("select email, segment__C from contact where Email != null order by Email limit 3")
        .await
        .expect(200);
    assert_eq!(
        json!([found["kind"], found["fields"], found["limit"]]),
        json!(["Contact", ["Email", "Segment__c"], 3])
    );
    let items = found["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert!(items.iter().all(|one| one["values"][0].as_str().unwrap().contains('@')));
    let (id, url) = (items[0]["remote_id"].as_str().unwrap(), items[0]["url"].as_str().unwrap());
    assert!(id.starts_with("003") && url.ends_with(&format!(".my.salesforce.com/{id}")), "{url}");
    let leads = way.search("SELECT Company FROM Lead WHERE IsConverted = false").await.expect(200);
    assert_eq!(leads["items"].as_array().unwrap().len(), 2);

    let before = way.requests().await;
    for query in [
        "DELETE FROM Contact",
        "SELECT Id FROM Contact FOR UPDATE",
        "SELECT Id, Account.Name FROM Contact",
        "SELECT Id FROM Contact WHERE AccountId IN (SELECT Id FROM Account)",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
        "SELECT Email FROM User",
        "SELECT Id FROM Contact WHERE LastName LIKE '%a%'",
        "SELECT Id FROM Contact OFFSET 10",
        "SELECT COUNT() FROM Contact",
        &"SELECT Id FROM Contact ".repeat(200),
    ] {
        let answer = way.search(query).await;
        assert_eq!(answer.problem(400), "invalid", "{query}");
        let field = &answer.json()["fields"][0];
        assert_eq!(field["field"], "query", "{query}");
        assert!(field["message"].as_str().unwrap().len() > 15, "{query}");
    }
    assert_eq!(way.requests().await, before, "nothing of it left");
    // What the org alone can refuse, it does in a word about the query.
    let answer = way.search("SELECT Unknown__c FROM Contact").await;
    assert_eq!(answer.problem(400), "invalid");
    assert!(answer.text.contains("no field `Unknown__c`"), "{}", answer.text);

    let consultant = &way.acme.consultant.browser;
    let form = json!({ "query": example });
    let answer = consultant.post(&of("actions/search-records"), form).await;
    assert_eq!(answer.problem(403), "forbidden");
    let can = consultant.get(&of("capabilities")).await.expect(200);
    assert!(search(&can)["reason"].as_str().unwrap().contains("role"), "{can:#}");
}

#[tokio::test]
async fn a_search_that_takes_too_long_ends_and_says_what_to_ask_instead() {
    let way = Way::connected_with(|config| config.crm_timeout = Duration::from_secs(1)).await;
    let slow = json!({ "kind": "slow_ms", "ms": 4_000, "times": 2, "path": "/query" });
    way.control("POST", "/faults", slow).await;
    let begun = Instant::now();
    let answer = way.search("SELECT Id FROM Contact WHERE Title != 'x'").await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(answer.problem(502), "too_slow");
    assert!(answer.json()["detail"].as_str().unwrap().contains("Ask for less"));
}

#[tokio::test]
async fn an_org_without_the_app_and_a_strange_login_host_are_told_apart_from_a_no() {
    let way = Way::connected().await;
    for (decision, reason) in [("deny", "reason=denied"), ("block", "reason=not_installed")] {
        let landed = way.decide(decision).await;
        assert!(landed.ends_with(reason), "{decision}: {landed}");
    }
    assert_eq!(way.state().await, "active", "nothing of it touches what is there");
    let status = way.acme.owner.browser.get("/api/integrations/status").await.expect(200);
    let all = status["providers"].as_array().unwrap();
    let card = |slug: &str| all.iter().find(|one| one["provider"] == slug).unwrap();
    let own = card("salesforce");
    assert!(own["before"][0].as_str().unwrap().contains("installs the Tandem app"), "{own:#}");
    assert_eq!(own["own_login"]["example"], "acme.my.salesforce.com");
    assert_eq!(
        ["salesforce", "pipedrive", "hubspot", "zoho"]
            .map(|slug| card(slug)["budget_unit"].clone()),
        ["request", "token", "request", "credit"].map(|unit| json!(unit))
    );
    assert!(card("pipedrive")["own_login"].is_null());

    // At the real addresses.
    let hub = TestHub::with(|ours| {
        let variables = [
            ("TANDEM_DATA_DIR".to_owned(), ours.data_dir.to_string_lossy().into_owned()),
            ("SALESFORCE_CLIENT_ID".to_owned(), "ours".to_owned()),
            ("SALESFORCE_CLIENT_SECRET".to_owned(), "secret".to_owned()),
        ];
        let public_url = ours.public_url.take();
        *ours = Config::read(Environment::Development, &variables.into()).unwrap();
        ours.public_url = public_url;
    })
    .await;
    let acme = hub.company(Plan::Teams).await;
    let browser = &acme.owner.browser;
    let connect = |login: &str| {
        let login: String = url::form_urlencoded::byte_serialize(login.as_bytes()).collect();
        of(&format!("connect?login={login}"))
    };
    let out = browser.get(&connect("https://acme--uat.sandbox.my.salesforce.com")).await;
    let asked = "https://acme--uat.sandbox.my.salesforce.com/services/oauth2/authorize?";
    assert!(out.header("location").starts_with(asked), "{out:?}");
    // Who is connected is sent there again without saying so, and a first consent to the common host.
    let common = "https://login.salesforce.com/services/oauth2/authorize?";
    let again = of("connect");
    assert!(browser.get(&again).await.header("location").starts_with(common));
    for (state, expected) in
        [("needs_reconnect", asked), ("active", asked), ("disconnected", common)]
    {
        sqlx::query(
            "insert into connection (company_id, connection_id, provider, state, account_id,
                                     account_name, account_user_id, api_base)
             select company_id, gen_random_uuid(), 'salesforce', $1, 'org:user', 'Acme', 'user',
                    'https://acme--uat.sandbox.my.salesforce.com'
             from company
             on conflict (company_id, provider) do update set state = excluded.state",
        )
        .bind(state)
        .execute(&hub.owner)
        .await
        .unwrap();
        let out = browser.get(&again).await;
        assert!(out.header("location").starts_with(expected), "{state}: {out:?}");
        let kept: Option<String> =
            hub.value("select login from oauth_state order by created_at desc limit 1").await;
        let own = "https://acme--uat.sandbox.my.salesforce.com";
        assert_eq!(kept.as_deref(), (state != "disconnected").then_some(own), "{state}");
        let status = browser.get("/api/integrations/status").await.expect(200);
        let all = status["providers"].as_array().unwrap();
        let card = all.iter().find(|one| one["provider"] == "salesforce").unwrap();
        assert_eq!(card["own_login"]["host"], "acme--uat.sandbox.my.salesforce.com");
        // Somebody who says another host is sent there.
        let out = browser.get(&connect("https://login.salesforce.com")).await;
        assert!(out.header("location").starts_with(common), "{state}: {out:?}");
    }
    for hostile in ["https://evil.example", "http://acme.my.salesforce.com", "acme", "javascript:1"]
    {
        assert_eq!(browser.get(&connect(hostile)).await.problem(409), "conflict", "{hostile}");
        let request = browser.request(reqwest::Method::GET, &connect(hostile));
        let out = browser.send(request.header(ACCEPT, "text/html")).await;
        let expected = "/integrations?integration=salesforce&status=error&reason=login_refused";
        assert_eq!((out.status.as_u16(), out.header("location")), (303, expected), "{hostile}");
    }
}
