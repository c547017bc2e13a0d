//! `/api/installation`: an install that began at a CRM and waits, in this browser, for somebody to say
//! where it belongs.
//!
//! The browser is known by a cookie of its own, which no script may read and no other site can plant
//! (`__Host-`): whoever has a session but not this cookie has nothing to confirm.

use chrono::{DateTime, Utc};
use poem::{
    Request,
    web::{Data, cookie::Cookie},
};
use poem_openapi::{ApiResponse, Enum, Object, OpenApi, param::Query, payload::Json};
use uuid::Uuid;

use crate::{
    connectors::Manifest,
    domain::{OpaqueToken, TokenHash},
    flows::{
        Hub, SharedHub,
        connect::OtherUser,
        install::{self, Choice, Confirmed, Effect, Waiting},
    },
    http::{
        ApiError, Session, Tag,
        integrations::connecting,
        once::Once,
        session::{BrowserSession, finish, sent_cookie},
    },
    policy::{self, Action, Plan},
};

const SECURE_NAME: &str = "__Host-tandem_install";
/// Browsers refuse the prefix without https.
const PLAIN_NAME: &str = "tandem_install";

fn cookie_name(hub: &Hub) -> &'static str {
    if hub.is_https() { SECURE_NAME } else { PLAIN_NAME }
}

/// The `Set-Cookie` of an install. It outlives the install, to be told how that ended.
pub(super) fn cookie(hub: &Hub, browser: &OpaqueToken) -> String {
    let mut cookie = Cookie::new_with_str(cookie_name(hub), browser.reveal());
    cookie.set_max_age(install::REMEMBERED.to_std().unwrap_or_default());
    finish(hub, cookie)
}

fn no_cookie(hub: &Hub) -> String {
    let mut cookie = Cookie::new_with_str(cookie_name(hub), "");
    cookie.set_max_age(std::time::Duration::ZERO);
    finish(hub, cookie)
}

fn browser(hub: &Hub, request: &Request) -> Option<TokenHash> {
    let sent = sent_cookie(request, cookie_name(hub))?;
    OpaqueToken::parse(sent).map(|token| token.hash())
}

pub(super) struct InstallationApi;

#[OpenApi(prefix_path = "/installation", tag = "Tag::Integrations")]
impl InstallationApi {
    /// What waits in this browser, and for a member what confirming it would do to the company.
    #[oai(path = "/", method = "get", operation_id = "get_installation")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        /// The install that the page is about; left out, the one that waits here.
        id: Query<Option<Uuid>>,
    ) -> Result<Json<InstallationView>, ApiError> {
        let waiting = install::waiting(&hub, browser(&hub, request).as_ref(), id.0).await??;
        let here = match Session::of(request).await? {
            Some(session) => Some(Here::of(&hub, &session, &waiting).await?),
            None => None,
        };
        Ok(Json(InstallationView::of(&waiting, here)))
    }

    /// Connect what waits in this browser to the company that the member is in.
    #[oai(path = "/confirm", method = "post", operation_id = "confirm_installation")]
    async fn confirm(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        session: BrowserSession,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<ConfirmForm>,
    ) -> Result<Attached, ApiError> {
        session.may(Action::ManageConnections)?;
        let (form, browser) = (form.0, browser(&hub, request));
        let named = Some(form.installation_id);
        let waiting = install::waiting(&hub, browser.as_ref(), named).await??;
        session.allows(manifest(&waiting).plan_feature)?;
        let choice = Choice {
            installation_id: form.installation_id,
            member_id: form.member_id,
            other_user: form.other_user.map(OtherUser::from),
        };
        let confirmed =
            install::confirm(&hub, connecting(&session), browser.as_ref(), choice).await?;
        let (provider, outcome) = confirmed;
        let view = ConfirmedView { provider: provider.slug().to_owned(), outcome: outcome.into() };
        Ok(Attached::Done(Json(view), no_cookie(&hub)))
    }

    /// Give what waits in this browser back to the provider.
    #[oai(path = "/", method = "delete", operation_id = "decline_installation")]
    async fn decline(
        &self,
        hub: Data<&SharedHub>,
        request: &Request,
        id: Query<Uuid>,
    ) -> Result<Declined, ApiError> {
        install::decline(&hub, browser(&hub, request).as_ref(), id.0).await?;
        Ok(Declined::Done(no_cookie(&hub)))
    }
}

fn manifest(waiting: &Waiting) -> &'static Manifest {
    waiting.provider.connector.manifest()
}

