//! Codes, tokens and installs: an app is installed once per portal, by whoever said yes.
//!
//! Refresh tokens carry a seal, so that connections survive a restart of the stand-in, which
//! remembers nothing. What was revoked before the restart works again after it.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use sha2::{Digest as _, Sha256};

use crate::sandbox::{SandboxConfig, hubspot::accounts::portal};

/// A code lives ten minutes.
const CODE_LIFE: Duration = Duration::from_mins(10);
/// An access token lives half an hour, unless the configuration wants it shorter.
const ACCESS_LIFE: u32 = 1_800;

/// What the registered app may ask for.
pub(crate) const SCOPES: &[&str] = &[
    "oauth",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.companies.read",
    "crm.objects.companies.write",
    "crm.objects.deals.read",
    "crm.objects.deals.write",
    "crm.objects.owners.read",
    "crm.schemas.contacts.read",
    "crm.schemas.contacts.write",
    "crm.schemas.companies.read",
    "crm.schemas.deals.read",
];
/// The conformance tests drive everything, the deals included.
const CONFORMANCE: (&str, &str) = ("conformance-client", "conformance-secret");

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: Option<String>,
}

/// One app at one portal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) app: String,
    pub(crate) portal: u64,
}

#[derive(Debug)]
struct Install {
    /// Tells an install from an earlier one of the same portal.
    serial: u64,
    user: u64,
    scopes: Vec<String>,
}

#[derive(Debug)]
struct Code {
    key: Key,
    user: u64,
    scopes: Vec<String>,
    redirect_uri: Option<String>,
    until: Instant,
}

#[derive(Debug)]
struct Access {
    key: Key,
    serial: u64,
    until: Instant,
}

#[derive(Debug)]
pub(crate) struct Grants {
    apps: Vec<App>,
    codes: HashMap<String, Code>,
    installs: HashMap<Key, Install>,
    access: HashMap<String, Access>,
    /// Refresh tokens that were revoked, replaced, or ended with their install.
    ended: HashSet<String>,
    /// Refresh tokens given out, by whose they are.
    given: Vec<(Key, String)>,
    serial: u64,
    seal: Vec<u8>,
    pub(crate) expires_in: u32,
    /// Answers a new refresh token each time. Not what the CRM does, but what it may do one day.
    pub(crate) rotate: bool,
}

/// Whom a request acts for.
#[derive(Debug)]
pub(crate) struct Bearer {
    pub(crate) app: String,
    pub(crate) portal: u64,
    pub(crate) user: u64,
    pub(crate) scopes: Vec<String>,
    pub(crate) left: Duration,
}

#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_in: u32,
    pub(crate) portal: u64,
    pub(crate) user: u64,
    pub(crate) scopes: Vec<String>,
}

