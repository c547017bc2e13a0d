//! `/api/integrations/{provider}/actions/...`: what members have done at a CRM, one at a time.

mod deals;
mod form;
mod read;
mod tasks;
mod view;

use async_trait::async_trait;
use poem::{http::StatusCode, web::Data};
use poem_openapi::{ApiResponse, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use crate::{
    db::{TenantTx, deliveries::Delivery},
    domain::{ContactId, DeliveryState, action},
    flows::{
        SealError, SharedHub,
        deliver::ask::{self, AskError, Wanted},
        idempotency::Witness,
    },
    http::{ApiError, FieldProblem, Session, Tag, integrations, once::Once},
    policy::Action,
};

use deals::{DealPatch, NewDeal};
use form::{NewNote, NewRemoteContact, RemoteContactPatch};
use tasks::{LoggedCall, NewTask, TaskPatch};
use view::ActionResult;

pub(super) use read::ReadApi;

pub(super) struct ActionsApi;

#[OpenApi(prefix_path = "/integrations", tag = "Tag::Actions")]
impl ActionsApi {
    /// Create a task for a contact at the CRM.
    #[oai(
        path = "/:provider/actions/create-task",
        method = "post",
        operation_id = "crm_create_task"
    )]
    async fn create_task(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<NewTask>,
    ) -> Result<Asked, ApiError> {
        let of = form.0.contact_id;
        let read = |on: &Desk| form.0.read(on);
        act(&hub, &session, &provider, once, (of, Action::WorkContacts), read).await
    }

    /// Change a task that was made from here. What is left out stays as it was asked for last; `null`
    /// empties a field.
    #[oai(
        path = "/:provider/actions/update-task",
        method = "post",
        operation_id = "crm_update_task"
    )]
    async fn update_task(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<TaskPatch>,
    ) -> Result<Asked, ApiError> {
        let of = form.0.contact_id;
        let read = |on: &Desk| form.0.read(on);
        act(&hub, &session, &provider, once, (of, Action::WorkContacts), read).await
    }

    /// Log a call with a contact at the CRM.
    #[oai(path = "/:provider/actions/log-call", method = "post", operation_id = "crm_log_call")]
    async fn log_call(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<LoggedCall>,
    ) -> Result<Asked, ApiError> {
        let of = form.0.contact_id;
        let now = hub.clock.now();
        let read = |_: &Desk| form.0.read(now);
        act(&hub, &session, &provider, once, (of, Action::WorkContacts), read).await
    }

    /// Write a note on a contact at the CRM.
    #[oai(
        path = "/:provider/actions/create-note",
        method = "post",
        operation_id = "crm_create_note"
    )]
    async fn create_note(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<NewNote>,
    ) -> Result<Asked, ApiError> {
        let of = form.0.contact_id;
        let read = |_: &Desk| form.0.read();
        act(&hub, &session, &provider, once, (of, Action::WorkContacts), read).await
    }

    /// Create a deal with a contact at the CRM.
    #[oai(
        path = "/:provider/actions/create-deal",
        method = "post",
        operation_id = "crm_create_deal"
    )]
    async fn create_deal(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<NewDeal>,
    ) -> Result<Asked, ApiError> {
        let of = form.0.contact_id;
        let read = |_: &Desk| form.0.read();
        act(&hub, &session, &provider, once, (of, Action::ChangeCrm), read).await
    }

    /// Change a deal of a contact at the CRM. What is left out stays.
    #[oai(
        path = "/:provider/actions/update-deal",
        method = "post",
        operation_id = "crm_update_deal"
    )]
    async fn update_deal(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<DealPatch>,
    ) -> Result<Asked, ApiError> {
        let of = form.0.contact_id;
        let read = |_: &Desk| form.0.read();
        act(&hub, &session, &provider, once, (of, Action::ChangeCrm), read).await
    }

    /// Make a contact of the book a person at the CRM, or link the one who has its address there.
    ///
    /// Where leads are a kind of their own, the stage decides which of the two a new person becomes; the
    /// capabilities tell. Somebody who is there already is linked as they are, stage included.
    #[oai(
        path = "/:provider/actions/create-contact",
        method = "post",
        operation_id = "crm_create_contact"
    )]
    async fn create_contact(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<NewRemoteContact>,
    ) -> Result<Asked, ApiError> {
        let of = form.0.contact_id;
        let lifecycle_stage = form.0.lifecycle_stage;
        let read = |_: &Desk| Ok(Wanted::Whole(action::Action::CreateContact { lifecycle_stage }));
        act(&hub, &session, &provider, once, (of, Action::WorkContacts), read).await
    }

    /// Change the person that a contact is at the CRM. What is left out stays; a list replaces what was
    /// there.
    #[oai(
        path = "/:provider/actions/update-contact",
        method = "post",
        operation_id = "crm_update_contact"
    )]
    async fn update_contact(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<RemoteContactPatch>,
    ) -> Result<Asked, ApiError> {
        let of = form.0.contact_id;
        let country = session.country().to_owned();
        let read = |_: &Desk| form.0.read(&country);
        act(&hub, &session, &provider, once, (of, Action::ChangeCrm), read).await
    }
}

