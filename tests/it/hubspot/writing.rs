//! Writing: who has an address is no failure, a second send is the first one, and what a person at the
//! CRM has decided stays.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tandem::{
    connectors::{CrmError, Stale},
    domain::{
        ActivityKind, RemoteId, RemoteValue,
        effect::{ActivityToMake, Effect, Marker, OrganizationToMake, PersonToMake, Sent},
    },
};

use super::{hubspot, stage, writer};
use crate::connectors::{
    stage::Stage,
    writes::{ann, now},
};

const WARM: &str = "WARM_LEAD";

impl Stage {
    async fn did(&self, effect: &Effect) -> Sent {
        writer().send(&self.api, effect).await.unwrap()
    }

    async fn there_are(&self, kind: &str) -> Vec<Value> {
        let all = self.control("GET", "/truth/outbound", json!({})).await;
        all[kind].as_array().unwrap().clone()
    }

    /// Asks the stand-in itself, past the connector.
    pub(super) async fn posted(&self, path: &str, body: Value) -> (u16, Value) {
        use secrecy::ExposeSecret as _;
        use tandem::connectors::TokenSource as _;
        let token = self.tokens.access_token().await.unwrap().secret;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("{}{path}", self.crm.url)).json(&body);
        let answer = request.bearer_auth(token.expose_secret()).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn reference_field(&self) -> String {
        let name = writer().reference_name().unwrap();
        self.did(&Effect::CreateReference { name: name.into() }).await.id.0
    }

    async fn some_company(&self) -> RemoteId {
        let make = OrganizationToMake { name: "Writer GmbH".into(), ..<_>::default() };
        self.did(&Effect::CreateOrganization(make)).await.id
    }

    /// Somebody over there, with a status of their own.
    async fn somebody(&self, status: &str) -> RemoteId {
        let properties = json!({
            "email": "ann@writer.example", "firstname": "Anna", "lastname": "There",
            "hs_lead_status": status,
        });
        let body = json!({ "properties": properties, "associations": [] });
        let (_, made) = self.posted("/crm/objects/2026-09/contacts", body).await;
        super::id(&made["id"])
    }
}

fn warm(make: PersonToMake) -> Effect {
    Effect::CreatePerson(PersonToMake { labels: vec![RemoteId(WARM.into())], ..make })
}

#[tokio::test]
async fn an_address_that_somebody_has_leads_to_them_and_changes_only_their_status() {
    for (before, after) in [("", WARM), ("NEW", WARM), ("CONNECTED", "CONNECTED")] {
        let stage = stage(20).await;
        let there = stage.somebody(before).await;
        let field = stage.reference_field().await;
        let company = stage.some_company().await;
        let marker = Some(Marker { field, value: "ours".into() });
        // Each of the three ways to make a contact meets the same conflict.
        for make in [
            ann(),
            PersonToMake { marker: marker.clone(), ..ann() },
            PersonToMake { organization: Some(company.clone()), marker, ..ann() },
        ] {
            let sent = stage.did(&warm(make)).await;
            assert_eq!(sent.id, there, "{before}");
            let person = sent.person.unwrap();
            assert_eq!(person.labels, [RemoteId(after.into())]);
            assert_eq!(person.name.as_deref(), Some("Anna There"), "nothing else is touched");
        }
        let made = stage.there_are("persons").await;
        assert_eq!(made.len(), 1, "{made:?}");
        assert_eq!(made[0]["label_ids"], json!([after]));
        assert_eq!((&made[0]["org_id"], &made[0]["custom_fields"]), (&Value::Null, &json!({})));
    }
}

#[tokio::test]
async fn an_additional_address_is_found_as_well() {
    let stage = stage(600).await;
    let persons = stage.persons().await.unwrap();
    let person = persons.iter().find(|person| person.emails.len() > 1).unwrap();
    let second = person.emails[1].value.to_uppercase();
    let found = writer().persons_with_email(&stage.api, &second).await.unwrap();
    assert_eq!(found, std::slice::from_ref(person));
    let emails = vec![RemoteValue { value: second, label: None, primary: true }];
    let sent = stage.did(&Effect::CreatePerson(PersonToMake { emails, ..ann() })).await;
    assert_eq!(sent.id, person.id);
}

