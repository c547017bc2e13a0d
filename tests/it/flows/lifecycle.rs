//! A stage of somebody's life as a customer, through the API to every CRM: what it makes of them, once,
//! and what can be done with a lead until somebody converts it over there.

use std::{ops::Deref, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tandem::{connectors, sandbox::SandboxConfig};
use tokio::net::TcpListener;

use super::stage::Stage;
use crate::harness::{Answer, Database};

const STAGES: [&str; 7] = [
    "subscriber",
    "lead",
    "marketing_qualified",
    "sales_qualified",
    "opportunity",
    "customer",
    "evangelist",
];
/// CRMs in which leads are a kind of their own, and how a request that makes one is told apart.
const WITH_LEADS: [(&str, &str); 2] =
    [("salesforce", "/sobjects/Lead/Tandem_Reference__c/"), ("zoho", "/Leads/upsert")];

async fn stage(slug: &'static str) -> Life {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (database, config) = (Database::create().await, SandboxConfig::of_size(20, 3));
    let stage = Stage::before(slug, database, listener, config, |ours| {
        ours.crm_limit_factor = 1_000;
        ours.answer_patience = Duration::ZERO;
        // A lost answer is looked for half a second after it was lost.
        ours.unknown = Duration::from_secs(2);
    })
    .await;
    stage.lift_limits().await;
    stage.connect(&stage.acme.owner.browser).await;
    Life(stage)
}

/// A company at a CRM whose members ask for people to be made.
struct Life(Stage);

impl Deref for Life {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.0
    }
}

impl Life {
    fn path(&self, rest: &str) -> String {
        format!("/api/integrations/{}/{rest}", self.slug)
    }

    async fn reading(&self, rest: &str) -> Answer {
        self.acme.owner.browser.get(&self.path(rest)).await
    }

    /// Somebody of the book who goes nowhere unless asked.
    async fn somebody(&self, name: &str) -> String {
        let email = format!("{}@life.example", name.to_lowercase());
        let contact = json!({
            "full_name": format!("{name} Lee"), "warmness": 1, "organization_name": "Acme Ltd",
            "emails": [{ "value": email }], "phones": [{ "value": "+4930901820" }],
        });
        let made = self.acme.owner.browser.post("/api/contacts", contact).await.expect(201);
        made["id"].as_str().unwrap().to_owned()
    }

    async fn asking(&self, action: &str, form: Value) -> Answer {
        self.acme.owner.browser.post(&self.path(&format!("actions/{action}")), form).await
    }

    /// Has it done; the delivery as it stands then.
    async fn asked(&self, action: &str, form: Value) -> Value {
        let asked = self.asking(action, form).await.expect(202);
        self.work().await;
        self.delivery(&asked).await
    }

    async fn delivery(&self, asked: &Value) -> Value {
        let id = asked["delivery"]["id"].as_str().unwrap();
        let shown = self.acme.owner.browser.get(&format!("/api/deliveries/{id}")).await.expect(200);
        shown["delivery"].clone()
    }

    async fn made(&self, what: &str) -> Vec<Value> {
        let all = self.control("GET", "/truth/outbound", Value::Null).await;
        all[what].as_array().cloned().unwrap_or_default()
    }
}

