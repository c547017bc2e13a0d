//! `/api/integrations`: connecting a CRM, looking at its people, importing them.

mod budget;
mod changes;
mod consent;
mod cost;
mod people;
mod status;
mod uninstall;

use async_trait::async_trait;
use poem::{http::StatusCode, web::Data};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    db::{self, TenantTx},
    flows::{
        Provider, SealError, SharedHub, browse,
        disconnect::{delete_data, disconnect, resume},
        idempotency::Witness,
        import::{self, Mode, Started},
    },
    http::{ApiError, FieldProblem, Session, Tag, once::Once, paging},
    policy::Action,
};

pub(super) use budget::BudgetApi;
pub(super) use consent::{ConsentApi, connecting};
use people::{RemotePersonPage, RemoteUserList, RemoteUserView};
use status::{IntegrationsStatus, ProviderStatus};

/// Persons that one selective import may name.
const MOST_IDS: usize = 500;
/// Remote people per page: what one request by id can hydrate.
const MOST_PEOPLE: u32 = 100;

pub(super) struct IntegrationsApi;

#[OpenApi(prefix_path = "/integrations", tag = "Tag::Integrations")]
impl IntegrationsApi {
    /// Every provider with its connection, budget and health.
    #[oai(path = "/status", method = "get", operation_id = "get_integrations_status")]
    async fn status(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<IntegrationsStatus>, ApiError> {
        Ok(Json(status::all(&hub, &session).await?))
    }

    /// People at the provider, each beside what the book has of them.
    #[oai(path = "/:provider/contacts", method = "get", operation_id = "list_remote_people")]
    async fn people(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        /// Part of a name, address or number.
        search: Query<Option<String>>,
        /// 1 to 100; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<RemotePersonPage>, ApiError> {
        let provider = allowed(&hub, &session, &provider, Action::ImportContacts)?;
        let limit = paging::limit(limit.0, MOST_PEOPLE)?;
        let look = browse::Look {
            search: search.0.map(|text| text.chars().take(200).collect()),
            cursor: paging::position::<String>(cursor.0.as_deref())?,
            limit: u16::try_from(limit).unwrap_or(50),
        };
        let page =
            browse::browse(&hub, session.company_id(), session.scope(), &provider, look).await?;
        Ok(Json(page.into()))
    }

    /// The CRM's users, and which of them are members here.
    #[oai(path = "/:provider/users", method = "get", operation_id = "list_remote_users")]
    async fn users(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
    ) -> Result<Json<RemoteUserList>, ApiError> {
        let provider = allowed(&hub, &session, &provider, Action::ImportContacts)?;
        let users = browse::users(&hub, session.company_id(), &provider).await?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let members = db::directory::members_by_email(&mut tx).await?;
        let items = users.into_iter().map(|user| RemoteUserView::of(user, &members)).collect();
        Ok(Json(RemoteUserList { items }))
    }

    /// Import people. The same import asked for twice is one run.
    #[oai(path = "/:provider/sync", method = "post", operation_id = "start_import")]
    async fn sync(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<SyncForm>,
    ) -> Result<Accepted, ApiError> {
        let provider = allowed(&hub, &session, &provider, Action::ImportContacts)?;
        let mode = form.0.mode()?;
        let (company, member) = (session.company_id(), session.member_id());
        let mut told = Telling { once };
        let started =
            import::start_seen(&hub, company, member, &provider, &mode, &mut told).await?;
        Ok(Accepted::Run(Json(started.into())))
    }

    /// End the connection: access is revoked at the provider and the tokens are destroyed.
    /// Contacts, links and history stay.
    #[oai(path = "/:provider/disconnect", method = "post", operation_id = "disconnect")]
    async fn disconnect(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Json<Disconnected>, ApiError> {
        // Leaving needs no plan.
        session.may(Action::ManageConnections)?;
        let provider = known(&hub, &provider)?;
        let kept = disconnect(&hub, session.company_id(), session.member_id(), &provider).await?;
        Ok(Json(Disconnected { contacts_kept: kept }))
    }

    /// Take a paused connection up again, after an upgrade.
    #[oai(path = "/:provider/resume", method = "post", operation_id = "resume_connection")]
    async fn resume(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] _once: Once,
    ) -> Result<Json<ProviderStatus>, ApiError> {
        let provider = allowed(&hub, &session, &provider, Action::ManageConnections)?;
        resume(&hub, session.company_id(), session.member_id(), &provider).await?;
        Ok(Json(status::one(&hub, &session, &provider).await?))
    }

    /// Forget a disconnected account: links and history of its records. Contacts stay.
    #[oai(
        path = "/:provider/delete-data",
        method = "post",
        operation_id = "delete_connection_data"
    )]
    async fn delete(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<DeleteForm>,
    ) -> Result<Json<DataDeleted>, ApiError> {
        session.may(Action::ManageConnections)?;
        let provider = known(&hub, &provider)?;
        let mappings_deleted =
            delete_data(&hub, session.company_id(), session.member_id(), &provider, &form.confirm)
                .await?;
        Ok(Json(DataDeleted { mappings_deleted }))
    }
}

