//! Writing: once, found again, and looked for when nobody knows.

use chrono::TimeDelta;
use serde_json::json;
use tandem::{
    connectors::{CrmError, From},
    domain::{
        ActivityKind, LifecycleStage, PersonKind, RemoteId, RemoteValue,
        effect::{ActivityToMake, Effect, OrganizationToMake, PersonToMake},
    },
};

use super::{every, stage};
use crate::connectors::{
    stage::Stage,
    writes::{ann, now},
};

impl Stage {
    async fn label(&self) -> RemoteId {
        let fields = self.connector.fields(&self.api).await.unwrap();
        fields.label("warm lead").expect("the main account has it").clone()
    }

    async fn made(&self, effect: &Effect) -> RemoteId {
        self.writer().send(&self.api, effect).await.unwrap().id
    }

    async fn count(&self, kind: &str) -> usize {
        self.told("/truth/outbound").await[kind].as_array().unwrap().len()
    }

    async fn call(&self, person: &RemoteId) -> ActivityToMake {
        let types = self.writer().activity_types(&self.api).await.unwrap();
        ActivityToMake {
            kind: self.writer().activity_type(ActivityKind::Call, &types).unwrap(),
            subject: "Called about the offer".into(),
            note: "It's <script>alert(1)</script> & \"fine\"\nsecond line".into(),
            due_at: "2028-02-29T09:30:00Z".parse().unwrap(),
            has_time: true,
            duration_minutes: Some(45),
            person: person.clone(),
            done: true,
            ..ActivityToMake::default()
        }
    }
}

#[tokio::test]
async fn a_warm_lead_arrives_whole_and_is_found_again() {
    for connector in every() {
        let stage = stage(connector).await;
        let since = now() - TimeDelta::seconds(1);
        let users = connector.users(&stage.api).await.unwrap();
        let owner = users.iter().find(|user| user.active).unwrap().id.clone();
        let make = OrganizationToMake {
            name: "Writer & Söhne".into(),
            industry: Some("software".into()),
            country: Some("DE".into()),
            website: Some("writer.example".into()),
            owner: Some(owner.clone()),
        };
        let effect = Effect::CreateOrganization(make);
        let organization = stage.made(&effect).await;
        let looked = stage.writer().look(&stage.api, &effect, since).await.unwrap();
        assert_eq!(looked, std::slice::from_ref(&organization));
        let named = stage.writer().organizations_named(&stage.api, " writer  & söhne ").await;
        assert_eq!(named.unwrap()[0].id, organization);

        let make = PersonToMake {
            organization: Some(organization.clone()),
            owner: Some(owner.clone()),
            labels: vec![stage.label().await],
            ..ann()
        };
        let effect = Effect::CreatePerson(make.clone());
        let sent = stage.writer().send(&stage.api, &effect).await.unwrap();
        let looked = stage.writer().look(&stage.api, &effect, since).await.unwrap();
        assert_eq!(looked, std::slice::from_ref(&sent.id));
        let person = sent.person.expect("a person comes back whole");
        assert_eq!((&person.id, &person.owner), (&sent.id, &Some(owner)));
        assert_eq!(person.organization.as_ref(), Some(&organization));
        assert_eq!(person.labels, make.labels);
        let first = &person.emails[0].value;
        assert!(first.eq_ignore_ascii_case("Ann@Writer.example"), "{first}");

        let found = stage.writer().persons_with_email(&stage.api, " ANN@writer.EXAMPLE ").await;
        assert_eq!(found.unwrap().iter().map(|one| &one.id).collect::<Vec<_>>(), [&sent.id]);
        assert_eq!((stage.count("persons").await, stage.count("organizations").await), (1, 1));
    }
}