/// An install that nobody has confirmed yet.
#[derive(Object)]
#[oai(rename = "Installation")]
struct InstallationView {
    id: Uuid,
    provider: String,
    name: String,
    /// The brand's colour, `#rrggbb`.
    color: String,
    account_name: String,
    account_domain: Option<String>,
    account_user: Option<String>,
    /// Whether that user is an admin there: others see less.
    account_admin: bool,
    expires_at: DateTime<Utc>,
    /// What it means for the company of whoever is signed in.
    here: Option<Here>,
}

impl InstallationView {
    fn of(waiting: &Waiting, here: Option<Here>) -> Self {
        let (pending, manifest) = (&waiting.pending, manifest(waiting));
        let account = pending.account.clone();
        Self {
            id: pending.installation_id.uuid(),
            provider: manifest.slug.to_owned(),
            name: manifest.name.to_owned(),
            color: manifest.color.to_owned(),
            account_name: account.name,
            account_domain: account.domain,
            account_user: account.user_name,
            account_admin: account.admin,
            expires_at: pending.expires_at,
            here,
        }
    }
}

#[derive(Object)]
#[oai(rename = "InstallationHere")]
struct Here {
    /// As whom it would be confirmed; goes into the request that does.
    member_id: Uuid,
    /// Whether the role may connect a CRM.
    may: bool,
    /// Whether the plan includes this one.
    allowed: bool,
    upgrade_to: Option<Plan>,
    effect: EffectWord,
    /// The user at the CRM whose access the connection has.
    connected_user: Option<String>,
    /// The account that is connected instead.
    connected_account: Option<String>,
}

#[derive(Enum)]
#[oai(rename = "InstallationEffect", rename_all = "snake_case")]
enum EffectWord {
    /// Nothing of this CRM is connected.
    Connects,
    /// The same account and user are connected already.
    Renews,
    /// Another user of the account is connected: somebody must say who stays.
    OtherUser,
    /// The connection has ended or works no more; this takes it up again.
    Revives,
    /// Another account is connected; this one cannot be.
    OtherAccount,
}

impl Here {
    async fn of(hub: &Hub, session: &Session, waiting: &Waiting) -> Result<Self, ApiError> {
        let feature = manifest(waiting).plan_feature;
        let allowed = policy::allows(session.plan(), feature);
        let effect = install::effect(hub, session.company_id(), &waiting.pending).await?;
        let (effect, connected_user, connected_account) = match effect {
            Effect::Connects => (EffectWord::Connects, None, None),
            Effect::Renews => (EffectWord::Renews, None, None),
            Effect::Revives => (EffectWord::Revives, None, None),
            Effect::OtherUser { account_user } => (EffectWord::OtherUser, account_user, None),
            Effect::OtherAccount { account_name } => {
                (EffectWord::OtherAccount, None, Some(account_name))
            }
        };
        Ok(Self {
            member_id: session.member_id().uuid(),
            may: policy::may(session.role(), Action::ManageConnections) && !session.is_script(),
            allowed,
            upgrade_to: if allowed { None } else { policy::upgrade_to(session.plan(), feature) },
            effect,
            connected_user,
            connected_account,
        })
    }
}

#[derive(Object)]
#[oai(rename = "ConfirmInstallation")]
struct ConfirmForm {
    /// The install that the page showed.
    installation_id: Uuid,
    /// As whom the page said that it would be.
    member_id: Uuid,
    /// Who stays, where another user of the account is connected.
    other_user: Option<OtherUserWord>,
}

#[derive(Enum, Clone, Copy)]
#[oai(rename = "OtherUser", rename_all = "snake_case")]
enum OtherUserWord {
    /// The connection stays with its user; the one who came is named beside it.
    Keep,
    /// The one who came takes it over.
    Replace,
}

impl From<OtherUserWord> for OtherUser {
    fn from(word: OtherUserWord) -> Self {
        match word {
            OtherUserWord::Keep => Self::Keep,
            OtherUserWord::Replace => Self::Replace,
        }
    }
}

#[derive(Object)]
#[oai(rename = "ConfirmedInstallation")]
struct ConfirmedView {
    provider: String,
    outcome: OutcomeWord,
}

#[derive(Enum)]
#[oai(rename = "InstallationOutcome", rename_all = "snake_case")]
enum OutcomeWord {
    Connected,
    /// The connection stayed with its user.
    Kept,
}

impl From<Confirmed> for OutcomeWord {
    fn from(outcome: Confirmed) -> Self {
        match outcome {
            Confirmed::Connected => Self::Connected,
            Confirmed::Kept => Self::Kept,
        }
    }
}

#[derive(ApiResponse)]
enum Attached {
    /// It belongs to the company now.
    #[oai(status = 200)]
    Done(Json<ConfirmedView>, #[oai(header = "Set-Cookie")] String),
}

#[derive(ApiResponse)]
enum Declined {
    /// It was given back.
    #[oai(status = 204)]
    Done(#[oai(header = "Set-Cookie")] String),
}