/// The provider with this slug, if there is one.
pub(super) fn known(hub: &SharedHub, slug: &str) -> Result<Provider, ApiError> {
    hub.providers
        .get(slug)
        .cloned()
        .ok_or_else(|| ApiError::not_found_as("not_found", "There is no CRM of this name."))
}

/// The provider, for a member whose role and plan allow it.
pub(super) fn allowed(
    hub: &SharedHub,
    session: &Session,
    slug: &str,
    action: Action,
) -> Result<Provider, ApiError> {
    let provider = known(hub, slug)?;
    session.may(action)?;
    session.allows(provider.connector.manifest().plan_feature)?;
    Ok(provider)
}

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum SyncMode {
    /// Everything, and find what is gone.
    Full,
    /// The persons in `ids`.
    Selective,
    /// What changed since the last run.
    Incremental,
}

#[derive(Object)]
#[oai(rename = "SyncRequest")]
struct SyncForm {
    mode: SyncMode,
    /// Ids at the provider, 1 to 500; with `selective` only.
    ids: Option<Vec<String>>,
}

impl SyncForm {
    fn mode(self) -> Result<Mode, ApiError> {
        let wrong =
            |message: &str| Err(ApiError::invalid_fields(vec![FieldProblem::new("ids", message)]));
        match (self.mode, self.ids) {
            (SyncMode::Full, None) => Ok(Mode::Full),
            (SyncMode::Incremental, None) => Ok(Mode::Incremental),
            (SyncMode::Full | SyncMode::Incremental, Some(ids)) if ids.is_empty() => {
                Ok(if matches!(self.mode, SyncMode::Full) { Mode::Full } else { Mode::Incremental })
            }
            (SyncMode::Full | SyncMode::Incremental, Some(_)) => {
                wrong("Ids go with a selective import only.")
            }
            (SyncMode::Selective, ids) => {
                let ids = ids.unwrap_or_default();
                if ids.is_empty() || ids.len() > MOST_IDS {
                    return wrong("Choose 1 to 500 people.");
                }
                let fits = |id: &String| {
                    (1..=64).contains(&id.len())
                        && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
                };
                if !ids.iter().all(fits) {
                    return wrong(
                        "An id is 1 to 64 letters, digits or signs without spaces and commas.",
                    );
                }
                Ok(Mode::Selective(ids))
            }
        }
    }
}

#[derive(ApiResponse)]
enum Accepted {
    /// The run is queued; its state is at `/api/sync-logs/{run_id}`.
    #[oai(status = 202)]
    Run(Json<SyncStarted>),
}

#[derive(Object)]
struct SyncStarted {
    run_id: Uuid,
    /// The same import was asked for before and has not ended.
    already_running: bool,
}

impl From<Started> for SyncStarted {
    fn from(started: Started) -> Self {
        Self { run_id: started.run_id.uuid(), already_running: started.already_running }
    }
}

/// Keeps which run was started as the answer.
struct Telling {
    once: Once,
}

#[async_trait]
impl Witness<Started> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, started: &Started) -> Result<(), SealError> {
        let answer = SyncStarted::from(*started);
        self.once.keep(tx, StatusCode::ACCEPTED, &answer).await
    }
}

#[derive(Object)]
struct Disconnected {
    contacts_kept: i64,
}

#[derive(Object)]
#[oai(rename = "DeleteData")]
struct DeleteForm {
    /// The account's name, typed out.
    confirm: String,
}

#[derive(Object)]
struct DataDeleted {
    mappings_deleted: i64,
}
