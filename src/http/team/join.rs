//! `/api/auth/invitation`: coming into a company that asked for it.

use chrono::{DateTime, Utc};
use poem::{Request, web::Data};
use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{
    flows::{
        SharedHub,
        team::join::{self, Acceptance, Asked},
    },
    http::{
        ApiError, Tag,
        auth::{Entered, TokenForm},
        client_address, field,
        session::BrowserSession,
    },
    policy::Role,
};

pub(in crate::http) struct JoinApi;

#[OpenApi(prefix_path = "/auth/invitation", tag = "Tag::Accounts")]
impl JoinApi {
    /// What the link of an invitation asks for. Looking spends nothing.
    #[oai(path = "/", method = "post", operation_id = "read_invitation")]
    async fn read(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        form: Json<TokenForm>,
    ) -> Result<Json<AskedView>, ApiError> {
        let from = client_address::of(request, &hub.config);
        let asked = join::look(&hub, &form.token, &from).await?;
        let session = BrowserSession::of(request).await?;
        let own = session.is_some_and(|session| Some(session.user_id()) == asked.user_id);
        Ok(Json(AskedView::of(asked, own)))
    }

    /// Accept an invitation and be signed in there. Somebody new gives a name and chooses a password;
    /// whoever has an account gives its password, or is signed in already.
    #[oai(path = "/accept", method = "post", operation_id = "accept_invitation")]
    async fn accept(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        form: Json<AcceptForm>,
    ) -> Result<Entered, ApiError> {
        let mut wrong = Vec::new();
        let name = form.name.as_deref().map(|name| field::text("name", name, 200, &mut wrong));
        if !wrong.is_empty() {
            return Err(ApiError::invalid_fields(wrong));
        }
        let from = client_address::of(request, &hub.config);
        let session = BrowserSession::of(request).await?;
        let given = Acceptance {
            token: &form.token,
            name,
            password: form.password.as_deref(),
            code: form.code.as_deref(),
            session: session.map(|session| (session.user_id(), *session.token_hash())),
        };
        let signed_in = join::accept(&hub, given, &from).await?;
        Entered::through(&hub, request, signed_in).await
    }
}

#[derive(Object)]
#[oai(rename = "InvitationAcceptance")]
struct AcceptForm {
    token: String,
    /// Of somebody new.
    name: Option<String>,
    /// The account's, or a new one.
    password: Option<String>,
    /// Of the authenticator, or a recovery code, where the account has a second factor.
    code: Option<String>,
}

/// What an invitation asks for.
#[derive(Object)]
#[oai(rename = "OpenInvitation")]
struct AskedView {
    company: String,
    invited_by: String,
    email: String,
    role: Role,
    expires_at: DateTime<Utc>,
    /// The address has an account: its password lets them in.
    has_account: bool,
    /// They are signed in here, and need only accept.
    signed_in: bool,
}

impl AskedView {
    fn of(asked: Asked, signed_in: bool) -> Self {
        Self {
            company: asked.invitation.company_name,
            invited_by: asked.invitation.invited_by_name,
            email: asked.invitation.email,
            role: asked.invitation.role,
            expires_at: asked.invitation.expires_at,
            has_account: asked.user_id.is_some(),
            signed_in,
        }
    }
}
