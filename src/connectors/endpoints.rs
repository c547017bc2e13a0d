//! Where secrets may be sent: fixed patterns per provider, never an address from outside.
//!
//! A grant names the host of the company's data, so a forged one would be handed the token.
//! [`ApiBase`] exists only after the provider's rule accepted the host; [`super::Api`] builds
//! every URL from one, and redirects are off.

use std::net::IpAddr;

use url::{Host, Url};

use super::{ClientAuth, HostRule, Manifest};

/// A host that the rule refuses. The name is kept for the log, cut short; it is not a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{host}` is not one of the provider's hosts")]
pub struct ForbiddenHost {
    pub host: String,
}

/// An origin that tokens may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiBase(Url);

impl ApiBase {
    /// As it is stored and parsed again: scheme and host, no slash at the end.
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    /// The address of `path` with `query` at this origin.
    pub(super) fn at(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// A provider's addresses: the real ones, or in development a stand-in's.
#[derive(Debug, Clone)]
pub struct Endpoints {
    manifest: &'static Manifest,
    pub(super) authorize: Url,
    pub(super) token: Url,
    pub(super) revoke: Url,
    default_api: ApiBase,
    rule: Rule,
    login: Login,
}

/// Where people sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Login {
    /// Wherever the provider's rules allow.
    Hosts,
    /// At the stand-in and nowhere else.
    Only,
}

/// Bytes of a scheme, a host name (at most 253, RFC 1035) and a slash.
const LONGEST_ORIGIN: usize = 262;

#[derive(Debug, Clone)]
enum Rule {
    /// Those of the provider.
    Hosts(&'static [HostRule]),
    /// This origin and no other.
    Only(String),
}

impl Endpoints {
    pub fn production(manifest: &'static Manifest) -> Self {
        Self {
            manifest,
            authorize: fixed(manifest.authorize_url),
            token: fixed(manifest.token_url),
            revoke: fixed(manifest.revoke_url),
            default_api: ApiBase(fixed(manifest.default_api_url)),
            rule: Rule::Hosts(manifest.hosts),
            login: Login::Hosts,
        }
    }

    fn move_login(&mut self, base: &Url) {
        for url in [&mut self.authorize, &mut self.token, &mut self.revoke] {
            let mut moved = base.clone();
            moved.set_path(url.path());
            *url = moved;
        }
    }

    /// The same with people signing in at another of the provider's hosts (`https://...`): a data
    /// centre, or a customer's own domain. Never an address that the provider's rules do not name.
    pub fn at_login(&self, raw: &str) -> Result<Self, ForbiddenHost> {
        if raw.len() > LONGEST_ORIGIN {
            return Err(ForbiddenHost { host: shown(raw) });
        }
        if self.login == Login::Only {
            return Ok(self.clone());
        }
        let bare = raw.strip_suffix('/').unwrap_or(raw);
        // The usual place, whose tokens may be given at another host than people sign in at.
        if bare == self.authorize.origin().ascii_serialization() {
            return Ok(self.clone());
        }
        if !is_one_of(bare, self.manifest.login_hosts) {
            return Err(ForbiddenHost { host: shown(raw) });
        }
        let origin = Url::parse(bare).map_err(|_| ForbiddenHost { host: shown(raw) })?;
        let mut moved = self.clone();
        moved.move_login(&origin);
        Ok(moved)
    }

    /// Those of the account whose API is at `base`: tokens are renewed where they were given.
    #[must_use]
    pub fn of_account(&self, base: &str) -> Self {
        let login = (self.manifest.login_of)(base);
        login.and_then(|login| self.at_login(&login).ok()).unwrap_or_else(|| self.clone())
    }

    /// The host of its own at which people of the account at `base` sign in, as `at_login` takes it;
    /// `None` where nobody has one.
    pub fn own_login(&self, base: &str) -> Option<String> {
        self.manifest.own_login.as_ref()?;
        let login = (self.manifest.login_of)(base)?;
        self.at_login(&login).is_ok().then_some(login)
    }

    pub(super) fn client_auth(&self) -> ClientAuth {
        self.manifest.client_auth
    }

    /// Points a provider at another server; the host rule then accepts exactly that one.
    ///
    /// Exists for development: the caller checks that it is allowed at all. Plain http goes to
    /// loopback only.
    pub fn overridden(
        manifest: &'static Manifest,
        oauth: Option<&Url>,
        api: Option<&Url>,
    ) -> Result<Self, ForbiddenHost> {
        let mut endpoints = Self::production(manifest);
        if let Some(base) = oauth {
            let base = origin(base)?;
            endpoints.move_login(&base);
            endpoints.login = Login::Only;
        }
        if let Some(base) = api {
            let base = ApiBase(origin(base)?);
            endpoints.rule = Rule::Only(base.as_str().to_owned());
            endpoints.default_api = base;
        }
        Ok(endpoints)
    }

