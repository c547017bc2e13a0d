//! What is written, and what others have written before.

use serde_json::{Value, json};
use tandem::{
    connectors::{CrmError, Stale},
    domain::{
        ActivityKind, RemoteId, RemoteValue,
        action::{DealStatus, PersonChange},
        effect::{
            Act, ActivityToMake, DealToMake, Effect, Marker, OrganizationToMake, PersonToMake, Sent,
        },
    },
};

use super::{connector, stage, writer};
use crate::connectors::{stage::Stage, writes::now};

fn email(value: &str) -> Vec<RemoteValue> {
    vec![RemoteValue { value: value.into(), label: None, primary: true }]
}

fn named(name: &str, address: &str) -> PersonToMake {
    PersonToMake { name: name.into(), emails: email(address), ..<_>::default() }
}

async fn done(stage: &Stage, effect: &Effect) -> Sent {
    writer().send(&stage.api, effect).await.unwrap()
}

async fn refused(stage: &Stage, effect: &Effect) -> CrmError {
    writer().send(&stage.api, effect).await.unwrap_err()
}

async fn looked_for(stage: &Stage, effect: &Effect) -> Vec<RemoteId> {
    writer().look(&stage.api, effect, now()).await.unwrap()
}

async fn outbound(stage: &Stage) -> Value {
    stage.control("GET", "/truth/outbound", json!({})).await
}

async fn reference(stage: &Stage) -> String {
    let name = writer().reference_name().unwrap().to_owned();
    done(stage, &Effect::CreateReference { name }).await.id.0
}

#[tokio::test]
async fn a_quote_in_a_name_or_an_address_is_a_quote_and_no_condition() {
    let stage = stage().await;
    let strange = [
        ("O'Brien", "o'brien@x.example"),
        (r"Back\slash", r"back\slash@x.example"),
        (r"\' OR Id != null OR Name = '", "x'or'1'='1@x.example"),
        ("Anna') OR (IsDeleted = false", "a\"b@x.example"),
        ("%", "%25@x.example"),
    ];
    for (name, address) in strange {
        let effect = Effect::CreatePerson(named(name, address));
        let made = done(&stage, &effect).await.id;
        let found = writer().persons_with_email(&stage.api, address).await.unwrap();
        assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&made], "{address}");
        assert_eq!(looked_for(&stage, &effect).await, std::slice::from_ref(&made), "{name}");
        let company = OrganizationToMake { name: name.into(), ..<_>::default() };
        let organization = done(&stage, &Effect::CreateOrganization(company)).await.id;
        let found = writer().organizations_named(&stage.api, name).await.unwrap();
        assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&organization], "{name}");
    }
}

#[tokio::test]
async fn the_same_order_twice_makes_one_contact() {
    let stage = stage().await;
    let field = reference(&stage).await;
    let marked = |mark: &str| {
        let marker = Some(Marker { field: field.clone(), value: mark.into() });
        Effect::CreatePerson(PersonToMake { marker, ..named("Ann Writer", "ann@writer.example") })
    };
    let one = done(&stage, &marked("one")).await;
    assert_eq!(done(&stage, &marked("one")).await.id, one.id);
    let two = done(&stage, &marked("two")).await.id;
    assert_ne!(two, one.id);
    assert_eq!(looked_for(&stage, &marked("one")).await, std::slice::from_ref(&one.id));
    assert!(looked_for(&stage, &marked("ONE")).await.is_empty(), "letters of another case");
    assert_eq!(outbound(&stage).await["persons"].as_array().unwrap().len(), 2);
    assert_eq!(one.person.unwrap().custom[&field], json!("one"));

    // The company deletes the field: the mark is gone, and the order says what is out of date.
    stage.control("DELETE", "/fields", json!({"name": field})).await;
    assert_eq!(refused(&stage, &marked("three")).await.stale(), Some(Stale::Reference));
    assert_eq!(
        looked_for(&stage, &marked("one")).await.len(),
        2,
        "both may be it, by all that was sent"
    );
}

