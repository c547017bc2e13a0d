//! Codes and tokens, and the quotas on them.
//!
//! - A code lives two minutes and works once; ten codes in ten minutes per app.
//! - A refresh token lives until it is revoked and never changes; twenty per user and app, the twenty-first
//!   ends the oldest.
//! - Ten access tokens in ten minutes per refresh token, then none for a while; fifteen alive at once, the
//!   sixteenth ends the oldest.
//!
//! Refresh tokens carry a seal, so that connections survive a restart of the stand-in, which remembers
//! nothing. What was revoked before the restart works again after it.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::super::super::SandboxConfig;

const CODE_LIFE: Duration = Duration::from_mins(2);
const QUOTA_WINDOW: Duration = Duration::from_mins(10);
const LIVE_TOKENS: usize = 15;
const REFRESH_TOKENS: usize = 20;
/// The conformance tests bring an app of their own.
const CONFORMANCE: (&str, &str) = ("conformance-client", "conformance-secret");

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) id: String,
    secret: String,
    pub(crate) redirect_uri: Option<String>,
}

/// Who let which app in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Install {
    pub(crate) app: String,
    pub(crate) org: u64,
    pub(crate) user: u64,
}

#[derive(Debug)]
struct Code {
    install: Install,
    scopes: Vec<String>,
    redirect_uri: Option<String>,
    until: Instant,
    offline: bool,
}

#[derive(Debug)]
struct Refresh {
    install: Install,
    scopes: Vec<String>,
    /// When access tokens were given for it.
    given: VecDeque<Instant>,
    born: u64,
}

#[derive(Debug)]
struct Access {
    token: String,
    refresh: String,
    until: Instant,
}

#[derive(Debug)]
pub(crate) struct Grants {
    apps: Vec<App>,
    codes: HashMap<String, Code>,
    codes_given: HashMap<String, VecDeque<Instant>>,
    refresh: HashMap<String, Refresh>,
    access: Vec<Access>,
    ended: HashSet<String>,
    births: u64,
    seal: Vec<u8>,
    pub(crate) expires_in: u32,
    /// Access tokens per refresh token in ten minutes, and codes per app.
    pub(crate) quota: usize,
    pub(crate) code_quota: usize,
    /// What every grant has instead of what it asked for.
    only: Option<Vec<String>>,
}

/// Whose token a request carries.
#[derive(Debug)]
pub(crate) struct Bearer {
    pub(crate) install: Install,
    scopes: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    /// Only for a code that asked for one.
    pub(crate) refresh_token: Option<String>,
    pub(crate) expires_in: u32,
    pub(crate) scope: String,
}

/// Why a token request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalid {
    Code,
    RedirectUri,
    Quota,
}

impl Bearer {
    /// Whether it may do something in an area: by the area's own right, by all rights of it, or by
    /// those of the areas around it.
    pub(crate) fn may(&self, area: &str, right: &str) -> bool {
        let writes = matches!(right, "CREATE" | "UPDATE" | "DELETE");
        let mut around = Some(area);
        while let Some(area) = around {
            let has = |right: &str| {
                self.scopes.iter().any(|scope| {
                    scope.eq_ignore_ascii_case(&format!("ZohoCRM.{area}.{right}"))
                        || (area == "search"
                            && scope
                                .eq_ignore_ascii_case(&format!("ZohoSearch.securesearch.{right}")))
                })
            };
            if has(right) || has("ALL") || (writes && has("WRITE")) {
                return true;
            }
            around = area.rsplit_once('.').map(|(around, _)| around);
        }
        false
    }
}