#[tokio::test]
async fn a_strange_address_or_name_finds_nobody() {
    for connector in every() {
        let stage = stage(connector).await;
        for strange in ["x' or '1'='1", "a@b.c) or (1 eq 1", "%", "*", "\"", "a@b.c\\", "a\nb@c.d"]
        {
            let found = stage.writer().persons_with_email(&stage.api, strange).await;
            assert_eq!(found.map(|found| found.len()), Ok(0), "{strange:?}");
            let found = stage.writer().organizations_named(&stage.api, strange).await;
            assert_eq!(found.map(|found| found.len()), Ok(0), "{strange:?}");
        }
    }
}

#[tokio::test]
async fn a_label_is_added_and_nothing_else_of_a_person_changes() {
    for connector in every() {
        let stage = stage(connector).await;
        let person = stage.made(&Effect::CreatePerson(ann())).await;
        let label = stage.label().await;
        let add = Effect::AddLabels { person: person.clone(), labels: vec![label.clone()] };
        assert!(stage.writer().look(&stage.api, &add, now()).await.unwrap().is_empty());
        let there = stage.writer().send(&stage.api, &add).await.unwrap().person.unwrap();
        assert!(there.labels.contains(&label));
        assert_eq!(there.emails[0].value.to_lowercase(), "ann@writer.example");
        let looked = stage.writer().look(&stage.api, &add, now()).await.unwrap();
        assert_eq!(looked, std::slice::from_ref(&person));
    }
}

#[tokio::test]
async fn an_activity_is_made_changed_and_deleted_once() {
    for connector in every() {
        let stage = stage(connector).await;
        let since = now() - TimeDelta::seconds(1);
        let person = stage.made(&Effect::CreatePerson(ann())).await;
        for kind in ActivityKind::ALL {
            let types = stage.writer().activity_types(&stage.api).await.unwrap();
            assert!(stage.writer().activity_type(*kind, &types).is_some(), "{kind}");
        }
        let make = stage.call(&person).await;
        let effect = Effect::CreateActivity(make.clone());
        assert!(stage.writer().look(&stage.api, &effect, since).await.unwrap().is_empty());
        let known = stage.made(&effect).await;
        let looked = stage.writer().look(&stage.api, &effect, since).await.unwrap();
        assert_eq!(looked, std::slice::from_ref(&known));
        let there = stage.told("/truth/outbound").await["activities"][0].clone();
        assert!(!there.to_string().contains("<script"), "{there}");

        let activity = ActivityToMake { subject: "Called again".into(), ..make };
        let update = Effect::UpdateActivity { id: known.clone(), activity };
        assert_eq!(stage.made(&update).await, known);
        let looked = stage.writer().look(&stage.api, &update, now()).await.unwrap();
        assert_eq!(looked, std::slice::from_ref(&known));
        let there = stage.told("/truth/outbound").await["activities"][0].clone();
        assert!(there.to_string().contains("Called again"), "{there}");

        let delete = Effect::DeleteActivity { id: known.clone() };
        assert_eq!(stage.made(&delete).await, known);
        assert_eq!(stage.made(&delete).await, known, "what is gone is deleted");
        assert_eq!(stage.writer().send(&stage.api, &update).await, Err(CrmError::Missing));
    }
}

#[tokio::test]
async fn what_may_have_been_done_is_uncertain_sent_once_and_found() {
    for connector in every() {
        let stage = stage(connector).await;
        for (nth, kind) in ["applied_reset", "applied_5xx"].into_iter().enumerate() {
            let since = now() - TimeDelta::seconds(1);
            stage.fault(json!({"kind": kind, "method": "POST"})).await;
            let address = format!("lost{nth}@answer.example");
            let emails = vec![RemoteValue { value: address, label: None, primary: true }];
            let effect = Effect::CreatePerson(PersonToMake { emails, phones: vec![], ..ann() });
            let error = stage.writer().send(&stage.api, &effect).await.unwrap_err();
            assert!(matches!(error, CrmError::Uncertain { .. }), "{kind}: {error:?}");
            assert_eq!(stage.count("persons").await, nth + 1, "{kind}: sent once");
            let found = stage.writer().look(&stage.api, &effect, since).await.unwrap();
            assert_eq!(found.len(), 1, "{kind}");
            stage.control("DELETE", "/faults", json!({})).await;
        }
        // And what was never applied is not imagined.
        stage.fault(json!({"kind": "reset", "method": "POST"})).await;
        let emails =
            vec![RemoteValue { value: "never@arrived.example".into(), label: None, primary: true }];
        let effect = Effect::CreatePerson(PersonToMake { emails, phones: vec![], ..ann() });
        assert!(stage.writer().send(&stage.api, &effect).await.is_err());
        stage.control("DELETE", "/faults", json!({})).await;
        assert!(stage.writer().look(&stage.api, &effect, now()).await.unwrap().is_empty());
        assert_eq!(stage.count("persons").await, 2);
    }
}

