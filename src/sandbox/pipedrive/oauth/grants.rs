//! Codes, tokens and installs: who may act for which user of which company.
//!
//! An install is one app at one user of one company. Revoking a refresh token ends it and
//! every token of it, as the vendor documents; authorizing again adds a token to it.
//!
//! Refresh tokens carry a seal, so that connections survive a restart of the stand-in, which
//! remembers nothing. What was revoked before the restart works again after it.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::sandbox::SandboxConfig;

/// A code lives five minutes.
const CODE_LIFE: Duration = Duration::from_mins(5);
/// A refresh token lives sixty days from its last use.
const REFRESH_LIFE: Duration = Duration::from_hours(60 * 24);
/// The conformance tests drive everything, the deals included.
const CONFORMANCE: (&str, &str, &str) = (
    "conformance-client",
    "conformance-secret",
    "base,contacts:full,deals:full,activities:full,users:read,webhooks:full,contact-fields:full,\
     deal-fields:full,search:read",
);

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct InstallKey {
    pub(crate) app: String,
    pub(crate) company: u64,
    pub(crate) user: u64,
}

#[derive(Debug)]
struct Install {
    /// Tells an install from an earlier one of the same user.
    serial: u64,
    scopes: Vec<String>,
    /// Refresh tokens, and when each was last used.
    refresh: HashMap<String, Instant>,
    /// Refresh tokens that rotation has replaced.
    replaced: HashSet<String>,
}

#[derive(Debug)]
struct Code {
    key: InstallKey,
    redirect_uri: Option<String>,
    until: Instant,
}

#[derive(Debug)]
struct Access {
    key: InstallKey,
    serial: u64,
    until: Instant,
}

#[derive(Debug)]
pub(crate) struct Grants {
    pub(crate) apps: Vec<App>,
    codes: HashMap<String, Code>,
    installs: HashMap<InstallKey, Install>,
    access: HashMap<String, Access>,
    /// Refresh tokens that ended with their install.
    ended: HashSet<String>,
    serial: u64,
    /// Sealed into refresh tokens; those of another secret, seed or life before a reset fail.
    seal: Vec<u8>,
    pub(crate) expires_in: u32,
    /// Answers a new refresh token each time, and ends the install when an old one is used.
    pub(crate) rotate: bool,
}

/// Whose token a request carries.
#[derive(Debug)]
pub(crate) struct Bearer {
    pub(crate) install: InstallKey,
    pub(crate) scopes: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_in: u32,
    pub(crate) scope: String,
}

/// Why a token request is refused, in the vendor's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Invalid {
    Code,
    ExpiredCode,
    RedirectUri,
    RefreshToken,
}

impl Grants {
    /// `life` counts resets: what was given out before one is void after it.
    pub(crate) fn new(config: &SandboxConfig, life: u64) -> Self {
        let split = |scopes: &str| {
            scopes
                .split([',', ' '])
                .filter(|scope| !scope.is_empty())
                .map(ToOwned::to_owned)
                .collect()
        };
        let (id, secret, scopes) = CONFORMANCE;
        Self {
            apps: vec![
                App {
                    id: config.client_id.clone(),
                    secret: config.client_secret.clone(),
                    scopes: split(&config.scopes),
                    redirect_uri: config.redirect_uri.clone(),
                },
                App {
                    id: id.into(),
                    secret: secret.into(),
                    scopes: split(scopes),
                    redirect_uri: None,
                },
            ],
            codes: HashMap::new(),
            installs: HashMap::new(),
            access: HashMap::new(),
            ended: HashSet::new(),
            serial: 0,
            seal: format!("{}:{}:{life}", config.client_secret, config.seed).into_bytes(),
            expires_in: config.expires_in,
            rotate: false,
        }
    }

    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    /// A code for a user who said yes; without a `redirect_uri` any will do at the exchange.
    pub(crate) fn issue_code(&mut self, key: InstallKey, redirect_uri: Option<String>) -> String {
        let code = format!("{}.{}.{}", key.company, key.user, random_hex());
        let until = Instant::now() + CODE_LIFE;
        self.codes.insert(code.clone(), Code { key, redirect_uri, until });
        code
    }

    /// A code is used once, whether the rest fits or not.
    pub(crate) fn exchange(
        &mut self,
        app: &str,
        code: &str,
        redirect_uri: &str,
    ) -> Result<Tokens, Invalid> {
        let code =
            self.codes.remove(code).filter(|code| code.key.app == app).ok_or(Invalid::Code)?;
        if code.until <= Instant::now() {
            return Err(Invalid::ExpiredCode);
        }
        if code.redirect_uri.is_some_and(|registered| registered != redirect_uri) {
            return Err(Invalid::RedirectUri);
        }
        let token = self.refresh_token(&code.key);
        self.install(&code.key, token.clone());
        self.tokens(&code.key, token).ok_or(Invalid::Code)
    }

    /// Adds a refresh token to an install, which begins with it if there is none.
    fn install(&mut self, key: &InstallKey, token: String) {
        let scopes = self.app(&key.app).map(|app| app.scopes.clone()).unwrap_or_default();
        self.serial += 1;
        let install = self.installs.entry(key.clone()).or_insert(Install {
            serial: self.serial,
            scopes: vec![],
            refresh: HashMap::new(),
            replaced: HashSet::new(),
        });
        install.scopes = scopes;
        install.refresh.insert(token, Instant::now());
    }

