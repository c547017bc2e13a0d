//! `/api/team/invitations`: asking people into the company.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use poem::{http::StatusCode, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use crate::{
    db::{self, TenantTx},
    domain::InvitationId,
    flows::{
        SealError, SharedHub,
        idempotency::Witness,
        team::invite::{self, MOST_DAYS, USUAL_DAYS, Wanted},
    },
    http::{
        ApiError, FieldProblem, Session, Tag, contacts::MemberRef, field, once::Once,
        session::BrowserSession,
    },
    policy::{Action, Role},
};

pub(in crate::http) struct InvitationsApi;

#[OpenApi(prefix_path = "/team/invitations", tag = "Tag::Team")]
impl InvitationsApi {
    /// Who was asked and has not come yet, newest first.
    #[oai(path = "/", method = "get", operation_id = "list_invitations")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<InvitationList>, ApiError> {
        session.may(Action::ManageTeam)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let rows = db::invitations::list(&mut tx).await?;
        tx.commit().await?;
        let now = hub.clock.now();
        let items = rows.into_iter().map(|row| InvitationView::of(row, now)).collect();
        Ok(Json(InvitationList { items }))
    }

    /// Ask somebody into the company by mail, with a role that is not above yours. Members and open
    /// invitations together fill the seats of the plan.
    #[oai(path = "/", method = "post", operation_id = "create_invitation")]
    async fn create(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<InvitationForm>,
    ) -> Result<Created, ApiError> {
        session.may(Action::ManageTeam)?;
        let wanted = form.0.check()?;
        let mut told = Telling::new(once, StatusCode::CREATED, hub.clock.now());
        invite::invite(&hub, session.place(), &wanted, &mut told).await?;
        Ok(Created::Created(Json(told.said.ok_or_else(ApiError::not_found)?)))
    }

    /// Send it once more, with a new link and seven more days. The old link opens nothing any more.
    #[oai(path = "/:id/resend", method = "post", operation_id = "resend_invitation")]
    async fn resend(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] once: Once,
    ) -> Result<Json<InvitationView>, ApiError> {
        session.may(Action::ManageTeam)?;
        let mut told = Telling::new(once, StatusCode::OK, hub.clock.now());
        let id = InvitationId::from_uuid(id.0);
        invite::resend(&hub, session.place(), id, &mut told).await?;
        Ok(Json(told.said.ok_or_else(ApiError::not_found)?))
    }

    /// Take it back. Its link opens nothing any more.
    #[oai(path = "/:id", method = "delete", operation_id = "revoke_invitation")]
    async fn revoke(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        id: Path<Uuid>,
    ) -> Result<Revoked, ApiError> {
        session.may(Action::ManageTeam)?;
        invite::revoke(&hub, session.place(), InvitationId::from_uuid(id.0)).await?;
        Ok(Revoked::Revoked)
    }
}

#[derive(Object)]
#[oai(rename = "NewInvitation")]
struct InvitationForm {
    email: String,
    /// At most your own.
    role: Role,
    /// How long the link works, 1 to 30; seven when left out.
    days: Option<u32>,
}

impl InvitationForm {
    fn check(self) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let email = field::email("email", &self.email, &mut wrong);
        let days = self.days.unwrap_or(USUAL_DAYS);
        if !(1..=MOST_DAYS).contains(&days) {
            let words = format!("Use a number from 1 to {MOST_DAYS}.");
            wrong.push(FieldProblem::new("days", &words));
        }
        if !wrong.is_empty() {
            return Err(ApiError::invalid_fields(wrong));
        }
        Ok(Wanted { email, role: self.role, days })
    }
}

#[derive(Object)]
#[oai(rename = "Invitation")]
struct InvitationView {
    id: Uuid,
    email: String,
    role: Role,
    invited_by: MemberRef,
    created_at: DateTime<Utc>,
    /// When the last mail left; `null` while it waits to.
    sent_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    /// It holds no seat and opens nothing until it is sent again.
    expired: bool,
}

impl InvitationView {
    fn of(row: db::invitations::Invitation, now: DateTime<Utc>) -> Self {
        Self {
            id: row.invitation_id.uuid(),
            email: row.email,
            role: row.role,
            invited_by: MemberRef { member_id: row.invited_by.uuid(), name: row.invited_by_name },
            created_at: row.created_at,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
            expired: row.expires_at <= now,
        }
    }
}

#[derive(Object)]
struct InvitationList {
    items: Vec<InvitationView>,
}

/// Shows an invitation where it was written, and keeps that as the answer.
struct Telling {
    once: Once,
    status: StatusCode,
    now: DateTime<Utc>,
    said: Option<InvitationView>,
}

impl Telling {
    fn new(once: Once, status: StatusCode, now: DateTime<Utc>) -> Self {
        Self { once, status, now, said: None }
    }
}

#[async_trait]
impl Witness<InvitationId> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, id: &InvitationId) -> Result<(), SealError> {
        let Some(row) = db::invitations::get(tx, *id).await? else { return Ok(()) };
        let view = self.said.insert(InvitationView::of(row, self.now));
        self.once.keep(tx, self.status, view).await
    }
}

#[derive(ApiResponse)]
enum Created {
    /// They are asked.
    #[oai(status = 201)]
    Created(Json<InvitationView>),
}

#[derive(ApiResponse)]
enum Revoked {
    /// It opens nothing any more.
    #[oai(status = 204)]
    Revoked,
}
