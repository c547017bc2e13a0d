//! `/api/team`: members, invitations, and who of the CRM is here.

mod crm_users;
mod invitations;
pub(super) mod join;
mod refusals;

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};
use uuid::Uuid;

use crate::{
    db,
    domain::MemberId,
    flows::{
        SharedHub,
        team::{self, remove},
    },
    http::{ApiError, Session, Tag, session::BrowserSession},
    policy::{Action, Role},
};

pub(super) use crm_users::CrmUsersApi;
pub(super) use invitations::InvitationsApi;

pub(super) struct TeamApi;

#[OpenApi(prefix_path = "/team", tag = "Tag::Team")]
impl TeamApi {
    /// Who is in the company.
    #[oai(path = "/members", method = "get", operation_id = "list_members")]
    async fn members(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<MemberList>, ApiError> {
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let members = db::members::list(&mut tx).await?;
        tx.commit().await?;
        Ok(Json(MemberList { items: members.into_iter().map(MemberView::from).collect() }))
    }

    /// Give a member another role: never one above your own, and not to somebody above you. A company
    /// keeps an owner.
    #[oai(path = "/members/:id", method = "put", operation_id = "replace_member")]
    async fn put(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        id: Path<Uuid>,
        form: Json<MemberPatch>,
    ) -> Result<Json<MemberView>, ApiError> {
        change(&hub, &session, id.0, form.role).await
    }

    /// The same as `PUT`.
    #[oai(path = "/members/:id", method = "patch", operation_id = "update_member")]
    async fn patch(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        id: Path<Uuid>,
        form: Json<MemberPatch>,
    ) -> Result<Json<MemberView>, ApiError> {
        change(&hub, &session, id.0, form.role).await
    }

    /// Take a member out, or leave. Sessions and API keys end at once; the contacts go to
    /// `contacts_to`, or to nobody when it is left out.
    #[oai(path = "/members/:id", method = "delete", operation_id = "remove_member")]
    async fn remove(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        id: Path<Uuid>,
        contacts_to: Query<Option<Uuid>>,
    ) -> Result<Removed, ApiError> {
        let (id, heir) = (MemberId::from_uuid(id.0), contacts_to.0.map(MemberId::from_uuid));
        // Whoever manages nobody may leave, and hands nothing on.
        if id != session.member_id() || heir.is_some() {
            session.may(Action::ManageTeam)?;
        }
        let removed = remove::remove(&hub, session.place(), id, heir).await?;
        Ok(Removed::Removed(Json(RemovedView { contacts: removed.contacts_given })))
    }
}

async fn change(
    hub: &SharedHub,
    session: &BrowserSession,
    id: Uuid,
    role: Role,
) -> Result<Json<MemberView>, ApiError> {
    session.may(Action::ManageTeam)?;
    let id = MemberId::from_uuid(id);
    team::change_role(hub, session.place(), id, role).await?;
    let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    let members = db::members::list(&mut tx).await?;
    tx.commit().await?;
    let member = members.into_iter().find(|member| member.member_id == id);
    Ok(Json(member.ok_or_else(ApiError::not_found)?.into()))
}

#[derive(Object)]
#[oai(rename = "MemberPatch")]
struct MemberPatch {
    role: Role,
}

#[derive(Object)]
struct MemberList {
    items: Vec<MemberView>,
}

#[derive(Object)]
#[oai(rename = "Member")]
struct MemberView {
    id: Uuid,
    user_id: Uuid,
    name: String,
    email: String,
    role: Role,
    joined_at: DateTime<Utc>,
    /// Contacts they own, of those you may see.
    contacts: u64,
}

impl From<db::members::Member> for MemberView {
    fn from(member: db::members::Member) -> Self {
        Self {
            id: member.member_id.uuid(),
            user_id: member.user_id.uuid(),
            name: member.name,
            email: member.email,
            role: member.role,
            joined_at: member.created_at,
            contacts: member.contacts.unsigned_abs(),
        }
    }
}

#[derive(Object)]
#[oai(rename = "RemovedMember")]
struct RemovedView {
    /// Contacts that changed hands.
    contacts: u64,
}

#[derive(ApiResponse)]
enum Removed {
    /// They are out.
    #[oai(status = 200)]
    Removed(Json<RemovedView>),
}
