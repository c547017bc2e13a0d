//! Two providers at one hub, one of them hostile: the code of one must never reach the token
//! endpoint of the other (RFC 9700 section 4.4; cross-app mix-up of integration platforms).

use std::sync::Arc;

use async_trait::async_trait;
use tandem::{
    connectors::{
        self, Api, ClientAuth, Connector, Costs, Credentials, CrmError, Cursor, Endpoints, From,
        HostRule, Http, Manifest, Page, Window,
    },
    domain::{Account, Fields, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson, RemoteUser},
    flows::Provider,
    policy::Plan,
    sandbox::SandboxConfig,
};

use super::{
    End, Stage,
    stage::{page, parameter},
};
use crate::{
    connections::{Crm, NORDWIND, Rig, callback, slug},
    harness::TestHub,
};

const OTHER: &str = "othercrm";

/// A second product, which answers like the first at addresses of its own.
struct Other;

fn window() -> Window {
    connectors::all()[0].manifest().burst
}

static MANIFEST: std::sync::LazyLock<Manifest> = std::sync::LazyLock::new(|| Manifest {
    slug: OTHER,
    name: "Other CRM",
    color: "#000000",
    authorize_url: "https://oauth.other.example/oauth/authorize",
    token_url: "https://oauth.other.example/oauth/token",
    revoke_url: "https://oauth.other.example/oauth/revoke",
    default_api_url: "https://api.other.example",
    hosts: &[HostRule::Under("other.example")],
    login_hosts: &[],
    own_login: None,
    before: &[],
    not_installed: &[],
    login_of: |_| None,
    client_auth: ClientAuth::Basic,
    authorize_extra: &[],
    scopes: &[],
    scopes_in_url: false,
    never: &[],
    pkce: false,
    deliveries: 16,
    burst: window(),
    search_burst: window(),
    unit: "request",
    daily_tokens: 1_000,
    burst_is_theirs: true,
    allows: "",
    page_size: 100,
    ids_size: 100,
    plan_feature: connectors::all()[0].manifest().plan_feature,
    custom_prefix: "oc_",
    costs: Costs {
        list: 1,
        search: 1,
        fields: 1,
        users: 1,
        account: 1,
        record: 1,
        write: 1,
        delete: 1,
        kinds: 1,
    },
});

#[async_trait]
impl Connector for Other {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    async fn account(&self, api: &Api) -> Result<Account, CrmError> {
        connectors::all()[0].account(api).await
    }

    async fn users(&self, _: &Api) -> Result<Vec<RemoteUser>, CrmError> {
        Err(CrmError::Revoked)
    }

    async fn fields(&self, _: &Api) -> Result<Fields, CrmError> {
        Err(CrmError::Revoked)
    }

    async fn persons(&self, _: &Api, _: &From) -> Result<Page<RemotePerson>, CrmError> {
        Err(CrmError::Revoked)
    }

    async fn organizations(&self, _: &Api, _: &From) -> Result<Page<RemoteOrganization>, CrmError> {
        Err(CrmError::Revoked)
    }

    async fn deals(&self, _: &Api, _: &From) -> Result<Page<RemoteDeal>, CrmError> {
        Err(CrmError::Revoked)
    }

    async fn persons_by_id(&self, _: &Api, _: &[RemoteId]) -> Result<Page<RemotePerson>, CrmError> {
        Err(CrmError::Revoked)
    }

    async fn organizations_by_id(
        &self,
        _: &Api,
        _: &[RemoteId],
    ) -> Result<Page<RemoteOrganization>, CrmError> {
        Err(CrmError::Revoked)
    }

    async fn search_persons(
        &self,
        _: &Api,
        _: &str,
        _: Option<&Cursor>,
    ) -> Result<Page<RemotePerson>, CrmError> {
        Err(CrmError::Revoked)
    }

    fn person_url(&self, _: Option<&str>, _: &RemoteId) -> Option<String> {
        None
    }
}

/// A stage with both providers; the second one's stand-in has credentials of its own.
async fn two_providers() -> (Stage, Crm) {
    let (first, second) = (Crm::start().await, other_crm().await);
    let url = second.url();
    let credentials = second.credentials();
    let provider = Provider {
        connector: &Other,
        endpoints: Endpoints::overridden(&MANIFEST, Some(&url), Some(&url)).unwrap(),
        credentials: Some(Arc::new(Credentials {
            client_id: credentials.client_id,
            client_secret: credentials.client_secret,
        })),
        http: Http::with_plain_loopback(),
    };
    let hub = TestHub::offering(|config| first.offer(config), |known| known.and(provider)).await;
    let acme = hub.company(Plan::Business).await;
    (Stage::of(Rig { crm: first, hub, acme }).await, second)
}

async fn other_crm() -> Crm {
    Crm::with(SandboxConfig {
        client_id: "other-client".into(),
        client_secret: "other-secret".into(),
        ..SandboxConfig::of_size(10, 8)
    })
    .await
}

async fn begin_at(stage: &Stage, provider: &str) -> String {
    let answer = stage.owner().get(&format!("/api/integrations/{provider}/connect")).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header("location").to_owned()
}

/// The same callback at the address of another provider.
fn moved(back: &str, from: &str, to: &str) -> String {
    let moved = back.replace(&format!("/integrations/{from}/"), &format!("/integrations/{to}/"));
    assert_ne!(moved, back);
    moved
}

fn mismatch_at(provider: &str) -> End {
    End::at(format!(
        "303 /integrations?integration={provider}&status=error&reason=provider_mismatch"
    ))
}

