//! What a member asked for, on its way: a task, a call, a note, a deal, a person.

use crate::{
    connectors::Objection,
    domain::{
        Cause, DeliveryState, PersonKind, RemoteId,
        action::{Action, Deal, Task},
        effect::{Act, ActivityToMake, DealToMake, Effect, NoteToMake},
    },
    flows::{
        deliver::{
            activity::{NO_TYPE, organization},
            ground::{About, Change, Desk, Remote, Store},
            left::change_to,
            machine::{Deliverer, Flow, Stop},
        },
        tokens::ground::Machine,
    },
};

impl<S: Store, R: Remote, M: Machine> Deliverer<S, R, M> {
    pub(super) async fn action(&self, desk: &mut Desk) -> Flow<()> {
        let Some(action) = desk.action.clone() else {
            let words = "This version of Tandem does not know the action.";
            return self.failed(desk, Cause::Internal, words, Vec::new()).await;
        };
        if matches!(action, Action::CreateContact { .. }) {
            // Somebody who is there already becomes the contact's, as with a lead.
            return self.lead(desk).await;
        }
        let Some(person) = desk.person.clone() else {
            let words = "The contact has no person at the CRM.";
            return self.failed(desk, Cause::NotLinked, words, Vec::new()).await;
        };
        let effect = self.effect_of(desk, action, person).await?;
        let about = About::default();
        let (n, answer) = self.attempt(desk, &effect, about).await?;
        match answer {
            Ok(sent) => self.done(desk, n, &effect, about, sent).await,
            Err(error) => self.doubted(desk, n, &effect, &error).await,
        }
    }

    async fn effect_of(&self, desk: &mut Desk, action: Action, person: RemoteId) -> Flow<Effect> {
        Ok(match action {
            Action::CreateTask { task } | Action::LogCall { task } => {
                Effect::CreateActivity(self.task(desk, task, person).await?)
            }
            Action::UpdateTask { id, task } => {
                Effect::UpdateActivity { id, activity: self.task(desk, task, person).await? }
            }
            Action::CreateNote { text } => {
                let organization = organization(&self.remote, desk, &person);
                Effect::Act(Act::CreateNote(NoteToMake { text, person, organization }))
            }
            Action::CreateDeal { .. } if self.remote.person_kind(&person) == PersonKind::Lead => {
                let words = "The person is a lead there, and a lead has no deals. Convert it there \
                             and import your contacts.";
                let said = objection("contact_id", words);
                return self.failed(desk, Cause::Refused, words, said).await;
            }
            Action::CreateDeal { deal } => {
                let placed = self.placed(desk, deal, None).await?;
                let owner = self.owner(desk).await?;
                let organization = organization(&self.remote, desk, &person);
                let make = DealToMake { person: Some(person), organization, owner, ..placed };
                Effect::Act(Act::CreateDeal(make))
            }
            Action::UpdateDeal { id, deal } => {
                // Whoever may work with the contact may not change everybody's deals.
                let there = self.remote.deal(&id).await?;
                let there = there.filter(|deal| !deal.deleted && deal.person == Some(person));
                let Some(there) = there else {
                    let words = "The contact has no such deal at the CRM.";
                    let said = objection("deal_id", words);
                    return self.failed(desk, Cause::Gone, words, said).await;
                };
                let deal = self.placed(desk, deal, there.pipeline.as_ref()).await?;
                Effect::Act(Act::UpdateDeal { id, deal })
            }
            Action::UpdateContact { change } => {
                Effect::Act(Act::UpdatePerson { id: person, change })
            }
            // Goes the way of leads.
            Action::CreateContact { .. } => return Err(Stop::Again),
        })
    }

    async fn task(&self, desk: &mut Desk, task: Task, person: RemoteId) -> Flow<ActivityToMake> {
        let kind = self.type_of(desk, |remote, types| remote.task_type(task.kind, types)).await?;
        let Some(kind) = kind else {
            return self.failed(desk, Cause::Refused, NO_TYPE, Vec::new()).await;
        };
        let owner = self.owner(desk).await?;
        let organization = organization(&self.remote, desk, &person);
        Ok(ActivityToMake {
            kind,
            subject: task.subject,
            note: task.note,
            due_at: task.due_at,
            has_time: task.has_time,
            duration_minutes: task.duration_minutes,
            owner,
            person,
            organization,
            done: task.done,
            priority: task.priority,
        })
    }

    /// The same in ids of the account.
    async fn placed(&self, desk: &Desk, deal: Deal, own: Option<&RemoteId>) -> Flow<DealToMake> {
        let mut make = DealToMake::default();
        if deal.stage.is_some() || deal.pipeline.is_some() {
            let stages = self.remote.stages().await?;
            match deal.place(&stages, own) {
                Ok((pipeline, stage)) => (make.pipeline, make.stage) = (pipeline, stage),
                Err((field, words)) => {
                    let said = objection(field, &words);
                    return self.failed(desk, Cause::Refused, NOT_PLACED, said).await;
                }
            }
        }
        Ok(DealToMake {
            title: deal.title,
            amount: deal.amount,
            currency: deal.currency,
            status: deal.status,
            closes_on: deal.closes_on,
            ..make
        })
    }

    /// Ends it before anything was sent.
    async fn failed<T>(
        &self,
        desk: &Desk,
        cause: Cause,
        words: &str,
        fields: Vec<Objection>,
    ) -> Flow<T> {
        let change = Change { fields, ..change_to(desk, DeliveryState::Failed) };
        self.settle(desk, change.why(cause, words)).await?;
        Err(Stop::Again)
    }
}

const NOT_PLACED: &str = "The deal's stage is not one of the account's.";

fn objection(field: &str, words: &str) -> Vec<Objection> {
    vec![Objection { field: Some(field.to_owned()), words: words.to_owned() }]
}
