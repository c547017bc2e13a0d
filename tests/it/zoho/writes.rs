//! Upserts, tags, duplicates, three kinds of activity, and queries that nobody's name gets into.

use serde_json::{Value, json};
use tandem::{
    connectors::{CrmError, Stale},
    domain::{
        ActivityKind, RemoteId, RemoteValue,
        action::{DealStatus, PersonChange, Priority},
        effect::{
            Act, ActivityToMake, DealToMake, Effect, Marker, NoteToMake, OrganizationToMake,
            PersonToMake,
        },
    },
};

use super::{list, outbound, stage, writer};
use crate::connectors::{
    stage::Stage,
    writes::{ann, now},
};

fn email(value: &str) -> Vec<RemoteValue> {
    vec![RemoteValue { value: value.into(), label: None, primary: true }]
}

fn called(name: &str, address: &str) -> Effect {
    let emails = email(address);
    Effect::CreatePerson(PersonToMake { name: name.into(), emails, phones: vec![], ..ann() })
}

async fn made(stage: &Stage, effect: &Effect) -> RemoteId {
    writer().send(&stage.api, effect).await.unwrap().id
}

async fn refused(stage: &Stage, effect: &Effect) -> (Option<String>, Option<Stale>) {
    let error = writer().send(&stage.api, effect).await.unwrap_err();
    let CrmError::Refused { said, .. } = &error else { panic!("{error:?}") };
    (said[0].field.clone(), error.stale())
}

#[tokio::test]
async fn a_person_sent_again_with_our_mark_meets_itself() {
    let stage = stage().await;
    let reference = Effect::CreateReference { name: writer().reference_name().unwrap().into() };
    assert!(writer().look(&stage.api, &reference, now()).await.unwrap().is_empty());
    let field = made(&stage, &reference).await;
    assert_eq!(field.as_str(), "Tandem_reference");
    let again = made(&stage, &reference).await;
    assert_eq!(again, field, "one that is there already is as good");

    let marked = |mark: &str| {
        let marker = Some(Marker { field: field.0.clone(), value: mark.into() });
        Effect::CreatePerson(PersonToMake { marker, ..ann() })
    };
    let one = made(&stage, &marked("one")).await;
    assert_eq!(made(&stage, &marked("one")).await, one);
    let two = made(&stage, &marked("two")).await;
    assert_ne!(one, two, "the same address is no reason");
    assert_eq!(list(&outbound(&stage).await, "persons").len(), 2);
    let looked = async |mark: &str| writer().look(&stage.api, &marked(mark), now()).await.unwrap();
    assert_eq!(looked("one").await, std::slice::from_ref(&one));
    assert!(looked("three").await.is_empty(), "others' marks are others'");

    // The company deletes our field: what is marked cannot be sent any more.
    let id = outbound(&stage).await["fields"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/crm/v8/settings/fields/{id}?module=Contacts");
    stage.send_as_company("DELETE", &path, Value::Null).await;
    assert_eq!(refused(&stage, &marked("one")).await.1, Some(Stale::Reference));
    assert_eq!(looked("one").await.len(), 2, "by all that was sent, both may be it");
}

#[tokio::test]
async fn who_has_the_address_already_is_met_and_only_tagged() {
    let stage = stage().await;
    let first = made(&stage, &called("Ann First", "ann@twice.example")).await;
    stage.control("POST", "/plan", json!({"unique_email": true})).await;
    let Effect::CreatePerson(make) = called("Ann Second", "Ann@Twice.example") else { panic!() };
    let labels = vec![RemoteId("Warm Lead".into())];
    let effect = Effect::CreatePerson(PersonToMake { labels, ..make });
    let sent = writer().send(&stage.api, &effect).await.unwrap();
    assert_eq!(sent.id, first);
    let there = sent.person.unwrap();
    assert_eq!(there.name.as_deref(), Some("Ann First"), "nothing of them is overwritten");
    assert_eq!(there.labels, [RemoteId("Warm Lead".into())]);
    assert_eq!(list(&outbound(&stage).await, "persons").len(), 1);
}

#[tokio::test]
async fn a_name_or_an_address_with_a_quote_is_found_and_gets_into_no_query() {
    let stage = stage().await;
    for (name, address) in [
        ("Pat O'Brien", "pat.o'brien@quote.example"),
        ("Robert'); DROP TABLE students;--", "x'or'1'='1@quote.example"),
        ("Back\\slash", "back\\slash@quote.example"),
    ] {
        let made = made(&stage, &called(name, address)).await;
        let found = writer().persons_with_email(&stage.api, address).await.unwrap();
        assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&made], "{address}");
        let company = OrganizationToMake { name: format!("{name} & Söhne"), ..<_>::default() };
        let effect = Effect::CreateOrganization(company);
        let organization = self::made(&stage, &effect).await;
        let found = writer().organizations_named(&stage.api, &format!("{name} & Söhne")).await;
        let found = found.unwrap();
        assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&organization], "{name}");
    }
    for hostile in [
        "' or id is not null or Email = '",
        "x') or (id is not null",
        "x\\' or id is not null --",
        "x'' or ''=''",
        "\" or \"1\"=\"1",
        "%",
        "a%@quote.example",
    ] {
        let found = writer().persons_with_email(&stage.api, hostile).await.unwrap();
        assert!(found.is_empty(), "{hostile}: {found:?}");
        let found = writer().organizations_named(&stage.api, hostile).await.unwrap();
        assert!(found.is_empty(), "{hostile}: {found:?}");
    }
}

