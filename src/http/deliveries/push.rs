//! Pushing contacts to a CRM, and the addresses under which scripts knew that before there was a
//! second CRM.

use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use super::{
    outbound::{RetryForm, RetryResult, retry},
    view::CountsView,
};
use crate::{
    db::{self, deliveries::Filter},
    domain::{Cause, ContactId},
    flows::{
        Provider, SharedHub,
        deliver::{
            push::{self, Meant, Pushed},
            user,
        },
    },
    http::{ApiError, FieldProblem, Session, Tag, integrations, once::Once},
    policy::Action,
};

/// Contacts that one push may name.
const MOST_IDS: usize = 500;

pub(in crate::http) struct PushApi;

#[OpenApi(prefix_path = "/integrations", tag = "Tag::Deliveries")]
impl PushApi {
    /// How many contacts the CRM should have and does not: what a push without ids would send.
    #[oai(path = "/:provider/push", method = "get", operation_id = "count_push")]
    async fn count(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
    ) -> Result<Json<PushOffer>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::WorkContacts)?;
        let qualifying = push::count(&hub, session.by(), &provider).await?;
        Ok(Json(PushOffer { provider: provider.slug().to_owned(), qualifying }))
    }

    /// Send contacts to the CRM as warm leads: those in `contact_ids`, or all that qualify and are not
    /// there. A contact that the CRM has stays as it is.
    #[oai(path = "/:provider/push", method = "post", operation_id = "push_contacts")]
    async fn push(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<PushForm>,
    ) -> Result<Json<PushResult>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::WorkContacts)?;
        Ok(Json(push_contacts(&hub, &session, &provider, form.0).await?))
    }

    /// Find your user at the CRM by your e-mail address; what you send belongs to that user.
    #[oai(path = "/:provider/setup-user", method = "post", operation_id = "set_up_user")]
    async fn set_up_user(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Json<UserSetUp>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::WorkContacts)?;
        let found = user::set_up(&hub, session.by(), &provider).await?;
        let user = found.ok_or_else(|| {
            ApiError::not_found_as(
                "no_such_user",
                "Nobody who is active at the CRM has your e-mail address. Ask its administrator to \
                 invite you there with this address, then try again.",
            )
        })?;
        Ok(Json(UserSetUp {
            success: true,
            remote_user_id: user.id.0,
            name: user.name,
            email: user.email,
        }))
    }
}

pub(in crate::http) struct AliasApi;

#[OpenApi(tag = "Tag::Deliveries")]
impl AliasApi {
    /// The same as `POST /api/integrations/{provider}/push`.
    #[oai(path = "/:provider/sync", method = "post", operation_id = "push_contacts_alias")]
    async fn sync(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<PushForm>,
    ) -> Result<Json<PushResult>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::WorkContacts)?;
        Ok(Json(push_contacts(&hub, &session, &provider, form.0).await?))
    }

    /// How the deliveries to a CRM stand.
    #[oai(path = "/:provider/status", method = "get", operation_id = "get_outbound_status")]
    async fn status(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
    ) -> Result<Json<OutboundStatus>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::WorkContacts)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let connection = db::connections::find(&mut tx, provider.slug()).await?;
        let connection = connection
            .filter(|connection| connection.state != "disconnected")
            .ok_or(crate::flows::FlowError::NotConnected)?;
        let filter = Filter { provider: Some(provider.slug().to_owned()), ..Filter::default() };
        let deliveries = db::deliveries::counts(&mut tx, &filter).await?.into();
        tx.commit().await?;
        Ok(Json(OutboundStatus {
            success: true,
            connected: connection.state == "active",
            state: connection.state,
            deliveries,
        }))
    }

    /// The same as `POST /api/integrations/{provider}/retry`.
    #[oai(path = "/:provider/retry", method = "post", operation_id = "retry_deliveries_alias")]
    async fn retry(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<RetryForm>,
    ) -> Result<Json<RetryResult>, ApiError> {
        let provider = integrations::known(&hub, &provider)?;
        Ok(Json(retry(&hub, &session, &provider, form.0).await?))
    }
}

#[derive(Object)]
struct PushOffer {
    provider: String,
    /// Nobody counts beyond 50,000.
    qualifying: i64,
}

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum PushTrigger {
    /// Only contacts that are warm enough.
    Warm,
    /// A meeting was booked, whatever the warmness.
    Meeting,
}

