//! `/api/integrations/{provider}/...` for deliveries to one CRM.

use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use super::{page, view::DeliveryPage};
use crate::{
    db::deliveries::Filter,
    domain::{Cause, ContactId, DeliveryId, DeliveryKind, DeliveryState},
    flows::{
        Provider, SharedHub,
        deliver::replay::{self, Replayed, Which},
    },
    http::{ApiError, FieldProblem, Session, Tag, integrations, once::Once},
    policy::Action,
};

/// Deliveries that one request may name.
const MOST_IDS: usize = 500;

pub(in crate::http) struct OutboundApi;

#[OpenApi(prefix_path = "/integrations", tag = "Tag::Deliveries")]
impl OutboundApi {
    /// List deliveries to a CRM, newest first.
    #[oai(
        path = "/:provider/deliveries",
        method = "get",
        operation_id = "list_provider_deliveries"
    )]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        state: Query<Option<DeliveryState>>,
        cause: Query<Option<Cause>>,
        /// Of this contact, its activities included.
        contact: Query<Option<Uuid>>,
        kind: Query<Option<DeliveryKind>>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<DeliveryPage>, ApiError> {
        let provider = integrations::known(&hub, &provider)?;
        let filter = Filter {
            provider: Some(provider.slug().to_owned()),
            state: state.0,
            cause: cause.0,
            contact: contact.0.map(ContactId::from_uuid),
            kind: kind.0,
        };
        page(&hub, &session, &filter, limit.0, cursor.0).await
    }

    /// Let deliveries to a CRM that failed or were given up be attempted anew: those in `ids`, those of
    /// a state or cause, or all. Up to 2,000 at once.
    #[oai(path = "/:provider/retry", method = "post", operation_id = "retry_provider_deliveries")]
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

/// Which deliveries are meant: exactly one of `ids`, `all`, or `state` and `cause`.
#[derive(Object)]
#[oai(rename = "RetryRequest")]
pub(super) struct RetryForm {
    /// 1 to 500.
    ids: Option<Vec<Uuid>>,
    /// `failed` or `dead`.
    state: Option<DeliveryState>,
    cause: Option<Cause>,
    /// For roles that see the contacts of everybody.
    all: Option<bool>,
}

impl RetryForm {
    fn read(self, session: &Session) -> Result<Which, ApiError> {
        let wrong = |field: &str, words: &str| {
            Err(ApiError::invalid_fields(vec![FieldProblem::new(field, words)]))
        };
        let alike = self.state.is_some() || self.cause.is_some();
        match (self.ids, self.all.unwrap_or(false), alike) {
            (Some(ids), false, false) => {
                if ids.is_empty() || ids.len() > MOST_IDS {
                    return wrong("ids", "Choose 1 to 500 deliveries.");
                }
                Ok(Which::These(ids.into_iter().map(DeliveryId::from_uuid).collect()))
            }
            (None, true, false) => {
                session.may(Action::SeeAllContacts)?;
                Ok(Which::Like { state: None, cause: None })
            }
            (None, false, true) => {
                let ended = [DeliveryState::Failed, DeliveryState::Dead];
                if self.state.is_some_and(|state| !ended.contains(&state)) {
                    return wrong("state", "Only `failed` and `dead` are retried.");
                }
                Ok(Which::Like { state: self.state, cause: self.cause })
            }
            _ => wrong("ids", "Say which: either `ids`, or `state` and `cause`, or `all: true`."),
        }
    }
}

#[derive(Object)]
pub(super) struct RetryResult {
    success: bool,
    /// Taken up again; held ones wait for what holds them.
    replayed: usize,
    /// Not there, not ended, or with nothing left to send.
    left: usize,
    /// Whether there are more than one request takes up: ask again.
    more: bool,
}

impl From<Replayed> for RetryResult {
    fn from(done: Replayed) -> Self {
        Self { success: true, replayed: done.replayed, left: done.left, more: done.more }
    }
}

pub(super) async fn retry(
    hub: &SharedHub,
    session: &Session,
    provider: &Provider,
    form: RetryForm,
) -> Result<RetryResult, ApiError> {
    session.may(Action::WorkContacts)?;
    let which = form.read(session)?;
    Ok(replay::several(hub, session.by(), provider, &which).await?.into())
}