    /// Judges a host that a provider (or our own row) names.
    pub fn api_base(&self, raw: &str) -> Result<ApiBase, ForbiddenHost> {
        let forbidden = || ForbiddenHost { host: shown(raw) };
        // One slash at the end is how URL libraries print an origin.
        let bare = raw.strip_suffix('/').unwrap_or(raw);
        let accepted = match &self.rule {
            Rule::Only(only) => bare == only,
            Rule::Hosts(hosts) => is_one_of(bare, hosts),
        };
        if !accepted {
            return Err(forbidden());
        }
        Url::parse(bare).map(ApiBase).map_err(|_| forbidden())
    }

    /// Whether a callback that names its issuer (RFC 9207) comes from this provider. No provider
    /// documents the parameter, so the only name it can have is where the consent page is.
    pub fn is_issuer(&self, issuer: &str) -> bool {
        let bare = issuer.strip_suffix('/').unwrap_or(issuer);
        bare == self.authorize.origin().ascii_serialization()
    }

    /// For a grant that names no host.
    pub fn default_api_base(&self) -> &ApiBase {
        &self.default_api
    }

    /// Whether plain http is needed, which only a stand-in on loopback may ask for.
    pub fn is_plain(&self) -> bool {
        [&self.token, &self.default_api.0].iter().any(|url| url.scheme() == "http")
    }
}

/// Whether an origin is `https://` and a host that one of the rules names.
fn is_one_of(origin: &str, rules: &[HostRule]) -> bool {
    origin.strip_prefix("https://").is_some_and(|host| {
        rules.iter().any(|rule| match rule {
            HostRule::Exactly(own) => host == *own,
            HostRule::Under(domain) => host
                .strip_suffix(domain)
                .and_then(|label| label.strip_suffix('.'))
                .is_some_and(is_label),
        })
    })
}

/// `[a-z0-9-]{1,63}`, and no hyphen at an end.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// The bare origin of an override, when secrets may travel there.
fn origin(url: &Url) -> Result<Url, ForbiddenHost> {
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none();
    let safe = match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(url),
        _ => false,
    };
    if bare && safe { Ok(url.clone()) } else { Err(ForbiddenHost { host: shown(url.as_str()) }) }
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Enough of a refused host to recognize it, without a user name, a path or a query.
fn shown(raw: &str) -> String {
    let host = Url::parse(raw).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "(unreadable)".to_owned()).chars().take(100).collect()
}

fn fixed(url: &'static str) -> Url {
    Url::parse(url).expect("a manifest's addresses are checked by the contract suite")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::connectors;

    fn real() -> Endpoints {
        Endpoints::production(connectors::all()[0].manifest())
    }

    fn suffix() -> &'static str {
        match connectors::all()[0].manifest().hosts[0] {
            HostRule::Under(domain) => domain,
            HostRule::Exactly(host) => panic!("{host} is no domain"),
        }
    }

    #[test]
    fn a_customers_own_host_is_accepted_and_survives_storing() {
        let raw = format!("https://acme-2.{}", suffix());
        let base = real().api_base(&raw).unwrap();
        assert_eq!(base.as_str(), raw);
        assert_eq!(real().api_base(base.as_str()).unwrap(), base);
        assert_eq!(
            base.at("/api/v2/things", &[("ids", "1,2")]).as_str(),
            format!("{raw}/api/v2/things?ids=1%2C2"),
        );
    }