#[tokio::test]
async fn a_field_that_was_made_and_not_shown_is_shown_the_next_time() {
    let stage = stage().await;
    let name = writer().reference_name().unwrap().to_owned();
    let make = Effect::CreateReference { name };
    assert!(looked_for(&stage, &make).await.is_empty());
    stage.fault(json!({"kind": "reset", "path": "/sobjects/FieldPermissions"})).await;
    assert!(matches!(refused(&stage, &make).await, CrmError::Uncertain { .. }));
    assert!(looked_for(&stage, &make).await.is_empty(), "it is there, and nobody sees it");
    let field = done(&stage, &make).await.id;
    assert_eq!(looked_for(&stage, &make).await, std::slice::from_ref(&field));
    let fields = connector().fields(&stage.api).await.unwrap();
    assert_eq!(fields.custom_key("Tandem reference"), Some(field.as_str()));
}

#[tokio::test]
async fn labels_are_words_in_a_list_that_is_open_unless_somebody_closed_it() {
    let stage = stage().await;
    let make = named("Ann", "ann@label.example");
    let person = done(&stage, &Effect::CreatePerson(make)).await.id;
    let writes = async || {
        let writes = stage.control("GET", "/truth/writes", json!({})).await;
        writes.as_array().unwrap().len()
    };
    let before = writes().await;
    let very = done(&stage, &Effect::CreateLabel { name: "Very warm".into() }).await.id;
    assert_eq!(writes().await, before, "a word needs no making");
    let add = |labels: Vec<RemoteId>| Effect::AddLabels { person: person.clone(), labels };
    let there = done(&stage, &add(vec![very.clone()])).await.person.unwrap();
    assert_eq!(there.labels, std::slice::from_ref(&very));
    stage.control("POST", "/restrict", json!({"name": "Tandem_Labels__c"})).await;
    let other = done(&stage, &Effect::CreateLabel { name: "Ice cold".into() }).await.id;
    let error = refused(&stage, &add(vec![other])).await;
    assert_eq!(error.stale(), Some(Stale::Label), "{error:?}");

    // An org that has no such field gets it, with the word.
    stage.control("DELETE", "/labels", json!({})).await;
    let first = Effect::CreateLabel { name: "Warm Lead".into() };
    assert!(looked_for(&stage, &first).await.is_empty());
    let label = done(&stage, &first).await.id;
    let fields = connector().fields(&stage.api).await.unwrap();
    assert_eq!(fields.label("warm lead"), Some(label.clone()));
    let there = done(&stage, &add(vec![label.clone()])).await.person.unwrap();
    assert_eq!(there.labels, [label]);
    let bad = refused(&stage, &Effect::CreateLabel { name: "a;b".into() }).await;
    assert!(matches!(bad, CrmError::Refused { status: 0, .. }));
}

#[tokio::test]
async fn a_rule_against_duplicates_that_warns_is_overruled_and_one_that_forbids_names_the_person() {
    let stage = stage().await;
    let there = done(&stage, &Effect::CreatePerson(named("Ann Old", "ann@twice.example"))).await.id;
    stage.control("POST", "/duplicates", json!({"on": true, "allow_save": true})).await;
    let again = done(&stage, &Effect::CreatePerson(named("Ann New", "ann@twice.example"))).await.id;
    assert_ne!(again, there);
    let gone = json!({"delete_ids": [again.0]});
    stage.control("POST", "/persons/mutate", gone).await;

    stage.control("POST", "/duplicates", json!({"on": true, "allow_save": false})).await;
    let labels = vec![connector().fields(&stage.api).await.unwrap().label("warm lead").unwrap()];
    let make = PersonToMake { labels: labels.clone(), ..named("Ann New", "ANN@twice.example") };
    let sent = done(&stage, &Effect::CreatePerson(make)).await;
    assert_eq!(sent.id, there, "the one that has the address");
    let person = sent.person.unwrap();
    assert_eq!((person.name.as_deref(), &person.labels), (Some("Ann Old"), &labels));

    let twin = json!({"on": false});
    stage.control("POST", "/duplicates", twin).await;
    done(&stage, &Effect::CreatePerson(named("Ann Twin", "ann@twice.example"))).await;
    stage.control("POST", "/duplicates", json!({"on": true, "allow_save": false})).await;
    let error = refused(&stage, &Effect::CreatePerson(named("Ann", "ann@twice.example"))).await;
    let CrmError::Refused { said, .. } = &error else { panic!("{error:?}") };
    assert_eq!(said[0].field.as_deref(), Some("emails"), "two have it: a person decides");
}

