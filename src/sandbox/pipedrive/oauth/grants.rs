//! Codes, tokens and installs: who may act for which user of which company.
//!
//! An install is one app at one user of one company. Revoking its refresh token ends it and
//! every token of it, as the vendor documents; authorizing again begins a new one.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use serde::{Deserialize, Serialize};

use crate::sandbox::SandboxConfig;

use super::kept;

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

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct InstallKey {
    pub(crate) app: String,
    pub(crate) company: u64,
    pub(crate) user: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Install {
    /// Tells an install from an earlier one of the same user.
    serial: u64,
    scopes: Vec<String>,
    refresh_token: String,
    refreshed: SystemTime,
    /// Refresh tokens that rotation has replaced.
    replaced: HashSet<String>,
}

#[derive(Debug)]
struct Code {
    key: InstallKey,
    redirect_uri: Option<String>,
    until: Instant,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Access {
    key: InstallKey,
    serial: u64,
    until: SystemTime,
}

#[derive(Debug)]
pub(crate) struct Grants {
    pub(crate) apps: Vec<App>,
    codes: HashMap<String, Code>,
    pub(super) installs: HashMap<InstallKey, Install>,
    pub(super) access: HashMap<String, Access>,
    pub(super) serial: u64,
    /// Where tokens outlive the process.
    pub(super) file: Option<PathBuf>,
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
    pub(crate) fn new(config: &SandboxConfig) -> Self {
        let split = |scopes: &str| {
            scopes
                .split([',', ' '])
                .filter(|scope| !scope.is_empty())
                .map(ToOwned::to_owned)
                .collect()
        };
        let (id, secret, scopes) = CONFORMANCE;
        let mut grants = Self {
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
            serial: 0,
            file: config.state_file.clone(),
            expires_in: config.expires_in,
            rotate: false,
        };
        kept::read(&mut grants);
        grants
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
        let scopes = self.app(app).map(|app| app.scopes.clone()).unwrap_or_default();
        self.serial += 1;
        let install = Install {
            serial: self.serial,
            scopes,
            refresh_token: refresh_token(&code.key),
            refreshed: SystemTime::now(),
            replaced: HashSet::new(),
        };
        self.installs.insert(code.key.clone(), install);
        self.tokens(&code.key).ok_or(Invalid::Code)
    }

    pub(crate) fn refresh(&mut self, app: &str, token: &str) -> Result<Tokens, Invalid> {
        let found = self.installs.iter().find(|(key, install)| {
            key.app == app && (install.refresh_token == token || install.replaced.contains(token))
        });
        let (key, install) = found.ok_or(Invalid::RefreshToken)?;
        let key = key.clone();
        let is_old = install.refreshed.elapsed().is_ok_and(|age| age > REFRESH_LIFE);
        if install.refresh_token != token || is_old {
            // Somebody used a token twice: with rotation that ends the family.
            self.installs.remove(&key);
            kept::write(self);
            return Err(Invalid::RefreshToken);
        }
        let rotate = self.rotate;
        if let Some(install) = self.installs.get_mut(&key) {
            install.refreshed = SystemTime::now();
            if rotate {
                let old = std::mem::replace(&mut install.refresh_token, refresh_token(&key));
                install.replaced.insert(old);
            }
        }
        self.tokens(&key).ok_or(Invalid::RefreshToken)
    }

    fn tokens(&mut self, key: &InstallKey) -> Option<Tokens> {
        let install = self.installs.get(key)?;
        let now = SystemTime::now();
        self.access.retain(|_, access| access.until > now);
        let access_token = access_token();
        let until = now + Duration::from_secs(self.expires_in.into());
        let access = Access { key: key.clone(), serial: install.serial, until };
        self.access.insert(access_token.clone(), access);
        let tokens = Tokens {
            access_token,
            refresh_token: install.refresh_token.clone(),
            expires_in: self.expires_in,
            scope: install.scopes.join(","),
        };
        kept::write(self);
        Some(tokens)
    }

    pub(crate) fn bearer(&self, token: &str) -> Option<Bearer> {
        let access = self.access.get(token).filter(|access| access.until > SystemTime::now())?;
        let install = self.installs.get(&access.key)?;
        (install.serial == access.serial)
            .then(|| Bearer { install: access.key.clone(), scopes: install.scopes.clone() })
    }

    /// RFC 7009: a refresh token takes its install along, an access token only itself.
    pub(crate) fn revoke(&mut self, app: &str, token: &str) {
        self.access.retain(|known, access| known != token || access.key.app != app);
        self.installs.retain(|key, install| key.app != app || install.refresh_token != token);
        kept::write(self);
    }

    /// Every access token dies now; refresh tokens live.
    pub(crate) fn expire_all(&mut self) -> usize {
        let expired = std::mem::take(&mut self.access).len();
        kept::write(self);
        expired
    }

    /// Every install ends, or those of one company.
    pub(crate) fn revoke_all(&mut self, company: Option<u64>) -> usize {
        let before = self.installs.len();
        self.installs.retain(|key, _| company.is_some_and(|company| key.company != company));
        kept::write(self);
        before - self.installs.len()
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
        kept::write(self);
    }
}

/// Opaque, several hundred characters; never parse one.
fn access_token() -> String {
    let bytes: [u64; 36] = std::array::from_fn(|_| rand::random());
    let bytes: Vec<u8> = bytes.iter().flat_map(|word| word.to_be_bytes()).collect();
    format!("v1u:{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn refresh_token(key: &InstallKey) -> String {
    format!("{}:{}:{}", key.company, key.user, random_hex())
}

/// Forty hexadecimal digits.
fn random_hex() -> String {
    let bytes: [u8; 20] = rand::random();
    hex::encode(bytes)
}