#[tokio::test]
async fn a_refusal_inside_a_yes_is_a_refusal() {
    let stage = stage().await;
    let person = made(&stage, &Effect::CreatePerson(ann())).await;
    // As anybody's bulk request sees it: one of two fails, the status says neither yes nor no.
    let two = json!({ "data": [{ "Last_Name": "Fine" }, { "Last_Name": "Bad", "Email": "no" }] });
    let answer = stage.send_as_company("POST", "/crm/v8/Contacts", two).await;
    assert_eq!(answer.0, 207);
    assert_eq!(answer.1["data"][1]["code"], "INVALID_DATA");
    let gone = RemoteId("5725767000000999999".into());
    let person_with = |change: fn(&mut PersonToMake, RemoteId)| {
        let mut make = ann();
        change(&mut make, RemoteId("5725767000000999999".into()));
        Effect::CreatePerson(make)
    };
    let owner = person_with(|make, id| make.owner = Some(id));
    assert_eq!(refused(&stage, &owner).await, (Some("owner".into()), Some(Stale::Owner)));
    let organization = person_with(|make, id| make.organization = Some(id));
    let expected = (Some("organization".into()), Some(Stale::Organization));
    assert_eq!(refused(&stage, &organization).await, expected);
    let long = person_with(|make, _| make.name = "x".repeat(200));
    assert_eq!(refused(&stage, &long).await, (Some("full_name".into()), None));
    let of_nobody = activity("Calls", &gone);
    let expected = (Some("person".into()), Some(Stale::Person));
    assert_eq!(refused(&stage, &Effect::CreateActivity(of_nobody)).await, expected);
    let lunch = ActivityToMake { kind: "Lunches".into(), ..activity("Calls", &person) };
    let expected = (Some("kind".into()), Some(Stale::Kind));
    assert_eq!(refused(&stage, &Effect::CreateActivity(lunch)).await, expected);
    let writes = stage.control("GET", "/truth/writes", json!({})).await;
    let statuses: Vec<&Value> = writes.as_array().unwrap().iter().map(|w| &w["answer"]).collect();
    assert!(statuses.iter().all(|status| [json!(201), json!(202), json!(207)].contains(status)));
    let outbound = outbound(&stage).await;
    assert_eq!((list(&outbound, "persons").len(), list(&outbound, "activities").len()), (2, 0));
}