impl Grants {
    /// `life` counts resets: what was given out before one is void after it.
    pub(crate) fn new(config: &SandboxConfig, life: u64) -> Self {
        let app = |id: &str, secret: &str, redirect_uri: Option<String>| App {
            id: id.to_owned(),
            secret: secret.to_owned(),
            redirect_uri,
        };
        Self {
            apps: vec![
                app(&config.client_id, &config.client_secret, config.redirect_uri.clone()),
                app(CONFORMANCE.0, CONFORMANCE.1, None),
            ],
            codes: HashMap::new(),
            codes_given: HashMap::new(),
            refresh: HashMap::new(),
            access: vec![],
            ended: HashSet::new(),
            births: 0,
            seal: format!("{}:{}:{life}", config.client_secret, config.seed).into_bytes(),
            expires_in: config.expires_in,
            quota: 10,
            code_quota: 10,
            only: None,
        }
    }

    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(crate) fn is_app(&self, id: &str, secret: &str) -> Option<bool> {
        self.app(id).map(|app| app.secret == secret)
    }

    /// A code for a user who said yes; without a `redirect_uri` any will do at the exchange.
    pub(crate) fn issue_code(
        &mut self,
        install: Install,
        scopes: Vec<String>,
        redirect_uri: Option<String>,
        offline: bool,
    ) -> Option<String> {
        let given = self.codes_given.entry(install.app.clone()).or_default();
        given.retain(|at| at.elapsed() < QUOTA_WINDOW);
        if given.len() >= self.code_quota {
            return None;
        }
        given.push_back(Instant::now());
        let code = token();
        let until = Instant::now() + CODE_LIFE;
        self.codes.insert(code.clone(), Code { install, scopes, redirect_uri, until, offline });
        Some(code)
    }

    /// A code is used once, whether the rest fits or not.
    pub(crate) fn exchange(
        &mut self,
        app: &str,
        code: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, Invalid> {
        let code = self.codes.remove(code).filter(|code| code.install.app == app);
        let code = code.filter(|code| code.until > Instant::now()).ok_or(Invalid::Code)?;
        if code.redirect_uri.as_ref().is_some_and(|registered| registered != redirect_uri) {
            return Err(Invalid::RedirectUri);
        }
        let scopes = self.only.clone().unwrap_or(code.scopes);
        let refresh = self.refresh_token(&code.install, &scopes);
        self.add(refresh.clone(), code.install, scopes);
        let access = self.access_token(&refresh)?;
        Ok(Tokens { refresh_token: code.offline.then_some(refresh), ..access })
    }

    fn add(&mut self, token: String, install: Install, scopes: Vec<String>) {
        self.births += 1;
        let same = |refresh: &Refresh| refresh.install == install;
        if self.refresh.values().filter(|one| same(one)).count() >= REFRESH_TOKENS {
            let oldest = self.refresh.iter().filter(|(_, one)| same(one));
            if let Some((token, _)) = oldest.min_by_key(|(_, one)| one.born) {
                let token = token.clone();
                self.end(&token);
            }
        }
        let born = self.births;
        self.refresh.insert(token, Refresh { install, scopes, given: VecDeque::new(), born });
    }

    pub(crate) fn refresh(&mut self, app: &str, token: &str) -> Result<Tokens, Invalid> {
        if self.ended.contains(token) {
            return Err(Invalid::Code);
        }
        if !self.refresh.contains_key(token) {
            // Given out before a restart, with a seal of ours.
            let (install, scopes) = self.sealed(app, token).ok_or(Invalid::Code)?;
            self.add(token.to_owned(), install, scopes);
        }
        if self.refresh.get(token).is_none_or(|refresh| refresh.install.app != app) {
            return Err(Invalid::Code);
        }
        self.access_token(token)
    }

    fn access_token(&mut self, refresh: &str) -> Result<Tokens, Invalid> {
        let known = self.refresh.get_mut(refresh).ok_or(Invalid::Code)?;
        known.given.retain(|at| at.elapsed() < QUOTA_WINDOW);
        if known.given.len() >= self.quota {
            return Err(Invalid::Quota);
        }
        known.given.push_back(Instant::now());
        let scope = known.scopes.join(",");
        let now = Instant::now();
        self.access.retain(|access| access.until > now);
        let live = self.access.iter().filter(|access| access.refresh == refresh).count();
        if live >= LIVE_TOKENS
            && let Some(oldest) = self.access.iter().position(|access| access.refresh == refresh)
        {
            self.access.remove(oldest);
        }
        let access_token = token();
        self.access.push(Access {
            token: access_token.clone(),
            refresh: refresh.to_owned(),
            until: now + Duration::from_secs(self.expires_in.into()),
        });
        Ok(Tokens { access_token, refresh_token: None, expires_in: self.expires_in, scope })
    }

    pub(crate) fn bearer(&self, token: &str) -> Option<Bearer> {
        let now = Instant::now();
        let access =
            self.access.iter().find(|access| access.token == token && access.until > now)?;
        let refresh = self.refresh.get(&access.refresh)?;
        Some(Bearer { install: refresh.install.clone(), scopes: refresh.scopes.clone() })
    }

    /// A refresh token or one of its access tokens; either ends the refresh token with all of them.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        let of = self.access.iter().find(|access| access.token == token);
        let refresh = of.map_or_else(|| token.to_owned(), |access| access.refresh.clone());
        let known = self.refresh.contains_key(&refresh);
        self.end(&refresh);
        known
    }