#[tokio::test]
async fn a_code_of_one_provider_never_reaches_the_token_endpoint_of_another() {
    let (mut stage, second) = two_providers().await;
    let before = stage.seen().await;
    let first_back = stage.consent(stage.owner(), NORDWIND).await;
    let second_page = begin_at(&stage, OTHER).await;
    let second_back = second.consent(&second_page, "allow", NORDWIND).await;

    let answer = stage.owner().get(&moved(&first_back, slug(), OTHER)).await;
    let name = "the callback of the honest provider at the address of the hostile one";
    stage.judge(name, &before, &answer, mismatch_at(OTHER)).await;
    let answer = stage.owner().get(&moved(&second_back, OTHER, slug())).await;
    let name = "the callback of the hostile provider at the address of the honest one";
    stage.judge(name, &before, &answer, mismatch_at(slug())).await;

    // The classic: the hostile consent page sends the person on to the honest one, with the state
    // that it was given itself.
    let honest = stage.rig.begin(stage.owner()).await;
    let (state, stolen) = (
        parameter(&format!("?{}", honest.split_once('?').unwrap().1), "state"),
        parameter(&second_back, "state"),
    );
    let sent_on = honest.replace(&state, &stolen);
    let back = stage.rig.crm.consent(&sent_on, "allow", NORDWIND).await;
    let answer = stage.owner().get(&back).await;
    let name = "a hostile consent page that forwards to the honest one with its own state";
    stage.judge(name, &before, &answer, mismatch_at(slug())).await;

    // A code that leaked from the honest provider, under an honest state of the hostile one: the
    // address decides whose token endpoint is asked, and the hostile one has no use for it.
    let code = parameter(&first_back, "code");
    let injected = format!(
        "/api/integrations/{OTHER}/callback?code={code}&state={}",
        parameter(&second_back, "state"),
    );
    let answer = stage.owner().get(&injected).await;
    let page = format!("303 /integrations?integration={OTHER}&status=error&reason=code_refused");
    let name = "a code of the honest provider under a state of the other";
    stage.judge(name, &before, &answer, End::at(page)).await;
    assert_eq!(second.tokens("authorization_code").await, 1);
    assert_eq!(stage.rig.hub.value::<i64>("select count(*) from connection").await, 0);
    stage.verdict(4);
}

#[tokio::test]
async fn every_provider_has_a_callback_and_a_state_of_its_own() {
    let (stage, second) = two_providers().await;
    let pages = [stage.rig.begin(stage.owner()).await, begin_at(&stage, OTHER).await];
    let asked =
        |page: &str, name| parameter(&format!("?{}", page.split_once('?').unwrap().1), name);
    for name in ["redirect_uri", "state", "client_id"] {
        assert_ne!(asked(&pages[0], name), asked(&pages[1], name), "{name}");
    }
    // Both are finished, each where it belongs, and nothing of one is in the other.
    let one = stage.rig.crm.consent(&pages[0], "allow", NORDWIND).await;
    let two = second.consent(&pages[1], "allow", NORDWIND).await;
    for back in [two, one] {
        let answer = stage.owner().get(&back).await;
        assert!(page(&answer).ends_with("status=connected"), "{}", page(&answer));
    }
    for crm in [&stage.rig.crm, &second] {
        assert_eq!(crm.tokens("authorization_code").await, 1);
        assert_eq!(crm.tokens("refused").await, 0);
    }
    let bases = "select count(distinct api_base) from connection";
    assert_eq!(stage.rig.hub.value::<i64>(bases).await, 2);
}

#[tokio::test]
async fn whoever_names_another_issuer_is_refused() {
    let (mut stage, second) = two_providers().await;
    let crm = stage.rig.crm.url().origin().ascii_serialization();
    let other = second.url().origin().ascii_serialization();
    let trap = stage.trap.origin();
    let issuers = [
        ("the issuer of another provider", other),
        ("an unknown issuer", trap.clone()),
        ("an issuer with a path", format!("{crm}/evil")),
        ("an issuer with a user", crm.replace("://", "://evil@")),
        ("an issuer with another scheme", crm.replace("http://", "https://")),
        ("an issuer in a longer name", format!("{crm}.evil.example")),
        ("an issuer that is no address", "evil".to_owned()),
    ];
    let cases = issuers.len();
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    for (name, issuer) in issuers {
        let encoded: String = url::form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
        let answer = stage.owner().get(&format!("{back}&iss={encoded}")).await;
        stage.judge(name, &before, &answer, mismatch_at(slug())).await;
    }
    // The right one is no obstacle.
    let answer = stage.owner().get(&format!("{back}&iss={crm}")).await;
    stage.judge("the provider's own issuer", &before, &answer, End::connected()).await;
    stage.verdict(cases + 1);
}

#[tokio::test]
async fn a_provider_nobody_knows_has_no_callback() {
    let mut stage = Stage::new().await;
    let back = stage.consent(stage.owner(), NORDWIND).await;
    let before = stage.seen().await;
    let unknown = [
        "nobody",
        "..%2f..%2fevil.example",
        "%0d%0aLocation:%20https:%2f%2fevil.example",
        "%2e%2e",
    ];
    for slug_of in unknown {
        let path = moved(&back, slug(), slug_of);
        let answer = stage.owner().get(&path).await;
        let name = format!("the provider `{slug_of}`");
        stage.judge(&name, &before, &answer, End::at("404")).await;
    }
    let answer =
        stage.owner().get(&callback("code=x").replace(slug(), &slug().to_uppercase())).await;
    stage.judge("the provider in capitals", &before, &answer, End::at("404")).await;
    stage.verdict(unknown.len() + 1);
}
