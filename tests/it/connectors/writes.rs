//! What is written arrives, is known again, and is not written twice.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tandem::{
    connectors::{CrmError, Stale, Writer},
    domain::{
        ActivityKind, RemoteId, RemoteValue,
        effect::{ActivityToMake, Effect, Marker, OrganizationToMake, PersonToMake, Sent},
    },
};

use super::{
    rig::connector,
    stage::{Stage, small},
};

pub(crate) fn writer() -> &'static dyn Writer {
    connector().writer().expect("it can be written to")
}

pub(crate) fn id(id: impl ToString + Copy) -> RemoteId {
    RemoteId(id.to_string())
}

fn value(value: &str, primary: bool) -> RemoteValue {
    RemoteValue { value: value.into(), label: Some("home".into()), primary }
}

pub(crate) fn ann() -> PersonToMake {
    PersonToMake {
        name: "Ann Writer".into(),
        emails: vec![value("Ann@Writer.example", true), value("a.writer@mail.example", false)],
        phones: vec![value("+49 30 901820", true)],
        ..PersonToMake::default()
    }
}

fn call(person: &RemoteId) -> ActivityToMake {
    ActivityToMake {
        kind: "call".into(),
        subject: "Called about the offer".into(),
        note: "It's <script>alert(1)</script> & \"fine\"\nsecond line\n\nnext".into(),
        due_at: "2028-02-29T09:30:00Z".parse().unwrap(),
        has_time: true,
        duration_minutes: Some(45),
        owner: None,
        person: person.clone(),
        organization: None,
        done: true,
        priority: None,
    }
}

/// Records of a stand-in have whole seconds.
pub(crate) fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "the stand-in lives by the wall clock")]
    Utc::now()
}

impl Stage {
    pub(super) async fn sent(&self, effect: &Effect) -> Sent {
        writer().send(&self.api, effect).await.unwrap()
    }

    pub(super) async fn looked(&self, effect: &Effect, since: DateTime<Utc>) -> Vec<RemoteId> {
        writer().look(&self.api, effect, since).await.unwrap()
    }

    pub(super) async fn outbound(&self) -> Value {
        self.control("GET", "/truth/outbound", json!({})).await
    }

    pub(super) async fn writes(&self) -> Vec<Value> {
        self.control("GET", "/truth/writes", json!({})).await.as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn a_lead_arrives_with_organization_owner_label_and_marker() {
    let stage = Stage::new(small()).await;
    let since = now();
    let name = writer().reference_name().unwrap();
    let reference = Effect::CreateReference { name: name.into() };
    assert!(stage.looked(&reference, since).await.is_empty());
    let field = stage.sent(&reference).await.id.0;
    assert_eq!(stage.looked(&reference, since).await, [RemoteId(field.clone())]);

    let fields = connector().fields(&stage.api).await.unwrap();
    assert_eq!(fields.custom_key(name), Some(field.as_str()));
    let label = fields.label(" WARM LEAD ").expect("every account has it");
    assert_eq!(fields.label("Luke warm"), None);

    let make = OrganizationToMake {
        name: "Writer & Söhne".into(),
        industry: Some("software".into()),
        country: Some("DE".into()),
        website: Some("writer.example".into()),
        owner: Some(id(20_002)),
    };
    let effect = Effect::CreateOrganization(make);
    let organization = stage.sent(&effect).await.id;
    assert_eq!(stage.looked(&effect, since).await, std::slice::from_ref(&organization));

    let make = PersonToMake {
        organization: Some(organization.clone()),
        owner: Some(id(20_002)),
        labels: vec![label.clone()],
        marker: Some(Marker { field: field.clone(), value: "one".into() }),
        ..ann()
    };
    let effect = Effect::CreatePerson(make.clone());
    let sent = stage.sent(&effect).await;
    let person = sent.person.expect("a person comes back whole");
    assert_eq!((&person.id, &person.owner), (&sent.id, &Some(id(20_002))));
    assert_eq!((&person.organization, &person.labels), (&Some(organization), &vec![label]));
    assert_eq!(person.emails[0], make.emails[0]);
    assert_eq!(stage.looked(&effect, since).await, std::slice::from_ref(&sent.id));

    let truth = stage.outbound().await;
    assert_eq!(truth["persons"].as_array().unwrap().len(), 1);
    assert_eq!(truth["persons"][0]["custom_fields"], json!({ &field: "one" }));
    let there = &truth["organizations"][0];
    assert_eq!((&there["address"], &there["industry"]), (&json!("Germany"), &json!(302)));
    assert_eq!(there["website"], "writer.example");
    assert_eq!(stage.writes().await.len(), 3);
    let counters = stage.control("GET", "/counters", json!({})).await;
    let tokens = &counters["budgets"]["tokens_spent"]["7001"];
    assert_eq!(*tokens, json!(stage.meter.read().tokens), "the price list is theirs");
}

#[tokio::test]
async fn people_and_organizations_are_found_exactly_and_alive() {
    let stage = Stage::new(small()).await;
    let sent = stage.sent(&Effect::CreatePerson(ann())).await;
    let near = PersonToMake {
        name: "Near".into(),
        emails: vec![value("joann@writer.example", true)],
        ..<_>::default()
    };
    stage.sent(&Effect::CreatePerson(near)).await;
    let found = writer().persons_with_email(&stage.api, " ANN@writer.EXAMPLE ").await.unwrap();
    assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&sent.id]);
    assert_eq!(found[0].phones.len(), 1, "whole");