#[tokio::test]
async fn each_stage_makes_what_the_capabilities_say() {
    for connector in connectors::all() {
        let slug = connector.manifest().slug;
        println!("stages at {slug}");
        let stage = stage(slug).await;
        let life = stage.reading("capabilities").await.expect(200)["lifecycle"].clone();
        let offers = life["stages"].as_array().unwrap().clone();
        let named: Vec<&str> = offers.iter().map(|one| one["stage"].as_str().unwrap()).collect();
        let strange =
            json!({ "contact_id": stage.somebody("Otto").await, "lifecycle_stage": "other" });
        assert_eq!(stage.asking("create-contact", strange).await.status, 400, "{slug}");
        if slug == "pipedrive" {
            assert!(named.is_empty() && life["changeable"] == false, "{life:#}");
            let form =
                json!({ "contact_id": stage.somebody("Pia").await, "lifecycle_stage": "lead" });
            for action in ["create-contact", "update-contact"] {
                let answer = stage.asking(action, form.clone()).await;
                assert_eq!(answer.problem(400), "invalid");
                let field = &answer.json()["fields"][0];
                assert_eq!(
                    (&field["field"], &field["message"]),
                    (&json!("lifecycle_stage"), &life["reason"])
                );
                assert!(field["message"].as_str().unwrap().contains("Leave the stage out"));
            }
            assert_eq!(stage.count("delivery").await, 0);
            continue;
        }
        assert_eq!(named, STAGES);
        let kind = |stage: &Value| stage["becomes"].as_str().unwrap().to_owned();
        for (nth, offer) in offers.iter().enumerate() {
            assert_eq!(offer["available"], true, "{offer:#}");
            let with_leads = WITH_LEADS.iter().any(|(one, _)| *one == slug);
            let expected = if with_leads && nth < 3 { "lead" } else { "contact" };
            assert_eq!(kind(offer), expected, "{offer:#}");
            let contact = stage.somebody(&format!("Person{nth}")).await;
            let form = json!({ "contact_id": contact, "lifecycle_stage": offer["stage"] });
            let delivery = stage.asked("create-contact", form).await;
            assert_eq!(delivery["state"], "delivered", "{slug}: {delivery:#}");
            let shown = stage.reading(&format!("actions/get-contact?contact_id={contact}")).await;
            let shown = shown.expect(200);
            assert_eq!(
                (&shown["kind"], &shown["contact"]["id"]),
                (&json!(expected), &json!(contact))
            );
            assert_eq!(shown["remote_id"], delivery["remote_id"]);
        }
        let (leads, persons) = (stage.made("leads").await, stage.made("persons").await);
        let of_kind = |wanted: &str| offers.iter().filter(|one| kind(one) == wanted).count();
        assert_eq!((leads.len(), persons.len()), (of_kind("lead"), of_kind("contact")), "{slug}");
        // A lead names its company and belongs to none: only a contact makes an organization.
        assert!(leads.iter().all(|lead| lead["company"] == "Acme Ltd" && lead["org_id"].is_null()));
        assert_eq!(stage.made("organizations").await.len(), 1, "{slug}");
        if slug == "hubspot" {
            let kept: Vec<&Value> = persons.iter().map(|one| &one["lifecycle_stage"]).collect();
            let theirs = ["subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead"];
            assert_eq!(json!(kept[..4]), json!(theirs));
            assert_eq!(json!(kept[4..]), json!(STAGES[4..]));
        }
    }
}

#[tokio::test]
async fn a_lead_is_made_once_whatever_becomes_of_the_answer() {
    for (slug, path) in WITH_LEADS {
        println!("once at {slug}");
        let stage = stage(slug).await;
        let form = json!({ "contact_id": stage.somebody("Ada").await, "lifecycle_stage": "lead" });
        let browser = &stage.acme.owner.browser;
        for _ in 0..2 {
            let path = stage.path("actions/create-contact");
            let request = browser.request(reqwest::Method::POST, &path).json(&form);
            browser.send(request.header("Idempotency-Key", "ada-1")).await.expect(202);
            stage.work().await;
        }
        assert_eq!((stage.count("delivery").await, stage.made("leads").await.len()), (1, 1));

        // Done over there, and the answer lost: it is found by our mark, and only looked for.
        let lost = json!({ "kind": "applied_reset", "path": path });
        stage.fault(lost).await;
        let form =
            json!({ "contact_id": stage.somebody("Bea").await, "lifecycle_stage": "subscriber" });
        let asked = stage.asking("create-contact", form).await.expect(202);
        stage.work().await;
        for _ in 0..4 {
            stage.later(TimeDelta::seconds(3)).await;
        }
        let delivery = stage.delivery(&asked).await;
        assert_eq!(delivery["state"], "delivered", "{slug}: {delivery:#}");
        let leads = stage.made("leads").await;
        assert_eq!(leads.len(), 2, "{leads:#?}");
        let marks: Vec<String> = leads.iter().map(|one| one["custom_fields"].to_string()).collect();
        let marker: uuid::Uuid =
            stage.hub.value("select marker from delivery order by created_at desc limit 1").await;
        assert!(marks[1].contains(&marker.to_string()), "{marks:?}");
    }
}