/// Why a token request is refused: `error`, `status` and the words.
pub(crate) type Invalid = (&'static str, &'static str, &'static str);

const BAD_CODE: Invalid = ("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code");
const BAD_REDIRECT: Invalid = (
    "invalid_grant",
    "MISMATCH_REDIRECT_URI_AUTH_CODE",
    "redirect uri does not match initial auth code request uri",
);
const BAD_REFRESH: Invalid =
    ("invalid_grant", "BAD_REFRESH_TOKEN", "refresh token is invalid, expired or revoked");

impl Grants {
    /// `life` counts resets: what was given out before one is void after it.
    pub(crate) fn new(config: &SandboxConfig, life: u64) -> Self {
        let own = |scopes: &[&str]| scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let (id, secret) = CONFORMANCE;
        Self {
            apps: vec![
                App {
                    id: config.client_id.clone(),
                    secret: config.client_secret.clone(),
                    scopes: own(SCOPES),
                    redirect_uri: config.redirect_uri.clone(),
                },
                App {
                    id: id.into(),
                    secret: secret.into(),
                    scopes: own(SCOPES),
                    redirect_uri: None,
                },
            ],
            codes: HashMap::new(),
            installs: HashMap::new(),
            access: HashMap::new(),
            ended: HashSet::new(),
            given: vec![],
            serial: 0,
            seal: format!("{}:{}:{life}", config.client_secret, config.seed).into_bytes(),
            expires_in: config.expires_in.min(ACCESS_LIFE),
            rotate: false,
        }
    }

    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    /// The app's scopes, at once.
    pub(crate) fn set_scopes(&mut self, scopes: &str) {
        let scopes: Vec<String> =
            scopes.split([',', ' ']).filter(|one| !one.is_empty()).map(Into::into).collect();
        self.apps[0].scopes.clone_from(&scopes);
        let app = self.apps[0].id.clone();
        for (key, install) in &mut self.installs {
            if key.app == app {
                install.scopes.clone_from(&scopes);
            }
        }
    }

    /// A code for a user who said yes; without a `redirect_uri` any will do at the exchange.
    pub(crate) fn issue_code(
        &mut self,
        key: Key,
        user: u64,
        scopes: Vec<String>,
        redirect_uri: Option<String>,
    ) -> String {
        let code = uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string();
        let until = Instant::now() + CODE_LIFE;
        self.codes.insert(code.clone(), Code { key, user, scopes, redirect_uri, until });
        code
    }

    /// A code is used once, whether the rest fits or not.
    pub(crate) fn exchange(
        &mut self,
        app: &str,
        code: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, Invalid> {
        let code = self.codes.remove(code).filter(|code| code.key.app == app).ok_or(BAD_CODE)?;
        if code.until <= Instant::now() {
            return Err(BAD_CODE);
        }
        if code.redirect_uri.is_some_and(|registered| registered != redirect_uri) {
            return Err(BAD_REDIRECT);
        }
        self.install(&code.key, code.user, code.scopes);
        let refresh = self.refresh_token(&code.key, code.user);
        self.tokens(&code.key, refresh).ok_or(BAD_CODE)
    }

    fn install(&mut self, key: &Key, user: u64, scopes: Vec<String>) {
        self.serial += 1;
        let serial = self.installs.get(key).map_or(self.serial, |install| install.serial);
        self.installs.insert(key.clone(), Install { serial, user, scopes });
    }

    pub(crate) fn refresh(&mut self, app: &str, token: &str) -> Result<Tokens, Invalid> {
        let (key, user) = self.sealed(app, token).ok_or(BAD_REFRESH)?;
        if self.ended.contains(token) {
            return Err(BAD_REFRESH);
        }
        if !self.installs.contains_key(&key) {
            // Given out before a restart.
            let scopes = self.app(app).map(|app| app.scopes.clone()).unwrap_or_default();
            self.install(&key, user, scopes);
            self.given.push((key.clone(), token.to_owned()));
        }
        let answered = if self.rotate {
            self.ended.insert(token.to_owned());
            self.refresh_token(&key, user)
        } else {
            token.to_owned()
        };
        self.tokens(&key, answered).ok_or(BAD_REFRESH)
    }

    fn tokens(&mut self, key: &Key, refresh_token: String) -> Option<Tokens> {
        let install = self.installs.get(key)?;
        let now = Instant::now();
        // What expired is remembered for a while: it is refused in other words than nonsense.
        self.access.retain(|_, access| access.until + CODE_LIFE > now);
        let bytes: [[u8; 32]; 5] = rand::random();
        // Longer than 255 characters, as promised.
        let access_token = format!("CL{}", hex::encode(bytes.concat()));
        let until = now + Duration::from_secs(self.expires_in.into());
        let access = Access { key: key.clone(), serial: install.serial, until };
        self.access.insert(access_token.clone(), access);
        Some(Tokens {
            access_token,
            refresh_token,
            expires_in: self.expires_in,
            portal: key.portal,
            user: install.user,
            scopes: install.scopes.clone(),
        })
    }

    /// Looks like a UUID after two numbers: half chance, half seal.
    fn refresh_token(&mut self, key: &Key, user: u64) -> String {
        let chance: [u8; 8] = rand::random();
        let chance = hex::encode(chance);
        let token = format!("{}-{user}-{chance}{}", key.portal, self.seal_of(key, user, &chance));
        self.given.push((key.clone(), token.clone()));
        token
    }

    fn seal_of(&self, key: &Key, user: u64, chance: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.seal);
        hash.update(format!("\n{}\n{}\n{user}\n{chance}", key.app, key.portal));
        hex::encode(&hash.finalize()[..8])
    }

    /// Whose a refresh token is, if it is one of ours.
    fn sealed(&self, app: &str, token: &str) -> Option<(Key, u64)> {
        let mut parts = token.splitn(3, '-');
        let (number, user) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (chance, seal) = parts.next()?.split_at_checked(16)?;
        let key = Key { app: app.to_owned(), portal: portal(number)?.id };
        (self.seal_of(&key, user, chance) == seal).then_some((key, user))
    }

    /// `Err(true)` when it was good once.
    pub(crate) fn bearer(&self, token: &str) -> Result<Bearer, bool> {
        let access = self.access.get(token).ok_or(false)?;
        let install = self.installs.get(&access.key).ok_or(false)?;
        if install.serial != access.serial {
            return Err(false);
        }
        let left = access.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(true);
        }
        Ok(Bearer {
            app: access.key.app.clone(),
            portal: access.key.portal,
            user: install.user,
            scopes: install.scopes.clone(),
            left,
        })
    }

    /// Only the refresh token dies; access tokens live out their time and the app stays installed.
    pub(crate) fn revoke(&mut self, app: &str, token: &str) {
        if self.sealed(app, token).is_some() {
            self.ended.insert(token.to_owned());
        }
    }

    /// Whether a refresh token would work, and for whom.
    pub(crate) fn is_alive(&self, app: &str, token: &str) -> Option<(u64, u64)> {
        let (key, user) = self.sealed(app, token)?;
        (!self.ended.contains(token)).then_some((key.portal, user))
    }

    /// The portal takes the app out.
    pub(crate) fn uninstall(&mut self, bearer: &Bearer) {
        self.end(&Key { app: bearer.app.clone(), portal: bearer.portal });
    }

    fn end(&mut self, key: &Key) {
        self.installs.remove(key);
        let of = self.given.iter().filter(|(known, _)| known == key);
        let tokens: Vec<String> = of.map(|(_, token)| token.clone()).collect();
        self.ended.extend(tokens);
    }

    /// Every access token is expired now; refresh tokens live.
    pub(crate) fn expire_all(&mut self) -> usize {
        let now = Instant::now();
        for access in self.access.values_mut() {
            access.until = access.until.min(now);
        }
        self.access.len()
    }

    /// Every install ends, or those of one portal.
    pub(crate) fn revoke_all(&mut self, portal: Option<u64>) -> usize {
        let keys: Vec<Key> = self.installs.keys().cloned().collect();
        let wanted: Vec<&Key> =
            keys.iter().filter(|key| portal.is_none_or(|portal| key.portal == portal)).collect();
        for key in &wanted {
            self.end(key);
        }
        wanted.len()
    }
}
