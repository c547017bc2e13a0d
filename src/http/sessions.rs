//! `/api/auth/sessions`: where somebody is signed in.

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use crate::{
    db,
    flows::{SharedHub, sessions},
    http::{ApiError, Tag, session::BrowserSession},
};

pub(super) struct SessionsApi;

#[OpenApi(prefix_path = "/auth/sessions", tag = "Tag::Accounts")]
impl SessionsApi {
    /// Everything you are signed in with, in all your companies; this one first.
    #[oai(path = "/", method = "get", operation_id = "list_sessions")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
    ) -> Result<Json<OpenSessions>, ApiError> {
        let mut door = hub.db.door().await?;
        let (user, own, now) = (session.user_id(), session.token_hash(), hub.clock.now());
        let rows = db::sessions::list(&mut door, user, own, now).await?;
        Ok(Json(OpenSessions { items: rows.into_iter().map(OpenSession::from).collect() }))
    }

    /// End all your other sessions.
    #[oai(path = "/", method = "delete", operation_id = "revoke_other_sessions")]
    async fn revoke_others(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
    ) -> Result<Json<EndedSessions>, ApiError> {
        let ended = sessions::revoke_others(&hub, session.user_id(), session.token_hash()).await?;
        Ok(Json(EndedSessions { ended: ended as u64 }))
    }

    /// End one of your sessions. Whoever has it is out at once.
    #[oai(path = "/:id", method = "delete", operation_id = "revoke_session")]
    async fn revoke(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        id: Path<Uuid>,
    ) -> Result<Revoked, ApiError> {
        if sessions::revoke(&hub, session.user_id(), id.0).await? {
            Ok(Revoked::Revoked)
        } else {
            Err(ApiError::not_found())
        }
    }
}

#[derive(Object)]
struct OpenSessions {
    items: Vec<OpenSession>,
}

#[derive(Object)]
struct OpenSession {
    id: Uuid,
    company: String,
    /// What its browser says it is.
    agent: Option<String>,
    created_at: DateTime<Utc>,
    /// Within a minute.
    seen_at: DateTime<Utc>,
    /// It is the one that asks.
    current: bool,
}

impl From<db::sessions::Open> for OpenSession {
    fn from(row: db::sessions::Open) -> Self {
        Self {
            id: row.session_id,
            company: row.company_name,
            agent: row.agent,
            created_at: row.created_at,
            seen_at: row.seen_at,
            current: row.current,
        }
    }
}

#[derive(Object)]
struct EndedSessions {
    ended: u64,
}

#[derive(ApiResponse)]
enum Revoked {
    /// It opens nothing any more.
    #[oai(status = 204)]
    Revoked,
}