    // The search index lags; lists do not.
    stage.control("POST", "/search_lag", json!({"ms": 60_000})).await;
    assert!(
        writer().persons_with_email(&stage.api, "ann@writer.example").await.unwrap().is_empty()
    );
    assert_eq!(
        stage.looked(&Effect::CreatePerson(ann()), now()).await,
        std::slice::from_ref(&sent.id)
    );
    stage.control("POST", "/search_lag", json!({"ms": 0})).await;

    let gone = json!({"delete_ids": [sent.id.0.parse::<u64>().unwrap()]});
    stage.control("POST", "/persons/mutate", gone).await;
    assert!(
        writer().persons_with_email(&stage.api, "ann@writer.example").await.unwrap().is_empty()
    );

    let make = |name: &str| {
        Effect::CreateOrganization(OrganizationToMake { name: name.into(), ..<_>::default() })
    };
    let first = stage.sent(&make("Twice GmbH")).await.id;
    let second = stage.sent(&make("TWICE GmbH")).await.id;
    stage.sent(&make("Twice GmbH & Co")).await;
    let found = writer().organizations_named(&stage.api, " twice  gmbh ").await.unwrap();
    assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [&first, &second]);
    assert!(writer().organizations_named(&stage.api, " ").await.unwrap().is_empty());
}

#[tokio::test]
async fn labels_are_added_to_those_there_are_and_only_if_missing() {
    let stage = Stage::new(small()).await;
    let person =
        stage.sent(&Effect::CreatePerson(PersonToMake { labels: vec![id(1)], ..ann() })).await;
    let make = Effect::CreateLabel { name: "Very warm".into() };
    assert!(stage.looked(&make, now()).await.is_empty());
    let label = stage.sent(&make).await.id;
    assert_eq!(stage.looked(&make, now()).await, std::slice::from_ref(&label));
    let refused = writer().send(&stage.api, &make).await.unwrap_err();
    assert!(matches!(refused, CrmError::Refused { status: 400, .. }), "{refused:?}");

    let add = Effect::AddLabels { person: person.id.clone(), labels: vec![label.clone(), id(1)] };
    assert!(stage.looked(&add, now()).await.is_empty());
    let now_there = stage.sent(&add).await.person.unwrap();
    assert_eq!(now_there.labels, [id(1), label]);
    assert_eq!(now_there.emails.len(), 2, "nothing else is overwritten");
    assert_eq!(stage.looked(&add, now()).await, std::slice::from_ref(&person.id));
    let before = stage.writes().await.len();
    assert_eq!(stage.sent(&add).await.id, person.id);
    assert_eq!(stage.writes().await.len(), before, "nothing was missing");

    let gone = json!({"delete_ids": [person.id.0.parse::<u64>().unwrap()]});
    stage.control("POST", "/persons/mutate", gone).await;
    assert_eq!(writer().send(&stage.api, &add).await, Err(CrmError::Missing));
    assert!(stage.looked(&add, now()).await.is_empty());
}

