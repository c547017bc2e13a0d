//! What members ask for beside activities: once, found again, and refused by the right name.

use chrono::TimeDelta;
use serde_json::json;
use tandem::{
    connectors::CrmError,
    domain::{
        RemoteId, RemoteValue,
        action::{ActionKind, DealStatus, PersonChange, Priority, TaskKind},
        effect::{Act, ActivityToMake, DealToMake, Effect, NoteToMake},
    },
};

use super::{stage, writer};
use crate::connectors::writes::{ann, now};

#[tokio::test]
async fn a_note_a_deal_and_a_change_arrive_and_are_found_again() {
    let stage = stage(20).await;
    let since = now() - TimeDelta::seconds(1);
    let send = async |effect: &Effect| writer().send(&stage.api, effect).await.unwrap();
    let look = async |effect: &Effect| writer().look(&stage.api, effect, since).await.unwrap();
    let cannot: Vec<ActionKind> =
        ActionKind::ALL.iter().copied().filter(|kind| writer().cannot(*kind).is_some()).collect();
    assert_eq!(cannot, [ActionKind::SearchRecords], "the others have it");
    let person = send(&Effect::CreatePerson(ann())).await.id;

    let text = "<i>Likes</i> tea\nand cake".to_owned();
    let note = Effect::Act(Act::CreateNote(NoteToMake {
        text,
        person: person.clone(),
        organization: None,
    }));
    assert_eq!(look(&note).await, []);
    let made = send(&note).await.id;
    assert_eq!(look(&note).await, [made]);

    let stages = writer().stages(&stage.api).await.unwrap();
    assert_eq!(stages[0].id.as_str(), "appointmentscheduled");
    let pilot = DealToMake {
        title: Some("Pilot".into()),
        amount: Some("1200.50".into()),
        currency: Some("EUR".into()),
        closes_on: "2027-02-28".parse().ok(),
        person: Some(person.clone()),
        ..DealToMake::default()
    };
    let deal = Effect::Act(Act::CreateDeal(pilot));
    assert_eq!(look(&deal).await, []);
    let id = send(&deal).await.id;
    assert_eq!(look(&deal).await, std::slice::from_ref(&id));
    let there = writer().deal(&stage.api, &id).await.unwrap().unwrap();
    assert_eq!((there.status.as_deref(), there.value), (Some("open"), Some(1200.5)));
    assert_eq!(there.person.as_ref(), Some(&person));
    let won = DealToMake { status: Some(DealStatus::Won), ..DealToMake::default() };
    send(&Effect::Act(Act::UpdateDeal { id: id.clone(), deal: won })).await;
    let there = writer().deal(&stage.api, &id).await.unwrap().unwrap();
    assert_eq!((there.status.as_deref(), there.title.as_deref()), (Some("won"), Some("Pilot")));
    assert_eq!(writer().deal(&stage.api, &RemoteId("7".into())).await, Ok(None));

    let change = PersonChange {
        name: Some("Ann Other Name".into()),
        emails: Some(vec![RemoteValue {
            value: "new@writer.example".into(),
            label: None,
            primary: true,
        }]),
        ..PersonChange::default()
    };
    let update = Effect::Act(Act::UpdatePerson { id: person.clone(), change });
    let there = send(&update).await.person.unwrap();
    assert_eq!(there.last_name.as_deref(), Some("Other Name"));
    assert_eq!(there.emails[0].value, "new@writer.example");
    assert_eq!(there.phones.len(), 1, "what was not given stays");
}

#[tokio::test]
async fn an_address_of_somebody_else_is_not_taken() {
    let stage = stage(20).await;
    let first = writer().send(&stage.api, &Effect::CreatePerson(ann())).await.unwrap().id;
    let emails =
        Some(vec![RemoteValue { value: "x@writer.example".into(), label: None, primary: true }]);
    let other = Effect::CreatePerson(tandem::domain::effect::PersonToMake {
        emails: emails.clone().unwrap(),
        ..ann()
    });
    writer().send(&stage.api, &other).await.unwrap();
    let change = PersonChange { emails, ..PersonChange::default() };
    let update = Effect::Act(Act::UpdatePerson { id: first, change });
    let error = writer().send(&stage.api, &update).await.unwrap_err();
    let CrmError::Refused { status: 409, said, .. } = error else { panic!("{error:?}") };
    assert_eq!(said[0].field.as_deref(), Some("emails"));
}

#[tokio::test]
async fn a_task_has_its_type_and_its_priority() {
    let stage = stage(20).await;
    let person = writer().send(&stage.api, &Effect::CreatePerson(ann())).await.unwrap().id;
    let types = writer().activity_types(&stage.api).await.unwrap();
    assert!(writer().priorities().contains(&Priority::High));
    for (kind, object) in [
        (TaskKind::Todo, "tasks/"),
        (TaskKind::Call, "tasks/"),
        (TaskKind::Email, "tasks/"),
        (TaskKind::Meeting, "meetings/"),
    ] {
        let make = ActivityToMake {
            kind: writer().task_type(kind, &types).unwrap(),
            subject: "Renewal".into(),
            due_at: "2028-02-29T09:30:00Z".parse().unwrap(),
            person: person.clone(),
            priority: Some(Priority::High),
            ..ActivityToMake::default()
        };
        let sent = writer().send(&stage.api, &Effect::CreateActivity(make)).await.unwrap();
        assert!(sent.id.as_str().starts_with(object), "{}", sent.id);
    }
    let all = stage.control("GET", "/truth/outbound", json!({})).await;
    assert_eq!(all["activities"].as_array().unwrap().len(), 4);
}