    #[test]
    fn look_alikes_are_refused() {
        let domain = suffix();
        let raws = [
            "https://evil.example".to_owned(),
            format!("https://x.{domain}.evil.example"),
            format!("https://evil{domain}"),
            format!("https://{domain}"),
            format!("https://.{domain}"),
            format!("https://a.b.{domain}"),
            format!("https://user@acme.{domain}"),
            format!("https://acme.{domain}@evil.example"),
            format!("https://evil.example#.{domain}"),
            format!("https://evil.example/.{domain}"),
            format!("https://evil.example?.{domain}"),
            format!("https://evil.example\\.{domain}"),
            format!("https://acme.{domain}:443"),
            format!("https://acme.{domain}:8443"),
            format!("https://acme.{domain}/api"),
            format!("https://acme.{domain}//"),
            format!("https://acme.{domain}?x"),
            format!("https://acme.{domain}."),
            format!("http://acme.{domain}"),
            format!("HTTPS://acme.{domain}"),
            format!("https://ACME.{domain}"),
            format!("https://-acme.{domain}"),
            format!("https://acme-.{domain}"),
            format!("https://аcme.{domain}"),
            format!("https://ac%6de.{domain}"),
            format!(" https://acme.{domain}"),
            format!("https://acme.{domain}\n"),
            format!("https://{}.{domain}", "a".repeat(64)),
            "https://169.254.169.254".to_owned(),
            String::new(),
        ];
        for raw in raws {
            assert!(real().api_base(&raw).is_err(), "{raw:?} was accepted");
        }
    }

    #[test]
    fn the_usual_login_host_moves_nothing_and_a_strange_one_is_refused() {
        for connector in connectors::all() {
            let real = Endpoints::production(connector.manifest());
            let usual = real.authorize.origin().ascii_serialization();
            let same = real.at_login(&usual).unwrap();
            assert_eq!((&same.authorize, &same.token), (&real.authorize, &real.token));
            assert_eq!(same.revoke, real.revoke);
            for strange in
                ["https://evil.example", "http://127.0.0.1", "", &format!("{usual}.evil")]
            {
                assert!(real.at_login(strange).is_err(), "{strange:?}");
            }
            let here = Url::parse("http://127.0.0.1:4100").unwrap();
            let only = Endpoints::overridden(connector.manifest(), Some(&here), Some(&here));
            assert!(only.unwrap().at_login(&"ä".repeat(200)).is_err(), "no host is that long");
        }
    }

    #[test]
    fn an_override_accepts_exactly_itself() {
        let manifest = connectors::all()[0].manifest();
        let url = Url::parse("http://127.0.0.1:4100").unwrap();
        let endpoints = Endpoints::overridden(manifest, Some(&url), Some(&url)).unwrap();
        assert!(endpoints.is_plain());
        assert!(endpoints.token.as_str().starts_with("http://127.0.0.1:4100/oauth/"));
        assert!(endpoints.api_base("http://127.0.0.1:4100").is_ok());
        for raw in [
            "http://127.0.0.1:4101",
            "http://localhost:4100",
            "https://127.0.0.1:4100",
            "http://127.0.0.1:4100/x",
            &format!("https://acme.{}", suffix()),
        ] {
            assert!(endpoints.api_base(raw).is_err(), "{raw} was accepted");
        }
    }

    #[test]
    fn plain_http_overrides_go_to_loopback_only() {
        let manifest = connectors::all()[0].manifest();
        for raw in
            ["http://10.0.0.1:80", "http://example.com", "ftp://127.0.0.1", "http://u@127.0.0.1/"]
        {
            let url = Url::parse(raw).unwrap();
            assert!(Endpoints::overridden(manifest, None, Some(&url)).is_err(), "{raw}");
        }
        let tls = Url::parse("https://stand-in.example").unwrap();
        assert!(Endpoints::overridden(manifest, None, Some(&tls)).is_ok());
    }

    /// Anything, and what looks ever more like the real thing.
    fn raws() -> impl Strategy<Value = String> {
        let domain = suffix().replace('.', r"\.");
        let regex = |raw: &str| proptest::string::string_regex(raw).unwrap();
        prop_oneof![
            regex(".*"),
            regex(r"https://[a-z0-9.:@/?#\\%-]{0,40}"),
            regex(&format!(r"https?://[a-zA-Z0-9.:@/?#-]{{0,20}}{domain}[a-z.:/@0-9]{{0,12}}")),
            regex(&format!(r"https://[a-z.-]{{0,66}}\.{domain}/?")),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_one_label_before_the_providers_domain(raw in raws()) {
            if let Ok(base) = real().api_base(&raw) {
                let url = Url::parse(base.as_str()).unwrap();
                let host = url.host_str().unwrap();
                let label = host.strip_suffix(&format!(".{}", suffix())).unwrap();
                prop_assert!(!label.contains('.') && !label.is_empty() && label.len() <= 63);
                prop_assert_eq!(url.scheme(), "https");
                prop_assert_eq!(url.port(), None);
                prop_assert_eq!(url.username(), "");
                prop_assert_eq!(url.path(), "/");
                prop_assert_eq!(url.query(), None);
                prop_assert_eq!(base.as_str(), format!("https://{host}"));
            }
        }
    }
}
