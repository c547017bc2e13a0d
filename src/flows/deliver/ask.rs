//! Has something done at a CRM because a member asks for it: a delivery like any other, whose answer
//! is waited for a little.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    connectors::{self, CrmError, Lifecycle, Writer},
    db::{
        self, DbError,
        deliveries::{Delivery, NewDelivery},
    },
    domain::{
        ContactId, DeliveryId, DeliveryKind, PersonKind, RemoteId, Trigger,
        action::{Action, ActionKind, Priority, Task, TaskKind},
    },
    flows::{
        FlowError, Provider, SealError, SharedHub, account,
        contacts::{By, Edit},
        deliver::{
            channel, enqueue, news,
            push::{is_settled, outlet},
            queue::obstacle,
            stored::json as to_json,
            wait::Watch,
        },
        idempotency::Witness,
    },
};

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Wanted {
    Whole(Action),
    /// What is left out stays as it was asked for before.
    Task(RemoteId, TaskChange),
}

#[derive(Debug, Clone, Default)]
pub struct TaskChange {
    pub kind: Option<TaskKind>,
    pub subject: Option<String>,
    pub note: Option<String>,
    pub due_at: Option<DateTime<Utc>>,
    pub has_time: Option<bool>,
    pub duration_minutes: Edit<u32>,
    pub priority: Edit<Priority>,
    pub done: Option<bool>,
}

#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The CRM has no such thing, or Tandem cannot do it there; in words.
    #[error("{0}")]
    Cannot(&'static str),
    /// A stage that cannot be said here, and what to do instead.
    #[error("{0}")]
    NoStage(&'static str),
    /// Tandem has made no such task for the contact.
    #[error("there is no such task")]
    NoTask,
    /// A query that may not be asked, or that the CRM refuses; in words.
    #[error("{0}")]
    Query(String),
    /// The CRM had not answered after so long.
    #[error("the CRM did not answer within {} s", .0.as_secs())]
    TooSlow(Duration),
    /// Our mistake.
    #[error("the search broke off")]
    Broken(#[from] tokio::task::JoinError),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<DbError> for AskError {
    fn from(error: DbError) -> Self {
        Self::Flow(error.into())
    }
}

impl From<SealError> for AskError {
    fn from(error: SealError) -> Self {
        Self::Flow(error.into())
    }
}

impl Wanted {
    const fn kind(&self) -> ActionKind {
        match self {
            Self::Whole(action) => action.kind(),
            Self::Task(..) => ActionKind::UpdateTask,
        }
    }
}

impl TaskChange {
    fn over(self, task: Task) -> Task {
        Task {
            kind: self.kind.unwrap_or(task.kind),
            subject: self.subject.unwrap_or(task.subject),
            note: self.note.unwrap_or(task.note),
            due_at: self.due_at.unwrap_or(task.due_at),
            has_time: self.has_time.unwrap_or(task.has_time),
            duration_minutes: over(self.duration_minutes, task.duration_minutes),
            priority: over(self.priority, task.priority),
            done: self.done.unwrap_or(task.done),
        }
    }
}

fn over<T>(edit: Edit<T>, was: Option<T>) -> Option<T> {
    match edit {
        Edit::Keep => was,
        Edit::Empty => None,
        Edit::To(value) => Some(value),
    }
}

/// What a provider lets us write.
pub fn writer(provider: &Provider) -> Result<&'static dyn Writer, AskError> {
    let writer = connectors::find(provider.slug()).and_then(|found| found.writer());
    writer.ok_or(AskError::Cannot("This CRM is only read: nothing can be sent to it."))
}

/// What somebody in the stage that is named is to become, if one is.
fn becomes(lifecycle: Lifecycle, wanted: &Wanted) -> Result<Option<PersonKind>, AskError> {
    let Wanted::Whole(action) = wanted else { return Ok(None) };
    let Some(stage) = action.lifecycle_stage() else { return Ok(None) };
    if let (Action::UpdateContact { .. }, Some(why)) = (action, lifecycle.stays()) {
        return Err(AskError::NoStage(why));
    }
    lifecycle.becomes(stage).map(Some).map_err(AskError::NoStage)
}

/// The first scope that somebody of a kind needs and the connection lacks.
pub fn lacks(lifecycle: Lifecycle, kind: PersonKind, granted: &[String]) -> Option<&'static str> {
    let needed = lifecycle.scopes(kind).iter().copied();
    needed.into_iter().find(|scope| !connectors::grants(granted, scope))
}