#[tokio::test]
async fn a_refusal_names_the_field_and_keeps_the_address_out_of_logs() {
    for connector in every() {
        let stage = stage(connector).await;
        let emails =
            vec![RemoteValue { value: "ann@refused.example".into(), label: None, primary: true }];
        let effect = Effect::CreatePerson(PersonToMake { emails, phones: vec![], ..ann() });
        let error = stage.writer().send(&stage.api, &effect).await.unwrap_err();
        let CrmError::Refused { said, .. } = &error else { panic!("{error:?}") };
        assert_eq!(said[0].field.as_deref(), Some("emails"), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("refused.example"));
        assert_eq!(stage.count("persons").await, 0);
    }
}

#[tokio::test]
async fn a_lead_without_our_mark_is_found_by_all_that_was_sent_and_is_none_of_the_contacts() {
    for connector in every() {
        let subscriber = LifecycleStage::Subscriber;
        if connector.writer().unwrap().lifecycle().becomes(subscriber) != Ok(PersonKind::Lead) {
            continue;
        }
        let stage = stage(connector).await;
        let since = now() - TimeDelta::seconds(1);
        let company = Some("Acme Ltd".to_owned());
        let make = PersonToMake { stage: Some(subscriber), company, ..ann() };
        let effect = Effect::CreatePerson(make.clone());
        assert!(stage.writer().look(&stage.api, &effect, since).await.unwrap().is_empty());
        let sent = stage.writer().send(&stage.api, &effect).await.unwrap();
        assert_eq!(stage.writer().person_kind(&sent.id), PersonKind::Lead);
        assert_eq!(sent.person.as_ref().map(|person| &person.id), Some(&sent.id));
        let looked = stage.writer().look(&stage.api, &effect, since).await.unwrap();
        assert_eq!(looked, std::slice::from_ref(&sent.id));
        // Not by somebody of another name or number, and not as a contact.
        for other in [
            PersonToMake {
                name: "Ann Other".into(),
                first_name: None,
                last_name: None,
                ..make.clone()
            },
            PersonToMake { phones: vec![], ..make.clone() },
            PersonToMake { stage: Some(LifecycleStage::Customer), ..make.clone() },
        ] {
            let effect = Effect::CreatePerson(other);
            assert!(stage.writer().look(&stage.api, &effect, since).await.unwrap().is_empty());
        }
        let email = &make.emails[0].value;
        assert!(stage.writer().persons_with_email(&stage.api, email).await.unwrap().is_empty());
        let leads = stage.writer().leads_with_email(&stage.api, email).await.unwrap();
        assert_eq!(leads.iter().map(|lead| &lead.id).collect::<Vec<_>>(), [&sent.id]);
        let read =
            connector.persons_by_id(&stage.api, std::slice::from_ref(&sent.id)).await.unwrap();
        assert_eq!((read.items.len(), &read.items[0].id), (1, &sent.id));
        let from = From::default();
        let all = connector.persons(&stage.api, &from).await.unwrap();
        assert!(all.items.iter().all(|one| one.id != sent.id), "leads are not imported");
    }
}
