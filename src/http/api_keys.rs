//! `/api/api-keys`, and `/api/auth/token` where a key becomes an access token.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use poem::{http::StatusCode, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, param::Path, payload::Json};
use uuid::Uuid;

use crate::{
    db::{self, TenantTx},
    domain::{ApiKey, ApiKeyId},
    flows::{
        SealError, SharedHub, access_token,
        api_keys::{self, Made, Wanted},
        idempotency::Witness,
    },
    http::{
        ApiError, FieldProblem, Tag, contacts::MemberRef, field, once::Once,
        session::BrowserSession,
    },
    policy::{self, Action, Role},
};

const LONGEST_NAME: usize = 100;

pub(super) struct ApiKeysApi;

#[OpenApi(tag = "Tag::ApiKeys")]
impl ApiKeysApi {
    /// List API keys: your own, and those of everybody if you look after the team.
    #[oai(path = "/api-keys", method = "get", operation_id = "list_api_keys")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
    ) -> Result<Json<ApiKeyList>, ApiError> {
        let of = (!sees_all(&session)).then(|| session.member_id());
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let rows = db::api_keys::list(&mut tx, of).await?;
        let now = hub.clock.now();
        Ok(Json(ApiKeyList {
            items: rows.into_iter().map(|row| ApiKeyView::of(row, now)).collect(),
        }))
    }

    /// Make an API key for a script of yours. It acts as you, with a role that is not above your
    /// own, and goes when you leave. `secret` is shown this once.
    #[oai(path = "/api-keys", method = "post", operation_id = "create_api_key")]
    async fn create(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        #[oai(name = "Idempotency-Key")] once: Once,
        form: Json<ApiKeyForm>,
    ) -> Result<Created, ApiError> {
        let wanted = form.0.check(hub.clock.now())?;
        let now = hub.clock.now();
        let mut told = Telling { once, now, made: None };
        api_keys::create(&hub, session.place(), session.role(), &wanted, &mut told).await?;
        Ok(Created::Created(Json(told.made.ok_or_else(ApiError::not_found)?)))
    }

    /// Take an API key back. Tokens that it was exchanged for end at once.
    #[oai(path = "/api-keys/:id", method = "delete", operation_id = "revoke_api_key")]
    async fn revoke(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
        id: Path<Uuid>,
    ) -> Result<Revoked, ApiError> {
        let id = ApiKeyId::from_uuid(id.0);
        api_keys::revoke(&hub, session.place(), id, sees_all(&session)).await?;
        Ok(Revoked::Revoked)
    }

    /// Exchange an API key for an access token, to be sent as `Authorization: Bearer` with every
    /// other request. Needs neither our Origin nor `X-Tandem-CSRF`.
    #[oai(path = "/auth/token", method = "post", operation_id = "exchange_api_key")]
    async fn exchange(
        &self,
        hub: Data<&SharedHub>,
        form: Json<ExchangeForm>,
    ) -> Result<Json<TokenView>, ApiError> {
        let key = ApiKey::parse(form.api_key.trim()).ok_or_else(wrong_key)?;
        let token = access_token::issue(&hub, &key).await?;
        Ok(Json(TokenView {
            access_token: token.jwt,
            token_type: "Bearer".to_owned(),
            expires_in: token.lifetime.num_seconds().unsigned_abs(),
        }))
    }
}

/// Whoever looks after the team looks after its keys, too.
fn sees_all(session: &BrowserSession) -> bool {
    policy::may(session.role(), Action::ManageTeam)
}

/// The same for a mistyped, an expired and a revoked key.
pub(super) fn wrong_key() -> ApiError {
    ApiError::unauthenticated_as("wrong_api_key", "This API key opens nothing, or not any more.")
}

#[derive(Object)]
#[oai(rename = "NewApiKey")]
struct ApiKeyForm {
    /// What it is for.
    name: String,
    /// At most your own.
    role: Role,
    /// `null` or left out: it lives until it is taken back.
    expires_at: Option<DateTime<Utc>>,
}

impl ApiKeyForm {
    fn check(self, now: DateTime<Utc>) -> Result<Wanted, ApiError> {
        let mut wrong = Vec::new();
        let name = field::text("name", &self.name, LONGEST_NAME, &mut wrong);
        if self.expires_at.is_some_and(|at| at <= now) {
            wrong.push(FieldProblem::new("expires_at", "Choose a time to come."));
        }
        if !wrong.is_empty() {
            return Err(ApiError::invalid_fields(wrong));
        }
        Ok(Wanted { name, role: self.role, expires_at: self.expires_at })
    }
}

#[derive(Object)]
#[oai(rename = "ApiKeyExchange")]
struct ExchangeForm {
    api_key: String,
}

#[derive(Object)]
#[oai(rename = "AccessToken")]
struct TokenView {
    /// A JWT; opaque to you.
    access_token: String,
    /// `Bearer`.
    token_type: String,
    /// In seconds.
    expires_in: u64,
}

#[derive(Object)]
#[oai(rename = "ApiKey")]
struct ApiKeyView {
    id: Uuid,
    name: String,
    role: Role,
    /// How the key begins.
    hint: String,
    member: MemberRef,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    expired: bool,
    last_used_at: Option<DateTime<Utc>>,
}

impl ApiKeyView {
    fn of(row: db::api_keys::ApiKeyRow, now: DateTime<Utc>) -> Self {
        Self {
            id: row.key_id.uuid(),
            name: row.name,
            role: row.role,
            hint: row.hint,
            member: MemberRef { member_id: row.member_id.uuid(), name: row.member_name },
            created_at: row.created_at,
            expires_at: row.expires_at,
            expired: row.expires_at.is_some_and(|at| at <= now),
            last_used_at: row.last_used_at,
        }
    }
}

#[derive(Object)]
struct ApiKeyList {
    items: Vec<ApiKeyView>,
}

#[derive(Object)]
#[oai(rename = "CreatedApiKey")]
struct NewApiKey {
    key: ApiKeyView,
    /// The key itself. Keep it; nobody can show it again.
    secret: String,
}

/// Shows a new key where it was written, and keeps that as the answer.
struct Telling {
    once: Once,
    now: DateTime<Utc>,
    made: Option<NewApiKey>,
}

#[async_trait]
impl Witness<Made> for Telling {
    async fn see(&mut self, tx: &mut TenantTx, made: &Made) -> Result<(), SealError> {
        let Some(row) = db::api_keys::get(tx, made.key_id).await? else { return Ok(()) };
        let secret = made.secret.reveal().to_owned();
        let view = self.made.insert(NewApiKey { key: ApiKeyView::of(row, self.now), secret });
        self.once.keep(tx, StatusCode::CREATED, view).await
    }
}

#[derive(ApiResponse)]
enum Created {
    /// The key, with its secret.
    #[oai(status = 201)]
    Created(Json<NewApiKey>),
}

#[derive(ApiResponse)]
enum Revoked {
    /// It opens nothing any more.
    #[oai(status = 204)]
    Revoked,
}