/// Writes the delivery and waits a little for its outcome; the answer is what there is then.
pub async fn ask(
    hub: &SharedHub,
    by: By,
    provider: &Provider,
    contact_id: ContactId,
    wanted: Wanted,
    witness: &mut dyn Witness<Delivery>,
) -> Result<Delivery, AskError> {
    let kind = wanted.kind();
    let writer = writer(provider)?;
    if let Some(why) = writer.cannot(kind) {
        return Err(AskError::Cannot(why));
    }
    let becomes = becomes(writer.lifecycle(), &wanted)?;
    let heard = hub.cache.subscribe(&channel(by.company_id));
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if db::activities::lock_contacts(&mut tx, &[contact_id]).await?.is_empty() {
        return Err(FlowError::NotFound.into());
    }
    let outlet = outlet(&mut tx, provider).await?;
    let connection = db::connections::get(&mut tx, outlet.connection_id).await?;
    let connection = connection.ok_or(FlowError::NotConnected)?;
    account::usable(&connection)?;
    if let Some(needed) = writer.scope_of(kind)
        && !connectors::grants(&connection.granted_scopes, needed)
    {
        return Err(FlowError::Crm(CrmError::MissingScope { needed }).into());
    }
    if let Some(needed) =
        becomes.and_then(|kind| lacks(writer.lifecycle(), kind, &connection.granted_scopes))
    {
        return Err(FlowError::Crm(CrmError::MissingScope { needed }).into());
    }
    let action = match wanted {
        Wanted::Whole(action) => action,
        Wanted::Task(id, change) => {
            let (at, id_text) = (outlet.connection_id, id.as_str());
            let last = db::deliveries::actions::task(&mut tx, at, contact_id, id_text).await?;
            let last = last.and_then(|last| serde_json::from_value::<Action>(last).ok());
            let (Action::CreateTask { task }
            | Action::UpdateTask { task, .. }
            | Action::LogCall { task }) = last.ok_or(AskError::NoTask)?
            else {
                return Err(AskError::NoTask);
            };
            Action::UpdateTask { id, task: change.over(task) }
        }
    };
    let held = obstacle(db::companies::plan(&mut tx).await?, &outlet);
    let stored = to_json(&action)?;
    let new = NewDelivery {
        outlet: &outlet,
        kind: DeliveryKind::Action,
        contact_id,
        activity_id: None,
        action: Some(&stored),
        trigger: Trigger::Push,
        requested_by: Some(by.member_id),
        held,
        now,
    };
    let id = db::deliveries::insert(&mut tx, &new).await?.ok_or(FlowError::NotFound)?;
    if held.is_none() {
        enqueue(&mut tx, &outlet.provider, outlet.connection_id, contact_id, id).await?;
    }
    let detail =
        json!({ "provider": outlet.provider, "action": kind.word(), "contact_id": contact_id });
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "action.requested", subject, &detail).await?;
    let queued = db::deliveries::get(&mut tx, id).await?.ok_or(FlowError::NotFound)?;
    witness.see(&mut tx, &queued).await?;
    let news = news::of(&mut tx, &[id]).await?;
    tx.commit().await?;
    news.tell(hub).await;
    let mut watch = Watch::new(heard, hub.config.answer_patience);
    loop {
        let delivery = seen(hub, by, id).await?;
        if is_settled(delivery.state) || !watch.news_of(id).await {
            return Ok(delivery);
        }
    }
}

async fn seen(hub: &SharedHub, by: By, id: DeliveryId) -> Result<Delivery, FlowError> {
    let mut tx = hub.db.tenant_reading(by.company_id, by.scope).await?;
    db::deliveries::get(&mut tx, id).await?.ok_or(FlowError::NotFound)
}
