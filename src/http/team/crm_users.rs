//! `/api/team/crm-users`: the users of each CRM beside the members.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{Object, OpenApi, payload::Json};
use uuid::Uuid;

use crate::{
    connectors, db,
    domain::{MemberId, RemoteUser},
    flows::SharedHub,
    http::{ApiError, Session, Tag},
    policy::Action,
};

pub(in crate::http) struct CrmUsersApi;

#[OpenApi(prefix_path = "/team", tag = "Tag::Team")]
impl CrmUsersApi {
    /// The users of each connected CRM, as they were last read, and who of them is a member or was
    /// asked: the same address is the same person. Reading the CRM's users anew updates this.
    #[oai(path = "/crm-users", method = "get", operation_id = "list_crm_users")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<CrmUsers>, ApiError> {
        session.may(Action::ManageTeam)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let connections = db::connections::list(&mut tx).await?;
        let members = db::directory::members_by_email(&mut tx).await?;
        let invited = db::invitations::list(&mut tx).await?;
        tx.commit().await?;
        let invited: HashMap<String, Uuid> = invited
            .into_iter()
            .map(|one| (one.email.to_lowercase(), one.invitation_id.uuid()))
            .collect();
        let items = connections
            .into_iter()
            .filter(|connection| connection.state != "disconnected")
            .map(|connection| CrmView::of(connection, &members, &invited))
            .collect();
        Ok(Json(CrmUsers { items }))
    }
}

#[derive(Object)]
struct CrmUsers {
    items: Vec<CrmView>,
}

#[derive(Object)]
#[oai(rename = "CrmWithUsers")]
struct CrmView {
    provider: String,
    provider_name: String,
    account_name: String,
    /// `null`: nobody has read them yet.
    read_at: Option<DateTime<Utc>>,
    users: Vec<CrmUser>,
}

#[derive(Object)]
struct CrmUser {
    remote_id: String,
    name: Option<String>,
    email: Option<String>,
    active: bool,
    /// The member with the same address.
    member_id: Option<Uuid>,
    /// The invitation that waits at this address.
    invitation_id: Option<Uuid>,
}

impl CrmView {
    fn of(
        connection: db::connections::Connection,
        members: &HashMap<String, MemberId>,
        invited: &HashMap<String, Uuid>,
    ) -> Self {
        let stored = connection.remote_users;
        let users: Vec<RemoteUser> =
            stored.and_then(|users| serde_json::from_value(users).ok()).unwrap_or_default();
        let user = |user: RemoteUser| {
            let address = user.email.as_deref().map(str::to_lowercase).unwrap_or_default();
            CrmUser {
                remote_id: user.id.0,
                name: user.name,
                email: user.email,
                active: user.active,
                member_id: members.get(&address).map(|id| id.uuid()),
                invitation_id: invited.get(&address).copied(),
            }
        };
        Self {
            provider_name: connectors::find(&connection.provider)
                .map_or_else(|| connection.provider.clone(), |one| one.manifest().name.to_owned()),
            provider: connection.provider,
            account_name: connection.account_name,
            read_at: connection.remote_users_at,
            users: users.into_iter().map(user).collect(),
        }
    }
}
