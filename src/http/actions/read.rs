//! What a CRM can do, and looking something up there.

use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use super::{
    form::remote_id,
    view::{
        Capabilities, Capability, DealView, LifecycleStageView, LifecycleView, PersonList,
        PersonView, QueryLanguageView, RecordList, StageView,
    },
};
use crate::{
    connectors::{self, Writer},
    db::{self, connections::Connection},
    domain::{
        ContactId, LifecycleStage,
        action::{ActionKind, DealStatus, TaskKind},
    },
    flows::{SharedHub, deliver::ask, look_up},
    http::{ApiError, Session, Tag, field, integrations},
    policy::Action,
};

pub(in crate::http) struct ReadApi;

#[OpenApi(prefix_path = "/integrations", tag = "Tag::Actions")]
impl ReadApi {
    /// What can be done at the CRM, and why something cannot.
    #[oai(path = "/:provider/capabilities", method = "get", operation_id = "get_capabilities")]
    async fn capabilities(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        /// `true`: with the stages that deals of the account may be in, which asks the CRM.
        stages: Query<Option<bool>>,
    ) -> Result<Json<Capabilities>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::WorkContacts)?;
        let writer = ask::writer(&provider)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let connection = db::connections::find(&mut tx, provider.slug()).await?;
        tx.commit().await?;
        let stages = match stages.0 {
            Some(true) => {
                let found = look_up::stages(&hub, session.company_id(), &provider).await?;
                Some(found.into_iter().map(StageView::from).collect())
            }
            _ => None,
        };
        let can = |&action: &ActionKind| {
            let reason = obstacle(&session, writer, connection.as_ref(), action);
            Capability { action, available: reason.is_none(), reason }
        };
        Ok(Json(Capabilities {
            provider: provider.slug().to_owned(),
            provider_name: provider.connector.manifest().name.to_owned(),
            actions: ActionKind::ALL.iter().map(can).collect(),
            task_kinds: TaskKind::ALL.to_vec(),
            priorities: writer.priorities().to_vec(),
            deal_statuses: DealStatus::ALL.to_vec(),
            lifecycle: lifecycle(writer, connection.as_ref()),
            query_language: writer.query_language().map(QueryLanguageView::from),
            stages,
        }))
    }

    /// The person that a contact is at the CRM, as it is there now.
    #[oai(
        path = "/:provider/actions/get-contact",
        method = "get",
        operation_id = "crm_get_contact"
    )]
    async fn contact(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        contact_id: Query<Uuid>,
    ) -> Result<Json<PersonView>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::WorkContacts)?;
        let id = ContactId::from_uuid(contact_id.0);
        Ok(Json(look_up::contact(&hub, session.by(), &provider, id).await?.into()))
    }

    /// People at the CRM who have exactly this e-mail address, in whatever case; leads behind contacts.
    #[oai(
        path = "/:provider/actions/search-contact",
        method = "get",
        operation_id = "crm_search_contact"
    )]
    async fn search(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        email: Query<String>,
    ) -> Result<Json<PersonList>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::ImportContacts)?;
        let mut wrong = Vec::new();
        let email = field::email("email", &email.0, &mut wrong);
        if !wrong.is_empty() {
            return Err(ApiError::invalid_fields(wrong));
        }
        let found = look_up::search(&hub, session.by(), &provider, &email).await?;
        Ok(Json(PersonList { items: found.into_iter().map(PersonView::from).collect() }))
    }

    /// A deal at the CRM, as it is there now.
    #[oai(path = "/:provider/actions/get-deal", method = "get", operation_id = "crm_get_deal")]
    async fn deal(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        deal_id: Query<String>,
    ) -> Result<Json<DealView>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::WorkContacts)?;
        let mut wrong = Vec::new();
        let id = remote_id("deal_id", &deal_id.0, &mut wrong);
        if !wrong.is_empty() {
            return Err(ApiError::invalid_fields(wrong));
        }
        Ok(Json(look_up::deal(&hub, session.by(), &provider, &id).await?.into()))
    }

    /// Records at the CRM that a query of yours finds.
    ///
    /// The query is in the CRM's own language, of which the capabilities name the part that may be
    /// used. It reads one kind of record and changes nothing; what it finds is what the user who
    /// connected may see, so it is for those who see all contacts.
    #[oai(
        path = "/:provider/actions/search-records",
        method = "post",
        operation_id = "crm_search_records"
    )]
    async fn records(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        form: Json<RecordQuery>,
    ) -> Result<Json<RecordList>, ApiError> {
        let provider = integrations::allowed(&hub, &session, &provider, Action::SeeAllContacts)?;
        let found = look_up::records(&hub, session.by(), &provider, form.0.query).await?;
        Ok(Json(found.into()))
    }
}

/// Posted, for what people look for has no place in an address.
#[derive(Object)]
#[oai(rename = "CrmRecordQuery")]
struct RecordQuery {
    /// At most 3,000 characters.
    query: String,
}

fn lifecycle(writer: &dyn Writer, connection: Option<&Connection>) -> LifecycleView {
    let of = writer.lifecycle();
    let mut why = None;
    let stages = LifecycleStage::ALL.iter().filter_map(|&stage| {
        let becomes = of.becomes(stage).map_err(|words| why = Some(words.to_owned())).ok()?;
        let granted = connection.map(|connection| connection.granted_scopes.as_slice());
        let lacks = granted.and_then(|granted| ask::lacks(of, becomes, granted));
        let reason = lacks.map(lacks_scope);
        Some(LifecycleStageView { stage, becomes, available: reason.is_none(), reason })
    });
    let stages: Vec<LifecycleStageView> = stages.collect();
    let stays = of.stays().map(str::to_owned);
    LifecycleView { stages, reason: why, changeable: stays.is_none(), unchangeable_reason: stays }
}

fn lacks_scope(scope: &str) -> String {
    format!("The connection lacks the permission `{scope}`. Connect again and allow it.")
}

/// Why a member cannot have it done now, in words.
fn obstacle(
    session: &Session,
    writer: &dyn Writer,
    connection: Option<&Connection>,
    action: ActionKind,
) -> Option<String> {
    if let Some(why) = writer.cannot(action) {
        return Some(why.to_owned());
    }
    let needed = match action {
        ActionKind::CreateDeal | ActionKind::UpdateDeal | ActionKind::UpdateContact => {
            Action::ChangeCrm
        }
        ActionKind::SearchContact => Action::ImportContacts,
        ActionKind::SearchRecords => Action::SeeAllContacts,
        _ => Action::WorkContacts,
    };
    if session.may(needed).is_err() {
        return Some("Your role does not allow this. Ask an owner or admin.".to_owned());
    }
    let connection = connection.filter(|connection| connection.state != "disconnected");
    let Some(connection) = connection else {
        return Some("The CRM is not connected. Connect it under Integrations.".to_owned());
    };
    let scope = writer.scope_of(action);
    let granted = |scope: &&str| !connectors::grants(&connection.granted_scopes, scope);
    if let Some(scope) = scope.filter(granted) {
        return Some(lacks_scope(scope));
    }
    (connection.state != "active").then(|| {
        "The connection does not work now. See what it needs under Integrations.".to_owned()
    })
}
