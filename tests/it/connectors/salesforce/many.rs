//! Many records in one request: each with its own outcome, the same as alone.

use serde_json::{Value, json};
use tandem::{
    connectors::{CrmError, Many, Stale, Told},
    domain::{
        RemoteId, RemotePerson, RemoteValue,
        effect::{Effect, Marker, OrganizationToMake, PersonToMake, Sent},
    },
};

use super::{stage, writer};
use crate::connectors::{stage::Stage, writes::now};

fn many() -> &'static dyn Many {
    writer().many().unwrap()
}

fn person(mark: &str, address: &str) -> PersonToMake {
    PersonToMake {
        name: format!("Ann {mark}"),
        emails: vec![RemoteValue { value: address.into(), label: None, primary: true }],
        marker: Some(Marker { field: "Tandem_Reference__c".into(), value: mark.into() }),
        ..<_>::default()
    }
}

fn make(mark: &str, address: &str) -> Effect {
    Effect::CreatePerson(person(mark, address))
}

fn organization(name: &str) -> Effect {
    Effect::CreateOrganization(OrganizationToMake { name: name.into(), ..<_>::default() })
}

async fn prepared() -> Stage {
    let stage = stage().await;
    let name = writer().reference_name().unwrap().to_owned();
    writer().send(&stage.api, &Effect::CreateReference { name }).await.unwrap();
    stage
}

async fn requests(stage: &Stage) -> u64 {
    stage.control("GET", "/counters", json!({})).await["total"].as_u64().unwrap()
}

async fn made(stage: &Stage, kind: &str) -> Vec<Value> {
    let all = stage.control("GET", "/truth/outbound", json!({})).await;
    all[kind].as_array().unwrap().clone()
}

fn id(told: &Told<Sent>) -> &RemoteId {
    match told {
        Told::Answer(Ok(sent)) => &sent.id,
        other => panic!("{other:?}"),
    }
}

/// But for when it was saved.
fn timeless(sent: &Sent) -> Sent {
    let person = sent.person.clone().map(|person| RemotePerson { updated_at: None, ..person });
    Sent { id: sent.id.clone(), person }
}

