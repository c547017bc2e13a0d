//! `/api/team`.

use poem::web::Data;
use poem_openapi::{Object, OpenApi, payload::Json};
use uuid::Uuid;

use crate::{
    db,
    flows::SharedHub,
    http::{ApiError, Session, Tag},
    policy::Role,
};

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
            contacts: member.contacts.unsigned_abs(),
        }
    }
}