#[tokio::test]
async fn an_activity_is_made_changed_and_deleted_once() {
    let stage = Stage::new(small()).await;
    let types = writer().activity_types(&stage.api).await.unwrap();
    assert!(types.iter().any(|known| !known.active));
    assert_eq!(writer().activity_type(ActivityKind::Referral, &types).as_deref(), Some("task"));

    let person = stage.sent(&Effect::CreatePerson(ann())).await.id;
    let make = call(&person);
    let effect = Effect::CreateActivity(make.clone());
    assert!(stage.looked(&effect, now()).await.is_empty());
    let known = stage.sent(&effect).await.id;
    assert_eq!(stage.looked(&effect, now()).await, std::slice::from_ref(&known));
    let later = now() + TimeDelta::minutes(5);
    assert!(stage.looked(&effect, later).await.is_empty(), "made before");
    let there = stage.outbound().await["activities"][0].clone();
    assert_eq!(
        json!([there["due_date"], there["due_time"], there["duration"], there["person_id"]]),
        json!(["2028-02-29", "09:30:00", "00:45:00", person.0.parse::<u64>().unwrap()])
    );
    assert!(!there["note"].as_str().unwrap().contains("<script"));

    let bare = ActivityToMake {
        has_time: false,
        duration_minutes: None,
        note: String::new(),
        subject: "Called again".into(),
        done: false,
        ..make
    };
    let update = Effect::UpdateActivity { id: known.clone(), activity: bare };
    assert!(stage.looked(&update, now()).await.is_empty());
    assert_eq!(stage.sent(&update).await.id, known);
    assert_eq!(stage.looked(&update, now()).await, std::slice::from_ref(&known));
    let there = stage.outbound().await["activities"][0].clone();
    assert_eq!(
        json!([there["subject"], there["due_time"], there["duration"], there["note"]]),
        json!(["Called again", null, null, ""])
    );
    let before = stage.writes().await.len();
    stage.sent(&update).await;
    assert_eq!(stage.writes().await.len(), before, "it is as it should be");

    let delete = Effect::DeleteActivity { id: known.clone() };
    assert!(stage.looked(&delete, now()).await.is_empty());
    assert_eq!(stage.sent(&delete).await.id, known);
    assert_eq!(stage.looked(&delete, now()).await, std::slice::from_ref(&known));
    assert_eq!(stage.sent(&delete).await.id, known, "what is gone is deleted");
    assert_eq!(writer().send(&stage.api, &update).await, Err(CrmError::Missing));
    assert!(stage.looked(&update, now()).await.is_empty());
    assert!(stage.looked(&effect, now()).await.is_empty());
}

