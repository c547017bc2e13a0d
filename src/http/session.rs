//! Who is calling: the only way an HTTP request comes by a company.

use poem::{
    Request, RequestBody, Result,
    web::cookie::{Cookie, SameSite},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    db::{self, Scope},
    domain::{CompanyId, MemberId, OpaqueToken, TokenHash, UserId},
    flows::{
        Hub, SharedHub,
        sign_in::{LIFETIME, Place, SignedIn},
    },
    http::ApiError,
    policy::{self, Action, Plan, Role},
};

/// A signed-in member. As an argument of an API method it demands a session.
#[derive(Debug, Clone)]
pub struct Session {
    token: TokenHash,
    row: db::sessions::SessionRow,
}

impl Session {
    pub fn company_id(&self) -> CompanyId {
        self.row.company_id
    }

    pub fn member_id(&self) -> MemberId {
        self.row.member_id
    }

    pub fn user_id(&self) -> UserId {
        self.row.user_id
    }

    pub fn role(&self) -> Role {
        self.row.role
    }

    pub fn plan(&self) -> Plan {
        self.row.plan
    }

    /// Of the company, ISO 3166 alpha-2: the region of phone numbers.
    pub fn country(&self) -> &str {
        &self.row.country
    }

    /// Names this session without being able to open it; OAuth states are bound to it.
    pub fn token_hash(&self) -> &TokenHash {
        &self.token
    }

    pub fn place(&self) -> Place {
        Place { company_id: self.row.company_id, member_id: self.row.member_id }
    }

    /// Which contacts the member may see; goes into every key that is opened for a request.
    pub fn scope(&self) -> Scope {
        if policy::may(self.role(), Action::SeeAllContacts) {
            Scope::All
        } else {
            Scope::Own(self.member_id())
        }
    }

    /// 403 `forbidden` unless the role allows it.
    pub fn may(&self, action: Action) -> Result<(), ApiError> {
        if policy::may(self.role(), action) { Ok(()) } else { Err(ApiError::forbidden()) }
    }

    /// 403 `plan` with `upgrade_to` unless the company's plan holds the feature.
    pub fn allows(&self, feature: &str) -> Result<(), ApiError> {
        if policy::allows(self.plan(), feature) {
            return Ok(());
        }
        let upgrade_to = policy::upgrade_to(self.plan(), feature);
        Err(ApiError::plan(upgrade_to, "Your plan does not include this."))
    }

    /// The session of a request that is no API method (browser navigations).
    pub async fn of(request: &Request) -> Result<Option<Self>, ApiError> {
        let hub = request.data::<SharedHub>().expect("the hub is put in by `app`");
        let cookies = request.cookie();
        let Some(token) =
            cookies.get(cookie_name(hub)).and_then(|cookie| OpaqueToken::parse(cookie.value_str()))
        else {
            return Ok(None);
        };
        Self::with(hub, token.hash()).await
    }

    /// The same session as it is now; `None` once it has ended.
    pub async fn again(&self, hub: &Hub) -> Option<Self> {
        Self::with(hub, self.token).await.ok().flatten()
    }

    /// The session that this token opens, if it has not ended.
    pub(super) async fn with(hub: &Hub, token: TokenHash) -> Result<Option<Self>, ApiError> {
        let row = db::sessions::find(hub.db.door().await?, &token, hub.clock.now()).await?;
        Ok(row.map(|row| Self { token, row }))
    }
}

const SCHEME: &str = "Session";

impl<'a> ApiExtractor<'a> for Session {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(
            SCHEME,
            MetaSecurityScheme {
                ty: "apiKey",
                description: Some(
                    "The cookie of a sign-in; `tandem_session` where Tandem runs on plain http.",
                ),
                name: Some(SECURE_NAME),
                key_in: Some("cookie"),
                scheme: None,
                bearer_format: None,
                flows: None,
                openid_connect_url: None,
            },
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![SCHEME]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        match Self::of(request).await? {
            Some(session) => Ok(session),
            None => Err(ApiError::unauthenticated().into()),
        }
    }
}

const SECURE_NAME: &str = "__Host-tandem_session";
/// Browsers refuse the prefix without https.
const PLAIN_NAME: &str = "tandem_session";

fn cookie_name(hub: &Hub) -> &'static str {
    if hub.is_https() { SECURE_NAME } else { PLAIN_NAME }
}

/// The `Set-Cookie` of a sign-in.
pub(super) fn cookie(hub: &Hub, signed_in: &SignedIn) -> String {
    let mut cookie = Cookie::new_with_str(cookie_name(hub), signed_in.token.reveal());
    cookie.set_max_age(LIFETIME.to_std().unwrap_or_default());
    finish(hub, cookie)
}

/// The `Set-Cookie` of a sign-out.
pub(super) fn no_cookie(hub: &Hub) -> String {
    let mut cookie = Cookie::new_with_str(cookie_name(hub), "");
    cookie.set_max_age(std::time::Duration::ZERO);
    finish(hub, cookie)
}

fn finish(hub: &Hub, mut cookie: Cookie) -> String {
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_secure(hub.is_https());
    cookie.set_same_site(SameSite::Lax);
    cookie.to_string()
}