/// What a form is read beside: what tasks of the CRM may have.
struct Desk {
    priorities: &'static [action::Priority],
}

#[derive(ApiResponse)]
enum Asked {
    /// It has ended: `delivered` with the record's id, `failed` with what to change, or `held`.
    #[oai(status = 200)]
    Ended(Json<ActionResult>),
    /// It is under way; what becomes of it is at `/api/deliveries/{id}` and told by `/api/events`.
    #[oai(status = 202)]
    UnderWay(Json<ActionResult>),
}

/// Who may, then what, then the answer: waited for up to five seconds.
async fn act(
    hub: &SharedHub,
    session: &Session,
    slug: &str,
    once: Once,
    (contact_id, may): (Uuid, Action),
    read: impl FnOnce(&Desk) -> Result<Wanted, ApiError> + Send,
) -> Result<Asked, ApiError> {
    let provider = integrations::allowed(hub, session, slug, may)?;
    let wanted = read(&Desk { priorities: ask::writer(&provider)?.priorities() })?;
    let mut told = Telling { once };
    let contact_id = ContactId::from_uuid(contact_id);
    let delivery = ask::ask(hub, session.by(), &provider, contact_id, wanted, &mut told).await?;
    let ended = delivery.state.is_final() || delivery.state == DeliveryState::Held;
    let answer = Json(ActionResult::from(delivery));
    Ok(if ended { Asked::Ended(answer) } else { Asked::UnderWay(answer) })
}

/// Keeps that it was asked for as the answer: the effect comes later, and once.
struct Telling {
    once: Once,
}

#[async_trait]
impl Witness<Delivery> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, queued: &Delivery) -> Result<(), SealError> {
        let answer = ActionResult::from(queued.clone());
        self.once.keep(tx, StatusCode::ACCEPTED, &answer).await
    }
}

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Cannot(words) => Self::conflict("not_possible", words),
            AskError::NoStage(words) => {
                Self::invalid_fields(vec![FieldProblem::new("lifecycle_stage", words)])
            }
            AskError::NoTask => Self::invalid_fields(vec![FieldProblem::new(
                "task_id",
                "The contact has no such task that was made from here.",
            )]),
            AskError::Query(words) => {
                Self::invalid_fields(vec![FieldProblem::new("query", &words)])
            }
            AskError::TooSlow(after) => Self::bad_gateway(
                "too_slow",
                &format!(
                    "The CRM had not answered after {} seconds. Ask for less: name an address, a \
                     name or a day, and fewer fields.",
                    after.as_secs().max(1)
                ),
            ),
            AskError::Broken(error) => Self::internal(&error),
            AskError::Flow(error) => error.into(),
        }
    }
}