#[derive(Object)]
#[oai(rename = "PushRequest")]
struct PushForm {
    /// 1 to 500; when left out, all contacts that qualify and are not at the CRM, up to 5,000 at once.
    contact_ids: Option<Vec<Uuid>>,
    /// With `contact_ids` only. When left out, they are sent whatever their warmness.
    trigger: Option<PushTrigger>,
    /// `true`: only count what would be sent. Without `contact_ids` only.
    dry_run: Option<bool>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename_all = "snake_case")]
enum PushOutcome {
    Queued,
    /// Waits for a person: see `cause`.
    Held,
    /// A lead of before is under way, or waits for a decision: see its delivery.
    Before,
    /// The CRM has it.
    Linked,
    /// Not warm enough.
    NotWarm,
    NotFound,
}

/// What became of one contact.
#[derive(Object)]
struct PushedContact {
    contact_id: Uuid,
    outcome: PushOutcome,
    delivery_id: Option<Uuid>,
    cause: Option<Cause>,
}

#[derive(Object)]
struct PushResult {
    success: bool,
    queued: usize,
    held: usize,
    /// Contacts that qualify and were not sent: ask again, or send them after a dry run.
    remaining: i64,
    /// In the order of `contact_ids`; empty without.
    items: Vec<PushedContact>,
}

async fn push_contacts(
    hub: &SharedHub,
    session: &Session,
    provider: &Provider,
    form: PushForm,
) -> Result<PushResult, ApiError> {
    let wrong = |field: &str, words: &str| {
        Err(ApiError::invalid_fields(vec![FieldProblem::new(field, words)]))
    };
    let Some(ids) = form.contact_ids else {
        if form.trigger.is_some() {
            return wrong("trigger", "A trigger goes with `contact_ids` only.");
        }
        if form.dry_run == Some(true) {
            let remaining = push::count(hub, session.by(), provider).await?;
            return Ok(PushResult { success: true, queued: 0, held: 0, remaining, items: vec![] });
        }
        let bulk = push::all(hub, session.by(), provider).await?;
        return Ok(PushResult {
            success: true,
            queued: bulk.queued,
            held: bulk.held,
            remaining: bulk.remaining,
            items: Vec::new(),
        });
    };
    if form.dry_run == Some(true) {
        return wrong("dry_run", "Only a push without `contact_ids` is counted first.");
    }
    if ids.is_empty() || ids.len() > MOST_IDS {
        return wrong("contact_ids", "Choose 1 to 500 contacts.");
    }
    let ids: Vec<ContactId> = ids.into_iter().map(ContactId::from_uuid).collect();
    let meant = match form.trigger {
        None => Meant::All,
        Some(PushTrigger::Warm) => Meant::Warm,
        Some(PushTrigger::Meeting) => Meant::Meeting,
    };
    let pushed = push::named(hub, session.by(), provider, &ids, meant).await?;
    let items: Vec<PushedContact> =
        ids.iter().zip(pushed).map(|(id, pushed)| PushedContact::of(*id, pushed)).collect();
    let count = |outcome| items.iter().filter(|item| item.outcome == outcome).count();
    Ok(PushResult {
        success: true,
        queued: count(PushOutcome::Queued),
        held: count(PushOutcome::Held),
        remaining: 0,
        items,
    })
}

impl PushedContact {
    fn of(contact_id: ContactId, pushed: Pushed) -> Self {
        let (outcome, delivery, cause) = match pushed {
            Pushed::Queued(id) => (PushOutcome::Queued, Some(id), None),
            Pushed::Held(id, cause) => (PushOutcome::Held, Some(id), Some(cause)),
            Pushed::Before(id) => (PushOutcome::Before, Some(id), None),
            Pushed::Linked => (PushOutcome::Linked, None, None),
            Pushed::NotWarm => (PushOutcome::NotWarm, None, None),
            Pushed::NotFound => (PushOutcome::NotFound, None, None),
        };
        Self {
            contact_id: contact_id.uuid(),
            outcome,
            delivery_id: delivery.map(crate::domain::DeliveryId::uuid),
            cause,
        }
    }
}

#[derive(Object)]
struct UserSetUp {
    success: bool,
    remote_user_id: String,
    name: Option<String>,
    email: Option<String>,
}

#[derive(Object)]
struct OutboundStatus {
    success: bool,
    /// Whether it is sent to now.
    connected: bool,
    /// `active`, `needs_reconnect` or `paused`.
    state: String,
    deliveries: CountsView,
}
