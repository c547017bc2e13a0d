//! `/api/auth`: signing up, in and out.

mod view;

use poem::{Request, web::Data};
use poem_openapi::{ApiResponse, Object, OpenApi, payload::Json};
use uuid::Uuid;

use crate::{
    db,
    flows::{
        Hub, SharedHub, reset, sign_in,
        sign_in::{Proof, SignedIn},
        sign_up::{self, SignUp},
    },
    http::{
        ApiError, FieldProblem, Session, Tag, agent, client_address, field,
        session::{BrowserSession, cookie, no_cookie},
    },
};

use view::SessionView;

pub(super) struct AuthApi;

#[OpenApi(prefix_path = "/auth", tag = "Tag::Accounts")]
impl AuthApi {
    /// Sign a company up. A mail with a link follows; the answer never tells whether the address
    /// has an account.
    ///
    /// There is no `Idempotency-Key` here, for there is no account yet to keep an answer with: sent
    /// again, a sign-up gets the same answer and at most another mail, and of the links the first that
    /// is followed makes the company.
    #[oai(path = "/signup", method = "post", operation_id = "signup")]
    async fn sign_up(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        form: Json<SignUpForm>,
    ) -> Result<Accepted, ApiError> {
        let form = form.0.check()?;
        sign_up::start(&hub, form, &client_address::of(request, &hub.config)).await?;
        Ok(Accepted::sent())
    }

    /// Confirm the address with the token of the mail; makes the company and signs its owner in.
    #[oai(path = "/confirm", method = "post", operation_id = "confirm")]
    async fn confirm(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        form: Json<TokenForm>,
    ) -> Result<Entered, ApiError> {
        let signed_in = sign_up::confirm(&hub, &form.token).await?;
        Entered::through(&hub, request, signed_in).await
    }

    /// Sign in.
    #[oai(path = "/login", method = "post", operation_id = "login")]
    async fn sign_in(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        form: Json<SignInForm>,
    ) -> Result<Entered, ApiError> {
        let from = client_address::of(request, &hub.config);
        let proof = Proof { password: &form.password, code: form.code.as_deref() };
        let signed_in = sign_in::start(&hub, form.email.trim(), proof, &from).await?;
        Entered::through(&hub, request, signed_in).await
    }

    /// Sign out.
    #[oai(path = "/logout", method = "post", operation_id = "logout")]
    async fn sign_out(
        &self,
        hub: Data<&SharedHub>,
        session: BrowserSession,
    ) -> Result<Left, ApiError> {
        sign_in::end(&hub, session.token_hash(), session.place()).await?;
        Ok(Left::Done(no_cookie(&hub)))
    }

    /// Who is signed in, where, and what they may do.
    #[oai(path = "/session", method = "get", operation_id = "session")]
    async fn session(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<SessionView>, ApiError> {
        Ok(Json(SessionView::load(&hub, &session).await?))
    }

    /// Go on in another company of yours.
    #[oai(path = "/session", method = "put", operation_id = "switch_company")]
    async fn switch(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        session: BrowserSession,
        form: Json<SwitchForm>,
    ) -> Result<Entered, ApiError> {
        let (token, user_id) = (session.token_hash(), session.user_id());
        match sign_in::switch(&hub, token, user_id, form.company_id).await? {
            Some(signed_in) => Entered::through(&hub, request, signed_in).await,
            None => Err(ApiError::not_found()),
        }
    }

    /// Ask for a link to choose a new password; the answer never tells whether there is an account.
    #[oai(path = "/reset", method = "post", operation_id = "reset")]
    async fn reset(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        form: Json<ResetForm>,
    ) -> Result<Accepted, ApiError> {
        let from = client_address::of(request, &hub.config);
        reset::request(&hub, form.email.trim(), &from).await?;
        Ok(Accepted::sent())
    }

    /// Choose a new password with the token of the mail; ends all sessions of the user.
    #[oai(path = "/reset/confirm", method = "post", operation_id = "confirm_reset")]
    async fn reset_confirm(
        &self,
        hub: Data<&SharedHub>,
        form: Json<NewPasswordForm>,
    ) -> Result<Done, ApiError> {
        reset::confirm(&hub, &form.token, &form.password).await?;
        Ok(Done::Done)
    }
}

#[derive(Object)]
#[oai(rename = "Signup")]
struct SignUpForm {
    company: String,
    name: String,
    email: String,
    password: String,
    /// ISO 3166 alpha-2; phone numbers without a country code belong there. `DE` when left out.
    country: Option<String>,
}

impl SignUpForm {
    fn check(self) -> Result<SignUp, ApiError> {
        let mut wrong = Vec::new();
        let company = field::text("company", &self.company, 200, &mut wrong);
        let name = field::text("name", &self.name, 200, &mut wrong);
        let email = field::email("email", &self.email, &mut wrong);
        let country = self.country.as_deref().unwrap_or("DE").trim().to_ascii_uppercase();
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            wrong.push(FieldProblem::new("country", "Use the two letters of a country, as in DE."));
        }
        if !wrong.is_empty() {
            return Err(ApiError::invalid_fields(wrong));
        }
        Ok(SignUp { company, name, email, password: self.password, country })
    }
}

#[derive(Object)]
#[oai(rename = "Token")]
pub(super) struct TokenForm {
    pub(super) token: String,
}

#[derive(Object)]
#[oai(rename = "Login")]
struct SignInForm {
    email: String,
    password: String,
    /// Of the authenticator, or a recovery code; asked for with `second_factor_required`.
    code: Option<String>,
}

#[derive(Object)]
#[oai(rename = "SwitchCompany")]
struct SwitchForm {
    company_id: Uuid,
}

#[derive(Object)]
#[oai(rename = "Address")]
struct ResetForm {
    email: String,
}

#[derive(Object)]
#[oai(rename = "NewPassword")]
struct NewPasswordForm {
    token: String,
    password: String,
}

#[derive(Object)]
struct Sent {
    sent: bool,
}

#[derive(ApiResponse)]
enum Accepted {
    /// If there is something to send, a mail is on its way.
    #[oai(status = 202)]
    Sent(Json<Sent>),
}

impl Accepted {
    fn sent() -> Self {
        Self::Sent(Json(Sent { sent: true }))
    }
}

#[derive(ApiResponse)]
enum Done {
    /// Done; there is nothing to tell.
    #[oai(status = 204)]
    Done,
}

#[derive(ApiResponse)]
enum Left {
    /// Signed out.
    #[oai(status = 204)]
    Done(#[oai(header = "Set-Cookie")] String),
}

#[derive(ApiResponse)]
pub(super) enum Entered {
    /// Signed in.
    #[oai(status = 200)]
    In(Json<SessionView>, #[oai(header = "Set-Cookie")] String),
}

impl Entered {
    pub(super) async fn through(
        hub: &Hub,
        request: &Request,
        signed_in: SignedIn,
    ) -> Result<Self, ApiError> {
        let token = signed_in.token.hash();
        if let Some(agent) = request.header("user-agent").and_then(agent::words) {
            let mut door = hub.db.door().await?;
            db::sessions::describe(&mut door, &token, &agent).await?;
            door.commit().await?;
        }
        let session = Session::with(hub, token).await?.ok_or_else(ApiError::unauthenticated)?;
        let view = SessionView::load(hub, &session).await?;
        Ok(Self::In(Json(view), cookie(hub, &signed_in)))
    }
}