#[tokio::test]
async fn a_meeting_is_an_event_and_neither_becomes_the_other() {
    let stage = stage().await;
    let person = done(&stage, &Effect::CreatePerson(named("Ann", "ann@meets.example"))).await.id;
    let types = writer().activity_types(&stage.api).await.unwrap();
    let kind = |kind| writer().activity_type(kind, &types).unwrap();
    let make = |kind: String, has_time: bool| ActivityToMake {
        kind,
        subject: "Demo".into(),
        note: "one\r\ntwo".into(),
        due_at: "2028-02-29T09:30:00Z".parse().unwrap(),
        has_time,
        duration_minutes: Some(45),
        person: person.clone(),
        done: true,
        ..<_>::default()
    };
    let timed = Effect::CreateActivity(make(kind(ActivityKind::Meeting), true));
    let event = done(&stage, &timed).await.id;
    let whole = Effect::CreateActivity(make(kind(ActivityKind::Conference), false));
    let day = done(&stage, &whole).await.id;
    assert_eq!(looked_for(&stage, &timed).await, std::slice::from_ref(&event));
    assert_eq!(looked_for(&stage, &whole).await, std::slice::from_ref(&day));
    let task = Effect::CreateActivity(make(kind(ActivityKind::Referral), true));
    let task = done(&stage, &task).await.id;
    let there = outbound(&stage).await["activities"].clone();
    let shown = |nth: usize| {
        let one = &there[nth];
        json!([one["type"], one["due_date"], one["due_time"], one["duration"], one["done"]])
    };
    assert_eq!(shown(0), json!(["Event", "2028-02-29", "09:30:00", 45, null]));
    assert_eq!(shown(1), json!(["Event", "2028-02-29", null, null, null]));
    assert_eq!(shown(2), json!(["Task", "2028-02-29", null, null, true]));
    assert!(event.as_str().starts_with("00U") && task.as_str().starts_with("00T"));

    let turn = Effect::UpdateActivity { id: task.clone(), activity: make("meeting".into(), true) };
    let error = refused(&stage, &turn).await;
    assert!(matches!(error, CrmError::Refused { status: 0, .. }), "{error:?}");
    let open = ActivityToMake { done: false, ..make("task".into(), true) };
    let reopen = Effect::UpdateActivity { id: task, activity: open };
    done(&stage, &reopen).await;
    assert_eq!(outbound(&stage).await["activities"][2]["status"], "Not Started");
    assert_eq!(looked_for(&stage, &reopen).await.len(), 1);
}