#[tokio::test]
async fn a_person_is_known_by_its_mark_and_without_one_by_all_that_was_sent() {
    let stage = Stage::new(small()).await;
    let since = now();
    let name = writer().reference_name().unwrap().to_owned();
    let field = stage.sent(&Effect::CreateReference { name }).await.id.0;
    let marked = |mark: &str| {
        let marker = Some(Marker { field: field.clone(), value: mark.into() });
        Effect::CreatePerson(PersonToMake { marker, ..ann() })
    };
    let one = stage.sent(&marked("one")).await.id;
    let two = stage.sent(&marked("two")).await.id;
    assert_eq!(stage.looked(&marked("one"), since).await, std::slice::from_ref(&one));
    assert_eq!(stage.looked(&marked("two"), since).await, std::slice::from_ref(&two));
    assert!(stage.looked(&marked("three"), since).await.is_empty(), "others' marks are others'");
    let plain = stage.looked(&Effect::CreatePerson(ann()), since).await;
    assert_eq!(plain.len(), 2, "without a mark both may be it: {plain:?}");

    // The company deletes our field: marks are gone, and sending one is refused.
    let url = format!("/api/v2/personFields/{field}");
    stage.delete(&url).await;
    assert_eq!(stage.looked(&marked("one"), since).await.len(), 2);
    let error = writer().send(&stage.api, &marked("one")).await.unwrap_err();
    assert_eq!(error.stale(), Some(Stale::Reference));

    for other in [
        PersonToMake { name: "Ann W".into(), ..ann() },
        PersonToMake { emails: vec![value("ann@writer.example", true)], ..ann() },
        PersonToMake { owner: Some(id(20_002)), ..ann() },
        PersonToMake { phones: vec![], ..ann() },
        PersonToMake { organization: Some(id(1)), ..ann() },
    ] {
        assert!(stage.looked(&Effect::CreatePerson(other), since).await.is_empty());
    }
}

#[tokio::test]
async fn what_the_crm_refuses_comes_back_by_our_names_and_says_what_is_stale() {
    let stage = Stage::new(small()).await;
    let person = stage.sent(&Effect::CreatePerson(ann())).await.id;
    let refused = |make: PersonToMake| Effect::CreatePerson(make);
    let activity = |make: ActivityToMake| Effect::CreateActivity(make);
    let bad = vec![value("ann@refused.example", true)];
    let far = "9999-12-31T00:00:00Z".parse().unwrap();
    let cases = [
        (refused(PersonToMake { emails: bad, ..ann() }), "emails", None),
        (refused(PersonToMake { owner: Some(id(20_005)), ..ann() }), "owner", Some(Stale::Owner)),
        (refused(PersonToMake { labels: vec![id(99)], ..ann() }), "label", Some(Stale::Label)),
        (
            refused(PersonToMake { organization: Some(id(999_999)), ..ann() }),
            "organization",
            Some(Stale::Organization),
        ),
        (refused(PersonToMake { name: " ".into(), ..ann() }), "full_name", None),
        (
            activity(ActivityToMake { kind: "lunch".into(), ..call(&person) }),
            "kind",
            Some(Stale::Kind),
        ),
        (activity(ActivityToMake { subject: "x".repeat(300), ..call(&person) }), "subject", None),
        (activity(ActivityToMake { due_at: far, ..call(&person) }), "due_at", None),
        (activity(call(&id(999_999))), "person", Some(Stale::Person)),
    ];
    for (effect, field, stale) in cases {
        let error = writer().send(&stage.api, &effect).await.unwrap_err();
        assert_eq!(error.stale(), stale, "{field}: {error:?}");
        let CrmError::Refused { said, .. } = &error else { panic!("{error:?}") };
        assert_eq!(said[0].field.as_deref(), Some(field), "{error:?}");
        assert!(!said[0].words.is_empty() && said[0].words.len() <= 300);
        assert!(!format!("{error:?} {error}").contains("refused.example"));
    }
    assert_eq!(stage.outbound().await["persons"].as_array().unwrap().len(), 1);
    assert!(stage.outbound().await["activities"].as_array().unwrap().is_empty());

    // A note of any length is made to fit.
    let long = ActivityToMake { note: "<é>\n".repeat(60_000), ..call(&person) };
    let effect = activity(long);
    let known = stage.sent(&effect).await.id;
    assert_eq!(stage.looked(&effect, now()).await, [known]);
}