fn error(told: &Told<Sent>) -> &CrmError {
    match told {
        Told::Answer(Err(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_of_many_ends_as_it_would_have_ended_alone() {
    let stage = prepared().await;
    let remote = |id: &str| Some(RemoteId(id.into()));
    let odd = |change: fn(&mut PersonToMake), mark: &str| {
        let mut make = person(mark, &format!("{mark}@many.example"));
        change(&mut make);
        Effect::CreatePerson(make)
    };
    let effects = vec![
        make("one", "one@many.example"),
        make("refused", "ann@refused.example"),
        make("odd-address", "nobody"),
        odd(|make| make.name = "x".repeat(90), "too-long"),
        odd(|make| make.name = String::new(), "nameless"),
        Effect::CreatePerson(PersonToMake {
            organization: remote("001000000000000AAA"),
            ..person("no-such-organization", "org@many.example")
        }),
        Effect::CreatePerson(PersonToMake {
            owner: remote("005000000000000AAA"),
            ..person("no-such-owner", "owner@many.example")
        }),
        make("bad/mark", "mark@many.example"),
        make("last", "last@many.example"),
    ];
    let before = requests(&stage).await;
    let told = many().send_all(&stage.api, &effects).await.unwrap();
    assert_eq!(requests(&stage).await - before, 3, "all of them, and reading those that were made");
    assert_eq!(made(&stage, "persons").await.len(), 2);
    for (effect, told) in effects.iter().zip(&told) {
        match (told, writer().send(&stage.api, effect).await) {
            // The mark is there: it is the same contact, saved once more.
            (Told::Answer(Ok(together)), Ok(alone)) => {
                assert_eq!(timeless(together), timeless(&alone));
            }
            (Told::Answer(Err(together)), Err(alone)) => assert_eq!(*together, alone),
            (together, alone) => panic!("{together:?} and {alone:?}"),
        }
    }
    assert_eq!(error(&told[5]).stale(), Some(Stale::Organization));
    assert_eq!(error(&told[6]).stale(), Some(Stale::Owner));
    assert_eq!(made(&stage, "persons").await.len(), 2);
}

#[tokio::test]
async fn the_same_orders_twice_make_each_contact_once() {
    let stage = prepared().await;
    let effects: Vec<Effect> =
        (0..200).map(|nth| make(&format!("m-{nth}"), &format!("m{nth}@many.example"))).collect();
    stage.fault(json!({ "kind": "applied_reset", "path": "/composite/sobjects/Contact/" })).await;
    let lost = many().send_all(&stage.api, &effects).await.unwrap_err();
    assert!(matches!(lost, CrmError::Uncertain { .. }), "{lost:?}");
    let once = many().send_all(&stage.api, &effects).await.unwrap();
    let twice = many().send_all(&stage.api, &effects).await.unwrap();
    assert_eq!(once.iter().map(id).collect::<Vec<_>>(), twice.iter().map(id).collect::<Vec<_>>());
    let all = made(&stage, "persons").await;
    assert_eq!(all.len(), 200);
    for (nth, told) in once.iter().enumerate() {
        let Told::Answer(Ok(sent)) = told else { panic!("{told:?}") };
        let person = sent.person.as_ref().unwrap();
        assert_eq!(person.id, sent.id);
        assert_eq!(person.custom["Tandem_Reference__c"], json!(format!("m-{nth}")));
        assert_eq!(person.emails[0].value, format!("m{nth}@many.example"));
    }
}

#[tokio::test]
async fn whoever_is_taken_for_a_duplicate_goes_alone_and_a_mark_that_is_gone_is_said() {
    let stage = prepared().await;
    let there = writer().send(&stage.api, &make("old", "twice@many.example")).await.unwrap();
    stage.control("POST", "/duplicates", json!({ "on": true, "allow_save": false })).await;
    let effects = [make("new", "twice@many.example"), make("other", "other@many.example")];
    let told = many().send_all(&stage.api, &effects).await.unwrap();
    assert_eq!(told[0], Told::Alone);
    id(&told[1]);
    // Alone it is told whom it is taken for.
    assert_eq!(writer().send(&stage.api, &effects[0]).await.unwrap().id, there.id);
    // The same mark twice in one request: neither is done, and each goes alone.
    let twice = [make("two", "a@many.example"), make("two", "b@many.example")];
    let told = many().send_all(&stage.api, &twice).await.unwrap();
    assert_eq!(told, [Told::Alone, Told::Alone]);

    stage.control("DELETE", "/fields", json!({ "name": "Tandem_Reference__c" })).await;
    let gone = many().send_all(&stage.api, &effects).await.unwrap_err();
    assert_eq!(gone.stale(), Some(Stale::Reference), "{gone:?}");
    let other = Marker { field: "Another__c".into(), value: "x".into() };
    let other = PersonToMake { marker: Some(other), ..person("x", "x@many.example") };
    assert!(!many().takes(&Effect::CreatePerson(other)), "all of a collection have one mark");
}

#[tokio::test]
async fn organizations_are_made_together_and_found_together() {
    let stage = stage().await;
    let names: Vec<String> = (0..150)
        .map(|nth| format!("Gesellschaft der Werke \u{fc}ber O'Neill & Sons, number {nth:03} of a list of long names"))
        .collect();
    let effects: Vec<Effect> = names.iter().map(|name| organization(name)).collect();
    let told = many().send_all(&stage.api, &effects).await.unwrap();
    let before = requests(&stage).await;
    let asked: Vec<String> = names.iter().map(|name| name.to_uppercase()).collect();
    let found = many().organizations_with_names(&stage.api, &asked).await.unwrap();
    let asks = requests(&stage).await - before;
    assert!((2..6).contains(&asks), "{asks} requests: a list fits into an address");
    for (told, found) in told.iter().zip(&found) {
        assert_eq!(found.iter().map(|one| &one.id).collect::<Vec<_>>(), [id(told)]);
    }
    let nameless = many().send_all(&stage.api, &[organization(" "), organization("B")]).await;
    let nameless = nameless.unwrap();
    assert!(matches!(error(&nameless[0]), CrmError::Refused { status: 0, .. }));
    id(&nameless[1]);
}

#[tokio::test]
async fn people_are_found_together_each_by_its_own_address() {
    let stage = prepared().await;
    let strange = ["o'brien@many.example", r"back\slash@many.example", "x'or'1'='1@many.example"];
    let mut ids = Vec::new();
    for (nth, address) in strange.iter().enumerate() {
        let make = make(&format!("s-{nth}"), address);
        ids.push(writer().send(&stage.api, &make).await.unwrap().id);
    }
    let twin = writer().send(&stage.api, &make("twin", strange[0])).await.unwrap().id;
    let mut asked: Vec<String> =
        strange.iter().map(|one| format!(" {} ", one.to_uppercase())).collect();
    asked.extend((0..60).map(|nth| format!("nobody.{nth}@many.example")));
    asked.push(String::new());
    let before = requests(&stage).await;
    let found = many().persons_with_emails(&stage.api, &asked).await.unwrap();
    assert_eq!(requests(&stage).await - before, 3);
    assert_eq!(found.len(), asked.len());
    let own = |nth: usize| found[nth].iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    assert_eq!(own(0), [ids[0].clone(), twin]);
    assert_eq!((own(1), own(2)), (vec![ids[1].clone()], vec![ids[2].clone()]));
    assert!(found[3..].iter().all(Vec::is_empty));
    let before = requests(&stage).await;
    many().persons_with_emails(&stage.api, &asked[3..]).await.unwrap();
    assert_eq!(requests(&stage).await - before, 1, "where nobody is found nothing more is asked");
}

#[tokio::test]
async fn those_whose_answer_was_lost_are_looked_for_together() {
    let stage = prepared().await;
    let make = |nth: usize| make(&format!("l-{nth}"), &format!("l{nth}@many.example"));
    let effects: Vec<Effect> = (0..50).map(make).collect();
    let since = now();
    stage.fault(json!({ "kind": "applied_reset", "path": "/composite/sobjects/Contact/" })).await;
    assert!(many().send_all(&stage.api, &effects[..40]).await.is_err());
    // One without a mark, as if the field had not been there.
    let Effect::CreatePerson(bare) = effects[45].clone() else { unreachable!() };
    let bare = Effect::CreatePerson(PersonToMake { marker: None, ..bare });
    let bare = writer().send(&stage.api, &bare).await.unwrap().id;
    let asked: Vec<_> = effects.iter().map(|effect| (effect.clone(), since)).collect();
    let before = requests(&stage).await;
    let found = many().look_for_all(&stage.api, &asked).await.unwrap();
    assert_eq!(requests(&stage).await - before, 3);
    for (nth, (found, effect)) in found.iter().zip(&effects).enumerate() {
        assert_eq!(found.len(), usize::from(nth < 40 || nth == 45), "{nth}");
        assert_eq!(*found, writer().look(&stage.api, effect, since).await.unwrap(), "{nth}");
    }
    assert_eq!(found[45], [bare]);
    stage.control("DELETE", "/fields", json!({ "name": "Tandem_Reference__c" })).await;
    let gone = many().look_for_all(&stage.api, &asked).await.unwrap_err();
    assert!(matches!(gone, CrmError::Refused { status: 0, .. }), "each looks alone: {gone:?}");
}

#[tokio::test]
async fn an_answer_that_has_not_an_outcome_for_each_leaves_all_in_doubt() {
    let stage = prepared().await;
    let effects = [make("a", "a@many.example"), make("b", "b@many.example")];
    for kind in ["empty_json", "html_200", "half_answer", "applied_5xx"] {
        stage.fault(json!({ "kind": kind, "path": "/composite/sobjects/Contact/" })).await;
        let error = many().send_all(&stage.api, &effects).await.unwrap_err();
        assert!(matches!(error, CrmError::Uncertain { .. }), "{kind}: {error:?}");
    }
    stage.fault(json!({ "kind": "burst_429", "path": "/composite/sobjects/Contact/" })).await;
    let told = many().send_all(&stage.api, &effects).await;
    assert!(told.is_ok() || matches!(told, Err(CrmError::Throttled { .. })), "{told:?}");
}