    pub(crate) fn refresh(&mut self, app: &str, token: &str) -> Result<Tokens, Invalid> {
        let key = self.sealed(app, token).ok_or(Invalid::RefreshToken)?;
        if self.ended.contains(token) {
            return Err(Invalid::RefreshToken);
        }
        let known = self.installs.get(&key).map(|install| {
            let spent = install.replaced.contains(token)
                || install.refresh.get(token).is_some_and(|used| used.elapsed() > REFRESH_LIFE);
            (install.refresh.contains_key(token), spent)
        });
        match known {
            Some((_, true)) => {
                // Somebody used a token twice: with rotation that ends the family.
                self.end(&key);
                return Err(Invalid::RefreshToken);
            }
            Some((true, false)) => {}
            // Given out before a restart.
            Some((false, false)) | None => self.install(&key, token.to_owned()),
        }
        let answered = if self.rotate { self.refresh_token(&key) } else { token.to_owned() };
        if let Some(install) = self.installs.get_mut(&key) {
            if self.rotate {
                install.refresh.remove(token);
                install.replaced.insert(token.to_owned());
            }
            install.refresh.insert(answered.clone(), Instant::now());
        }
        self.tokens(&key, answered).ok_or(Invalid::RefreshToken)
    }

    /// The user takes the app out.
    pub(crate) fn uninstall(&mut self, key: &InstallKey) {
        self.end(key);
    }

    /// An install is over, and nothing of it comes back.
    fn end(&mut self, key: &InstallKey) {
        if let Some(install) = self.installs.remove(key) {
            self.ended.extend(install.refresh.into_keys());
            self.ended.extend(install.replaced);
        }
    }

    fn tokens(&mut self, key: &InstallKey, refresh_token: String) -> Option<Tokens> {
        let install = self.installs.get(key)?;
        let now = Instant::now();
        self.access.retain(|_, access| access.until > now);
        let access_token = access_token();
        let until = now + Duration::from_secs(self.expires_in.into());
        let access = Access { key: key.clone(), serial: install.serial, until };
        self.access.insert(access_token.clone(), access);
        Some(Tokens {
            access_token,
            refresh_token,
            expires_in: self.expires_in,
            scope: install.scopes.join(","),
        })
    }

    /// `company:user:` and forty hexadecimal digits: half chance, half seal.
    fn refresh_token(&self, key: &InstallKey) -> String {
        let chance: [u8; 10] = rand::random();
        let chance = hex::encode(chance);
        format!("{}:{}:{chance}{}", key.company, key.user, self.seal_of(key, &chance))
    }

    fn seal_of(&self, key: &InstallKey, chance: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.seal);
        hash.update(format!("\n{}\n{}\n{}\n{chance}", key.app, key.company, key.user));
        hex::encode(&hash.finalize()[..10])
    }

    /// Whose a refresh token is, if it is one of ours.
    fn sealed(&self, app: &str, token: &str) -> Option<InstallKey> {
        let mut parts = token.splitn(3, ':');
        let (company, user) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (chance, seal) = parts.next()?.split_at_checked(20)?;
        let key = InstallKey { app: app.to_owned(), company, user };
        (self.seal_of(&key, chance) == seal).then_some(key)
    }

    pub(crate) fn bearer(&self, token: &str) -> Option<Bearer> {
        let access = self.access.get(token).filter(|access| access.until > Instant::now())?;
        let install = self.installs.get(&access.key)?;
        (install.serial == access.serial)
            .then(|| Bearer { install: access.key.clone(), scopes: install.scopes.clone() })
    }

    /// RFC 7009: a refresh token takes its install along, an access token only itself.
    pub(crate) fn revoke(&mut self, app: &str, token: &str) {
        self.access.retain(|known, access| known != token || access.key.app != app);
        if let Some(key) = self.sealed(app, token) {
            self.end(&key);
            self.ended.insert(token.to_owned());
        }
    }

    /// Every access token dies now; refresh tokens live.
    pub(crate) fn expire_all(&mut self) -> usize {
        std::mem::take(&mut self.access).len()
    }

    /// Every install ends, or those of one company.
    pub(crate) fn revoke_all(&mut self, company: Option<u64>) -> usize {
        let keys: Vec<InstallKey> = self.installs.keys().cloned().collect();
        let hit = keys.iter().filter(|key| company.is_none_or(|company| key.company == company));
        hit.map(|key| self.end(key)).count()
    }

    /// The scopes of installs, from now on and for the tokens that exist.
    pub(crate) fn set_scopes(&mut self, scopes: &str) {
        let scopes: Vec<String> = scopes.split(',').map(|scope| scope.trim().to_owned()).collect();
        for install in self.installs.values_mut() {
            install.scopes.clone_from(&scopes);
        }
        if let Some(app) = self.apps.first_mut() {
            app.scopes = scopes;
        }
    }
}

/// Opaque, several hundred characters; never parse one.
fn access_token() -> String {
    let bytes: [u64; 36] = std::array::from_fn(|_| rand::random());
    let bytes: Vec<u8> = bytes.iter().flat_map(|word| word.to_be_bytes()).collect();
    format!("v1u:{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Forty hexadecimal digits.
fn random_hex() -> String {
    let bytes: [u8; 20] = rand::random();
    hex::encode(bytes)
}