fn activity(kind: &str, person: &RemoteId) -> ActivityToMake {
    ActivityToMake {
        kind: kind.into(),
        subject: "Met  at the fair".into(),
        note: "Wants \"more\"\nsoon".into(),
        due_at: "2028-02-29T23:30:00Z".parse().unwrap(),
        has_time: true,
        duration_minutes: Some(95),
        person: person.clone(),
        done: true,
        ..ActivityToMake::default()
    }
}

#[tokio::test]
async fn tasks_calls_and_meetings_say_what_they_are_about() {
    let stage = stage().await;
    let person = made(&stage, &Effect::CreatePerson(ann())).await;
    let make = OrganizationToMake { name: "Fair & Co".into(), ..<_>::default() };
    let organization = made(&stage, &Effect::CreateOrganization(make)).await;
    let types = writer().activity_types(&stage.api).await.unwrap();
    let kind = |kind| writer().activity_type(kind, &types).unwrap();
    let kinds = [ActivityKind::Email, ActivityKind::Call, ActivityKind::Conference].map(kind);
    assert_eq!(kinds, ["Tasks", "Calls", "Events"]);
    for (nth, kind) in kinds.iter().enumerate() {
        let about = (nth != 1).then(|| organization.clone());
        let effect = Effect::CreateActivity(ActivityToMake {
            organization: about.clone(),
            ..activity(kind, &person)
        });
        let id = made(&stage, &effect).await;
        assert!(id.as_str().starts_with(&format!("{kind}/5725767")), "{id}");
        assert_eq!(writer().look(&stage.api, &effect, now()).await.unwrap(), [id]);
        let there = outbound(&stage).await["activities"][nth].clone();
        assert_eq!(there["person_id"], person.as_str());
        assert_eq!(there["org_id"], json!(about.map(|id| id.0)));
        assert_eq!(there["se_module"], if nth == 1 { "Contacts" } else { "Accounts" });
        assert_eq!(there["subject"], "Met at the fair");
    }
    let there = outbound(&stage).await["activities"].clone();
    let (task, call, meeting) = (&there[0], &there[1], &there[2]);
    assert_eq!((&task["due"], &task["done"]), (&json!("2028-02-29"), &json!(true)));
    let said = "Time: 23:30 UTC\nDuration: 95 min\n\nWants \"more\"\nsoon";
    assert_eq!(task["note"], said, "a task has no place for them");
    assert_eq!((&call["duration"], &call["done"]), (&json!("95:00"), &json!(true)));
    assert_eq!(call["due"], "2028-02-29T23:30:00+00:00");
    assert_eq!(meeting["end"], "2028-03-01T01:05:00+00:00");
}

#[tokio::test]
async fn a_change_empties_what_is_no_longer_meant_and_no_kind_becomes_another() {
    let stage = stage().await;
    let person = made(&stage, &Effect::CreatePerson(ann())).await;
    for kind in ["Tasks", "Calls", "Events"] {
        let first = ActivityToMake { done: false, ..activity(kind, &person) };
        let id = made(&stage, &Effect::CreateActivity(first.clone())).await;
        let change = |activity| Effect::UpdateActivity { id: id.clone(), activity };
        let bare = ActivityToMake {
            has_time: false,
            duration_minutes: None,
            note: String::new(),
            done: true,
            ..first.clone()
        };
        let update = change(bare);
        assert!(writer().look(&stage.api, &update, now()).await.unwrap().is_empty());
        assert_eq!(made(&stage, &update).await, id);
        assert_eq!(
            writer().look(&stage.api, &update, now()).await.unwrap(),
            std::slice::from_ref(&id),
            "{kind}"
        );
        let writes = || async {
            stage.control("GET", "/truth/writes", json!({})).await.as_array().unwrap().len()
        };
        let before = writes().await;
        made(&stage, &update).await;
        assert_eq!(writes().await, before, "it is as it should be");
        let other = if kind == "Tasks" { "Calls" } else { "Tasks" };
        let moved = change(ActivityToMake { kind: other.into(), ..first });
        assert_eq!(refused(&stage, &moved).await, (Some("kind".into()), None));
    }
    for hostile in ["Calls/1/../2", "Calls/", "Users/1", "1", "Calls/0", "calls/7", "Calls/7?x=1"] {
        let delete = Effect::DeleteActivity { id: RemoteId(hostile.into()) };
        assert_eq!(writer().send(&stage.api, &delete).await, Err(CrmError::Missing), "{hostile}");
    }
}