#[tokio::test]
async fn members_deals_are_made_found_and_won_and_a_person_is_changed_where_they_say_so() {
    let stage = stage().await;
    let person = done(&stage, &Effect::CreatePerson(named("Ann", "ann@deals.example"))).await.id;
    let stages = writer().stages(&stage.api).await.unwrap();
    assert_eq!(stages[0].name, "Prospecting");
    let make = DealToMake {
        title: Some("O'Big".into()),
        amount: Some("1200.50".into()),
        closes_on: Some("2028-02-29".parse().unwrap()),
        person: Some(person.clone()),
        ..<_>::default()
    };
    let create = Effect::Act(Act::CreateDeal(make.clone()));
    let deal = done(&stage, &create).await.id;
    assert_eq!(looked_for(&stage, &create).await, std::slice::from_ref(&deal));
    let there = writer().deal(&stage.api, &deal).await.unwrap().unwrap();
    assert_eq!((there.person, there.value), (Some(person.clone()), Some(1200.5)));
    assert_eq!(there.stage, Some(stages[0].id.clone()), "the first open one");
    let won = DealToMake { status: Some(DealStatus::Won), ..<_>::default() };
    done(&stage, &Effect::Act(Act::UpdateDeal { id: deal.clone(), deal: won })).await;
    let there = writer().deal(&stage.api, &deal).await.unwrap().unwrap();
    assert_eq!((there.status.as_deref(), there.title.as_deref()), (Some("won"), Some("O'Big")));
    for (bad, field) in [
        (DealToMake { closes_on: None, ..make.clone() }, "closes_on"),
        (DealToMake { currency: Some("EUR".into()), ..make.clone() }, "currency"),
        (DealToMake { pipeline: Some(RemoteId("1".into())), ..make }, "pipeline"),
    ] {
        let error = refused(&stage, &Effect::Act(Act::CreateDeal(bad))).await;
        let CrmError::Refused { status: 0, said, .. } = &error else { panic!("{error:?}") };
        assert_eq!(said[0].field.as_deref(), Some(field));
    }

    let change = PersonChange { name: Some("Ann Lee".into()), ..PersonChange::default() };
    let changed = done(&stage, &Effect::Act(Act::UpdatePerson { id: person, change })).await;
    let changed = changed.person.unwrap();
    assert_eq!(changed.name.as_deref(), Some("Ann Lee"));
    assert_eq!(changed.emails[0].value, "ann@deals.example");
}

#[tokio::test]
async fn what_the_crm_refuses_comes_back_by_our_names_and_says_what_is_stale() {
    let stage = stage().await;
    let person = done(&stage, &Effect::CreatePerson(named("Ann", "ann@stale.example"))).await.id;
    let users = connector().users(&stage.api).await.unwrap();
    let left = users.iter().find(|user| !user.active).unwrap().id.clone();
    let nobody = |prefix: &str| RemoteId(format!("{prefix}Hn0zzzzzzzzz"));
    let make = || named("Ann", "ann@stale.example");
    let call = |make: fn(ActivityToMake) -> ActivityToMake| {
        Effect::CreateActivity(make(ActivityToMake {
            kind: "call".into(),
            subject: "x".into(),
            due_at: "2028-02-29T09:30:00Z".parse().unwrap(),
            person: person.clone(),
            ..<_>::default()
        }))
    };
    let cases = [
        (
            Effect::CreatePerson(PersonToMake { owner: Some(left), ..make() }),
            "owner",
            Some(Stale::Owner),
        ),
        (
            Effect::CreatePerson(PersonToMake { organization: Some(nobody("001")), ..make() }),
            "organization",
            Some(Stale::Organization),
        ),
        (Effect::CreatePerson(PersonToMake { name: "x".repeat(81), ..make() }), "full_name", None),
        (Effect::CreatePerson(named("Ann", "no address")), "emails", None),
        (call(|make| ActivityToMake { subject: "x".repeat(300), ..make }), "subject", None),
        (
            call(|make| ActivityToMake { person: RemoteId("003Hn0zzzzzzzzz".into()), ..make }),
            "person",
            Some(Stale::Person),
        ),
        (call(|make| ActivityToMake { kind: "lunch".into(), ..make }), "kind", Some(Stale::Kind)),
    ];
    for (effect, field, stale) in cases {
        let error = refused(&stage, &effect).await;
        assert_eq!(error.stale(), stale, "{field}: {error:?}");
        let CrmError::Refused { said, .. } = &error else { panic!("{error:?}") };
        assert_eq!(said[0].field.as_deref(), Some(field), "{error:?}");
    }
    assert_eq!(outbound(&stage).await["persons"].as_array().unwrap().len(), 1);
}