#[tokio::test]
async fn a_lead_is_read_changed_and_worked_with_until_it_is_converted() {
    for (slug, _) in WITH_LEADS {
        println!("a lead's life at {slug}");
        let stage = stage(slug).await;
        let ada = stage.somebody("Ada").await;
        let form = json!({ "contact_id": ada, "lifecycle_stage": "marketing_qualified" });
        let delivery = stage.asked("create-contact", form).await;
        let lead = delivery["remote_id"].as_str().unwrap().to_owned();

        let found =
            stage.reading("actions/search-contact?email=Ada@life.example").await.expect(200);
        let found = found["items"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(
            json!([found[0]["remote_id"], found[0]["kind"], found[0]["contact"]["id"]]),
            json!([lead, "lead", ada])
        );
        let change = json!({ "contact_id": ada, "full_name": "Ada Byron", "phones": [{ "value": "+4930901821" }] });
        let changed = stage.asked("update-contact", change).await;
        assert_eq!(changed["state"], "delivered", "{changed:#}");
        let there = stage.made("leads").await.remove(0);
        assert_eq!(json!([there["name"], there["phones"]]), json!(["Ada Byron", ["+4930901821"]]));
        // A stage decides once: a lead is converted by a person, and not by half from here.
        let form = json!({ "contact_id": ada, "lifecycle_stage": "customer" });
        let answer = stage.asking("update-contact", form).await;
        assert_eq!(answer.problem(400), "invalid");
        let field = &answer.json()["fields"][0];
        assert_eq!(field["field"], "lifecycle_stage");
        assert!(field["message"].as_str().unwrap().contains("converts it at the CRM"), "{field:#}");

        let at = "2027-01-04T08:30:00Z";
        for (action, form) in [
            (
                "create-task",
                json!({ "contact_id": ada, "subject": "Demo", "due_at": at, "kind": "meeting" }),
            ),
            ("create-task", json!({ "contact_id": ada, "subject": "Offer", "due_at": at })),
            (
                "log-call",
                json!({ "contact_id": ada, "note": "Agreed", "called_at": "2026-11-02T10:00:00Z" }),
            ),
        ] {
            let delivery = stage.asked(action, form).await;
            assert_eq!(delivery["state"], "delivered", "{slug} {action}: {delivery:#}");
        }
        let activities = stage.made("activities").await;
        assert_eq!(activities.len(), 3);
        let number = lead.rsplit('/').next().unwrap();
        for one in &activities {
            let (who, what) = (&one["person_id"], &one["org_id"]);
            let expected = match slug {
                "zoho" => (json!(null), json!(number)),
                _ => (json!(number), json!(null)),
            };
            assert_eq!((who, what), (&expected.0, &expected.1), "{one:#}");
        }
        let form = json!({ "contact_id": ada, "title": "Pilot", "closes_on": "2027-02-28" });
        let refused = stage.asked("create-deal", form).await;
        assert_eq!(refused["state"], "failed");
        assert!(refused["reason"].as_str().unwrap().contains("Convert it there"), "{refused:#}");

        // Leads are not imported, and a full import takes none for gone.
        let run = stage.import(json!({ "mode": "full" })).await;
        assert_eq!(run["state"], "completed", "{run:#}");
        let linked = "mapping where kind = 'person' and state = 'linked' and remote_id like '00Q%' \
                      or state = 'linked' and remote_id like 'Leads/%'";
        assert_eq!(stage.count(linked).await, 1);

        // Somebody who is to be a contact and is a lead: whoever asks says which.
        let same = json!({
            "full_name": "Ada Lovelace", "warmness": 1, "emails": [{ "value": "zoe@life.example" }],
        });
        let zoe = stage.somebody("Zoe").await;
        let form = json!({ "contact_id": zoe, "lifecycle_stage": "lead" });
        stage.asked("create-contact", form).await;
        stage.acme.owner.browser.delete(&format!("/api/contacts/{zoe}")).await;
        let twin = stage.acme.owner.browser.post("/api/contacts", same).await.expect(201);
        let form = json!({ "contact_id": twin["id"], "lifecycle_stage": "customer" });
        let asked = stage.asked("create-contact", form).await;
        assert_eq!(
            json!([asked["state"], asked["cause"]]),
            json!(["failed", "ambiguous"]),
            "{asked:#}"
        );
        assert!(asked["reason"].as_str().unwrap().contains("is a lead there"), "{asked:#}");

        // Converted: the lead is gone, the contact it has become is the same person of the book.
        let convert = json!({ "id": number });
        let made = stage.control("POST", "/leads/convert", convert).await;
        let form = json!({ "contact_id": ada, "full_name": "Ada King" });
        let late = stage.asked("update-contact", form).await;
        assert_eq!(late["state"], "failed", "{late:#}");
        let run = stage.import(json!({ "mode": "full" })).await;
        assert_eq!(run["state"], "completed", "{run:#}");
        assert_eq!(stage.count("mapping where state = 'gone'").await, 1);
        let shown =
            stage.reading(&format!("actions/get-contact?contact_id={ada}")).await.expect(200);
        assert_eq!(
            json!([shown["remote_id"], shown["kind"]]),
            json!([made["contact"], "contact"]),
            "{slug}: {shown:#}"
        );
    }
}

#[tokio::test]
async fn a_stage_that_is_a_field_moves_forward_and_a_step_back_changes_nothing() {
    let stage = stage("hubspot").await;
    let ada = stage.somebody("Ada").await;
    let at = |stage: &str| json!({ "contact_id": ada, "lifecycle_stage": stage });
    stage.asked("create-contact", at("lead")).await;
    let forward = stage.asked("update-contact", at("customer")).await;
    assert_eq!(forward["state"], "delivered", "{forward:#}");
    let mut back = at("opportunity");
    back["full_name"] = json!("Ada Byron");
    let refused = stage.asked("update-contact", back).await;
    assert_eq!(refused["state"], "failed", "{refused:#}");
    assert_eq!(refused["objections"][0]["field"], "lifecycle_stage", "{refused:#}");
    let there = stage.made("persons").await.remove(0);
    assert_eq!(json!([there["lifecycle_stage"], there["name"]]), json!(["customer", "Ada Lee"]));
    let life = stage.reading("capabilities").await.expect(200)["lifecycle"].clone();
    assert_eq!((&life["changeable"], &life["unchangeable_reason"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn a_consent_of_before_makes_no_leads_and_everything_else() {
    let stage = stage("zoho").await;
    stage
        .sql(
            "update connection set granted_scopes = array_remove(granted_scopes, \
             'ZohoCRM.modules.leads.CREATE')",
        )
        .await;
    let kept: Vec<String> = stage.hub.value("select granted_scopes from connection").await;
    let kept: Vec<String> = kept.into_iter().filter(|scope| !scope.contains(".leads.")).collect();
    stage.control("POST", "/scopes", json!({ "scope": kept.join(",") })).await;
    let life = stage.reading("capabilities").await.expect(200)["lifecycle"].clone();
    let can: Vec<&Value> =
        life["stages"].as_array().unwrap().iter().map(|one| &one["available"]).collect();
    assert_eq!(json!(can), json!([false, false, false, true, true, true, true]));
    assert!(life["stages"][0]["reason"].as_str().unwrap().contains("Connect again"));
    let form = json!({ "contact_id": stage.somebody("Ada").await, "lifecycle_stage": "lead" });
    assert_eq!(stage.asking("create-contact", form).await.status, 409);
    let form = json!({ "contact_id": stage.somebody("Bea").await, "lifecycle_stage": "customer" });
    assert_eq!(stage.asked("create-contact", form).await["state"], "delivered");
    stage.reading("actions/search-contact?email=bea@life.example").await.expect(200);
}