#[tokio::test]
async fn notes_deals_and_changes_of_a_person_are_made_and_found() {
    let stage = stage().await;
    let since = now();
    let person = made(&stage, &Effect::CreatePerson(ann())).await;
    let note =
        NoteToMake { text: "Likes\n<b>tea</b>".into(), person: person.clone(), organization: None };
    let effect = Effect::Act(Act::CreateNote(note));
    assert!(writer().look(&stage.api, &effect, since).await.unwrap().is_empty());
    let id = made(&stage, &effect).await;
    assert_eq!(writer().look(&stage.api, &effect, since).await.unwrap(), [id]);

    let deal = DealToMake {
        title: Some("Pumps".into()),
        amount: Some("1200.50".into()),
        currency: Some("EUR".into()),
        person: Some(person.clone()),
        closes_on: "2028-02-29".parse().ok(),
        ..DealToMake::default()
    };
    let effect = Effect::Act(Act::CreateDeal(deal.clone()));
    let id = made(&stage, &effect).await;
    assert_eq!(writer().look(&stage.api, &effect, since).await.unwrap(), std::slice::from_ref(&id));
    let there = writer().deal(&stage.api, &id).await.unwrap().unwrap();
    assert_eq!((there.value, there.status.as_deref()), (Some(1200.5), Some("open")));
    assert_eq!(
        (there.stage.unwrap().as_str(), there.person),
        ("Qualification", Some(person.clone()))
    );
    let won = DealToMake { status: Some(DealStatus::Won), ..DealToMake::default() };
    made(&stage, &Effect::Act(Act::UpdateDeal { id: id.clone(), deal: won })).await;
    let there = writer().deal(&stage.api, &id).await.unwrap().unwrap();
    assert_eq!((there.title.as_deref(), there.status.as_deref()), (Some("Pumps"), Some("won")));
    let odd = DealToMake { stage: Some(RemoteId("Nowhere".into())), ..deal };
    let (field, _) = refused(&stage, &Effect::Act(Act::CreateDeal(odd))).await;
    assert_eq!(field.as_deref(), Some("stage"));

    let change = PersonChange {
        name: Some("Ann van Dyk".into()),
        emails: Some(email("new@writer.example")),
        ..PersonChange::default()
    };
    let effect = Effect::Act(Act::UpdatePerson { id: person.clone(), change });
    let there = writer().send(&stage.api, &effect).await.unwrap().person.unwrap();
    assert_eq!(there.name.as_deref(), Some("Ann van Dyk"));
    assert_eq!((there.emails.len(), there.phones.len()), (1, 1), "a list replaces, none stays");

    let task = ActivityToMake { priority: Some(Priority::High), ..activity("Tasks", &person) };
    let effect = Effect::CreateActivity(task.clone());
    let id = made(&stage, &effect).await;
    assert_eq!(writer().look(&stage.api, &effect, since).await.unwrap(), [id]);
    let other = Effect::CreateActivity(ActivityToMake { priority: Some(Priority::Low), ..task });
    assert!(writer().look(&stage.api, &other, since).await.unwrap().is_empty());
}

impl Stage {
    /// As the company itself would, past the connector.
    async fn send_as_company(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        use secrecy::ExposeSecret as _;
        let url = format!("{}{path}", self.crm.url);
        let token = self.tokens.access.lock().unwrap().clone();
        let token = format!("Zoho-oauthtoken {}", token.expose_secret());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.request(method.parse().unwrap(), url).header("authorization", token);
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        assert!((200..300).contains(&status), "{path}: {status}");
        (status, answer.json().await.unwrap())
    }
}