#[tokio::test]
async fn a_contact_sent_twice_is_there_once_whether_it_has_an_address_or_not() {
    let stage = stage(20).await;
    let (field, company) = (stage.reference_field().await, stage.some_company().await);
    let since = now() - TimeDelta::seconds(1);
    let bare = || PersonToMake { emails: vec![], ..ann() };
    let marked = |make: PersonToMake, value: &str| PersonToMake {
        marker: Some(Marker { field: field.clone(), value: value.into() }),
        ..make
    };
    let tied = PersonToMake { organization: Some(company.clone()), ..bare() };
    for (nth, make) in [ann(), marked(bare(), "one"), marked(tied, "two")].into_iter().enumerate() {
        let effect = warm(make.clone());
        let first = stage.did(&effect).await;
        assert_eq!(stage.did(&effect).await.id, first.id, "the second is the first");
        assert_eq!(stage.there_are("persons").await.len(), nth + 1);
        let looked = writer().look(&stage.api, &effect, since).await.unwrap();
        assert_eq!(looked, std::slice::from_ref(&first.id));
        assert_eq!(first.person.unwrap().organization, make.organization);
    }
    // The mark finds it while the index knows nothing yet, and another's mark does not.
    stage.control("POST", "/search_lag", json!({ "ms": 60_000 })).await;
    let effect = warm(marked(bare(), "one"));
    assert_eq!(writer().look(&stage.api, &effect, since).await.unwrap().len(), 1);
    let other = warm(marked(bare(), "three"));
    assert!(writer().look(&stage.api, &other, since).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_label_is_an_option_of_the_lead_status_made_once() {
    let stage = stage(20).await;
    let fields = hubspot().fields(&stage.api).await.unwrap();
    assert_eq!(fields.label("Warm Lead"), Some(RemoteId(WARM.into())));
    stage.control("DELETE", "/labels", json!({})).await;
    let effect = Effect::CreateLabel { name: "Warm Lead".into() };
    assert!(writer().look(&stage.api, &effect, now()).await.unwrap().is_empty());
    assert_eq!(stage.did(&effect).await.id.as_str(), WARM);
    assert_eq!(stage.did(&effect).await.id.as_str(), WARM);
    let other = Effect::CreateLabel { name: "Lau & warm".into() };
    assert_eq!(stage.did(&other).await.id.as_str(), "LAU___WARM");
    let fields = hubspot().fields(&stage.api).await.unwrap();
    assert_eq!(fields.labels.len(), 2, "the first was kept: {:?}", fields.labels);
    let writes = stage.control("GET", "/truth/writes", json!({})).await;
    assert_eq!(writes.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_reference_of_an_earlier_connection_is_used_again() {
    let stage = stage(20).await;
    assert_eq!(stage.reference_field().await, "tandem_reference");
    assert_eq!(stage.reference_field().await, "tandem_reference");
    let fields = hubspot().fields(&stage.api).await.unwrap();
    assert_eq!(fields.custom_key("Tandem reference"), Some("tandem_reference"));
}

#[tokio::test]
async fn activities_are_objects_of_their_kind_tied_to_contact_and_company() {
    let stage = stage(20).await;
    let since = now() - TimeDelta::seconds(1);
    let company = stage.some_company().await;
    let person = stage.did(&warm(ann())).await.id;
    let types = writer().activity_types(&stage.api).await.unwrap();
    for (kind, done, object) in [
        (ActivityKind::Call, true, "calls"),
        (ActivityKind::Call, false, "tasks"),
        (ActivityKind::Meeting, false, "meetings"),
        (ActivityKind::Email, true, "tasks"),
        (ActivityKind::Referral, true, "notes"),
    ] {
        let make = ActivityToMake {
            kind: writer().activity_type(kind, &types).unwrap(),
            subject: format!("{kind} {done}"),
            note: "<b>&\nsecond".into(),
            due_at: "2028-02-29T09:30:00Z".parse().unwrap(),
            has_time: true,
            duration_minutes: Some(45),
            person: person.clone(),
            organization: Some(company.clone()),
            done,
            ..ActivityToMake::default()
        };
        let effect = Effect::CreateActivity(make.clone());
        let id = stage.did(&effect).await.id;
        assert!(id.as_str().starts_with(&format!("{object}/9007")), "{id}");
        assert_eq!(
            writer().look(&stage.api, &effect, since).await.unwrap(),
            std::slice::from_ref(&id)
        );
        let there = stage.there_are("activities").await.into_iter().last().unwrap();
        assert_eq!(there["person_id"], json!(person), "{there}");
        assert_eq!(there["org_id"], json!(company), "{there}");
        assert_eq!(there["done"], json!(done), "{there}");
        assert!(there["note"].as_str().unwrap().contains("&lt;b&gt;&amp;<br>second"), "{there}");
        let url = writer().activity_url(Some("app.hubspot.com/contacts/62515"), &id).unwrap();
        assert!(url.starts_with("https://app.hubspot.com/contacts/62515/record/0-"), "{url}");
        // Emptied and done: what is no longer meant is gone.
        let activity = ActivityToMake { note: String::new(), done: true, ..make };
        let update = Effect::UpdateActivity { id: id.clone(), activity };
        stage.did(&update).await;
        assert_eq!(writer().look(&stage.api, &update, since).await.unwrap(), [id]);
    }
}

#[tokio::test]
async fn a_refusal_says_which_of_ours_is_out_of_date() {
    let stage = stage(20).await;
    let refused = async |effect: Effect| writer().send(&stage.api, &effect).await.unwrap_err();
    let users = hubspot().users(&stage.api).await.unwrap();
    let gone = users.iter().find(|user| !user.active).unwrap().id.clone();
    let owner = PersonToMake { owner: Some(gone), ..ann() };
    assert_eq!(refused(Effect::CreatePerson(owner)).await.stale(), Some(Stale::Owner));
    let label = PersonToMake { labels: vec![RemoteId("NO_SUCH".into())], ..ann() };
    assert_eq!(refused(Effect::CreatePerson(label)).await.stale(), Some(Stale::Label));
    let company = PersonToMake { organization: Some(RemoteId("77".into())), ..ann() };
    assert_eq!(refused(Effect::CreatePerson(company)).await.stale(), Some(Stale::Organization));
    let marker = Marker { field: "tandem_reference".into(), value: "x".into() };
    let organization = Some(stage.some_company().await);
    let strange = PersonToMake { marker: Some(marker), organization, ..ann() };
    assert_eq!(refused(Effect::CreatePerson(strange)).await.stale(), Some(Stale::Reference));
    let activity = ActivityToMake {
        kind: "calls".into(),
        due_at: "2028-02-29T09:30:00Z".parse().unwrap(),
        person: RemoteId("77".into()),
        done: true,
        ..ActivityToMake::default()
    };
    assert_eq!(refused(Effect::CreateActivity(activity)).await.stale(), Some(Stale::Person));
    let error = refused(Effect::AddLabels { person: RemoteId("77".into()), labels: vec![] }).await;
    assert_eq!(error, CrmError::Missing);
    assert_eq!(stage.there_are("persons").await.len(), 0);
}
