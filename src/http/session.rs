//! Who is calling: the only way an HTTP request comes by a company.
//!
//! People come with a cookie, scripts with the access token of an API key. A request with a bearer
//! token is the script's, whatever cookies it carries: that is why it needs no proof of its origin.

use poem::{
    Request, RequestBody, Result,
    http::header,
    web::cookie::{Cookie, SameSite},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};

use crate::{
    db::{self, Scope},
    domain::{ApiKeyId, CompanyId, MemberId, OpaqueToken, TokenHash, UserId},
    flows::{
        Hub, SharedHub, access_token, contacts,
        sign_in::{LIFETIME, Place, SignedIn},
    },
    http::{ApiError, rates::Caller},
    policy::{self, Action, Plan, Role},
};

/// A member, or the script of one. As an argument of an API method it demands either.
#[derive(Debug, Clone)]
pub struct Session {
    means: Means,
    row: db::sessions::SessionRow,
}

/// What a caller is known by.
#[derive(Debug, Clone, Copy)]
enum Means {
    Cookie(TokenHash),
    ApiKey(ApiKeyId),
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

    /// Who chose an `Idempotency-Key`: the member, or the API key.
    pub(super) fn caller(&self) -> uuid::Uuid {
        match self.means {
            Means::Cookie(_) => self.row.member_id.uuid(),
            Means::ApiKey(key) => key.uuid(),
        }
    }

    /// The API key that a script came with.
    pub(super) fn api_key(&self) -> Option<ApiKeyId> {
        match self.means {
            Means::Cookie(_) => None,
            Means::ApiKey(key) => Some(key),
        }
    }

    /// Whether a script is calling: it stays in the company of its key.
    pub fn is_script(&self) -> bool {
        matches!(self.means, Means::ApiKey(_))
    }

    pub fn place(&self) -> Place {
        Place { company_id: self.row.company_id, member_id: self.row.member_id }
    }

    /// Who writes, and what they may see.
    pub fn by(&self) -> contacts::By {
        contacts::By {
            company_id: self.company_id(),
            member_id: self.member_id(),
            scope: self.scope(),
        }
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

    /// Who sent a request, if anybody whom we know.
    pub async fn of(request: &Request) -> Result<Option<Self>, ApiError> {
        if let Some(Caller(known)) = request.data() {
            return Ok(known.clone());
        }
        let hub = request.data::<SharedHub>().expect("the hub is put in by `app`");
        if let Some(jwt) = bearer(request) {
            let holder = access_token::holder(hub, jwt).await?;
            return Ok(holder.map(Self::of_key));
        }
        let Some(token) = sent_cookie(request, cookie_name(hub)).and_then(OpaqueToken::parse)
        else {
            return Ok(None);
        };
        Self::with(hub, token.hash()).await
    }

    /// The same caller as they are now; `None` once they may not call any more. Whoever only watches
    /// does nothing: the session grows no younger by that.
    pub async fn again(&self, hub: &Hub) -> Option<Self> {
        match self.means {
            Means::Cookie(token) => {
                let door = hub.db.door().await.ok()?;
                let row = db::sessions::look(door, &token, hub.clock.now()).await.ok()??;
                Some(Self { means: self.means, row })
            }
            Means::ApiKey(id) => access_token::again(hub, id).await.ok()?.map(Self::of_key),
        }
    }

    /// The session that this token opens, if it has not ended.
    pub(super) async fn with(hub: &Hub, token: TokenHash) -> Result<Option<Self>, ApiError> {
        let row = db::sessions::find(hub.db.door().await?, &token, hub.clock.now()).await?;
        Ok(row.map(|row| Self { means: Means::Cookie(token), row }))
    }

    fn of_key(holder: db::api_keys::Holder) -> Self {
        Self { means: Means::ApiKey(holder.key_id), row: holder.session }
    }
}

/// The value of a cookie. By hand: poem reads cookies inside the API only, and ours need no decoding.
pub(super) fn sent_cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let headers = request.headers().get_all(header::COOKIE).iter();
    headers
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(sent, value)| (sent == name).then_some(value))
}

/// The token of a request that says it has one; from then on no cookie counts.
pub(super) fn bearer(request: &Request) -> Option<&str> {
    let value = request.header("authorization")?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Somebody who signed in with a browser: what no script may do, whatever its key allows.
#[derive(Debug, Clone)]
pub(super) struct BrowserSession {
    session: Session,
    token: TokenHash,
}

impl std::ops::Deref for BrowserSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl BrowserSession {
    /// 403 for a script.
    fn demand(session: Session) -> Result<Self, ApiError> {
        match session.means {
            Means::Cookie(token) => Ok(Self { session, token }),
            Means::ApiKey(_) => Err(ApiError::forbidden_as(
                "browser_only",
                "This is for people who signed in with a browser; an access token cannot do it.",
            )),
        }
    }

    /// The session of a browser's navigation, which is no API method.
    pub(super) async fn of(request: &Request) -> Result<Option<Self>, ApiError> {
        Session::of(request).await?.map(Self::demand).transpose()
    }

    /// Names this session without being able to open it; OAuth states are bound to it.
    pub(super) fn token_hash(&self) -> &TokenHash {
        &self.token
    }
}

const COOKIE: &str = "Session";
const BEARER: &str = "AccessToken";

fn register(registry: &mut Registry) {
    let scheme = |ty, description| MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    };
    let words = "The cookie of a sign-in; `tandem_session` where Tandem runs on plain http.";
    let cookie = MetaSecurityScheme {
        name: Some(SECURE_NAME),
        key_in: Some("cookie"),
        ..scheme("apiKey", words)
    };
    let words = "What `POST /api/auth/token` gives for an API key. It lives ten minutes at most.";
    let bearer = MetaSecurityScheme {
        scheme: Some("bearer"),
        bearer_format: Some("JWT"),
        ..scheme("http", words)
    };
    registry.create_security_scheme(COOKIE, cookie);
    registry.create_security_scheme(BEARER, bearer);
}

impl<'a> ApiExtractor<'a> for Session {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![COOKIE, BEARER]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self::of(request).await?.ok_or_else(ApiError::unauthenticated)?)
    }
}

impl<'a> ApiExtractor<'a> for BrowserSession {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        register(registry);
    }

    fn security_schemes() -> Vec<&'static str> {
        vec![COOKIE]
    }

    async fn from_request(
        request: &'a Request,
        _body: &mut RequestBody,
        _options: ExtractParamOptions<()>,
    ) -> Result<Self> {
        Ok(Self::of(request).await?.ok_or_else(ApiError::unauthenticated)?)
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

/// With what every cookie of ours has.
pub(super) fn finish(hub: &Hub, mut cookie: Cookie) -> String {
    cookie.set_path("/");
    cookie.set_http_only(true);
    cookie.set_secure(hub.is_https());
    cookie.set_same_site(SameSite::Lax);
    cookie.to_string()
}