    fn end(&mut self, refresh: &str) {
        self.refresh.remove(refresh);
        self.access.retain(|access| access.refresh != refresh);
        self.ended.insert(refresh.to_owned());
    }

    /// Every access token dies now; refresh tokens live.
    pub(crate) fn expire_all(&mut self) -> usize {
        std::mem::take(&mut self.access).len()
    }

    /// Every refresh token ends, or those of one organization.
    pub(crate) fn revoke_all(&mut self, org: Option<u64>) -> usize {
        let hit =
            self.refresh.iter().filter(|(_, one)| org.is_none_or(|org| one.install.org == org));
        let tokens: Vec<String> = hit.map(|(token, _)| token.clone()).collect();
        for token in &tokens {
            self.end(token);
        }
        tokens.len()
    }

    /// What all grants have, from now on and for the tokens that exist.
    pub(crate) fn set_scopes(&mut self, scopes: &str) {
        let scopes = split(scopes);
        for refresh in self.refresh.values_mut() {
            refresh.scopes.clone_from(&scopes);
        }
        self.only = Some(scopes);
    }

    /// `1000.` and two parts: what is sealed, and the seal with some chance.
    fn refresh_token(&self, install: &Install, scopes: &[String]) -> String {
        let chance: [u8; 10] = rand::random();
        let chance = hex::encode(chance);
        let sealed =
            hex::encode(format!("{}\n{}\n{}", install.org, install.user, scopes.join(",")));
        let seal = self.seal_of(&install.app, &sealed, &chance);
        format!("1000.{sealed}.{chance}{seal}")
    }

    fn seal_of(&self, app: &str, sealed: &str, chance: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.seal);
        hash.update(format!("\n{app}\n{sealed}\n{chance}"));
        hex::encode(&hash.finalize()[..10])
    }

    fn sealed(&self, app: &str, token: &str) -> Option<(Install, Vec<String>)> {
        let (sealed, rest) = token.strip_prefix("1000.")?.split_once('.')?;
        let (chance, seal) = rest.split_at_checked(20)?;
        if self.seal_of(app, sealed, chance) != seal {
            return None;
        }
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
        let mut lines = text.split('\n');
        let (org, user) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
        Some((Install { app: app.to_owned(), org, user }, split(lines.next()?)))
    }
}

pub(crate) fn split(scopes: &str) -> Vec<String> {
    let names = scopes.split([',', ' ']).map(str::trim).filter(|scope| !scope.is_empty());
    names.map(ToOwned::to_owned).collect()
}

/// `1000.` and two parts of 32 hexadecimal digits.
fn token() -> String {
    let (one, other): ([u8; 16], [u8; 16]) = (rand::random(), rand::random());
    format!("1000.{}.{}", hex::encode(one), hex::encode(other))
}
