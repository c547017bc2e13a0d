//! Codes, tokens and approvals: who may act for which user of which org.
//!
//! An approval is one "allow" of a user for an app; a user has five of an app, and the sixth ends the
//! oldest. Each refresh brings a new refresh token, and the old one is dead at once: whoever shows it
//! again ends the approval, with its refresh token of today and every access token.
//!
//! Refresh tokens carry a seal, so that connections survive a restart of the stand-in, which
//! remembers nothing. What was replaced before the restart works again after it.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use crate::sandbox::SandboxConfig;

use super::super::records::orgs;

const CODE_LIFE: Duration = Duration::from_mins(15);
/// A refresh token lives so long from its last use.
const IDLE: Duration = Duration::from_hours(30 * 24);
const MOST_APPROVALS: usize = 5;
/// The scopes that the registered app may ask for.
const SCOPES: &str = "api refresh_token openid id";
const CONFORMANCE: (&str, &str) = ("conformance-client", "conformance-secret");

#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) redirect_uri: Option<String>,
}

/// Who allowed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) app: String,
    pub(crate) org: u64,
    pub(crate) user: u64,
}

#[derive(Debug)]
struct Approval {
    key: Key,
    scopes: Vec<String>,
    refresh: String,
    used: Instant,
    replaced: HashSet<String>,
    /// Access tokens, and when their session ends unless it is used before.
    access: HashMap<String, Instant>,
}

#[derive(Debug)]
struct Code {
    key: Key,
    scopes: Vec<String>,
    redirect_uri: Option<String>,
    challenge: Option<String>,
    until: Instant,
}

#[derive(Debug)]
pub(crate) struct Grants {
    pub(crate) apps: Vec<App>,
    /// What the app may ask for.
    pub(crate) scopes: Vec<String>,
    codes: HashMap<String, Code>,
    /// The oldest first.
    approvals: Vec<Approval>,
    /// Refresh tokens that ended with their approval.
    ended: HashSet<String>,
    seal: Vec<u8>,
    pub(crate) life: Duration,
    pub(crate) rotate: bool,
}

/// Whose token a request carries.
#[derive(Debug)]
pub(crate) struct Bearer {
    pub(crate) org: u64,
    pub(crate) user: u64,
    pub(crate) scopes: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    /// Absent without the scope for it.
    pub(crate) refresh: Option<String>,
    pub(crate) scope: String,
    pub(crate) key: Key,
}

/// The vendor's words for why there are no tokens.
pub(crate) type Invalid = (&'static str, &'static str);

impl Grants {
    /// `life` counts resets: what was given out before one is void after it.
    pub(crate) fn new(config: &SandboxConfig, life: u64) -> Self {
        let (id, secret) = CONFORMANCE;
        Self {
            apps: vec![
                App {
                    id: config.client_id.clone(),
                    secret: config.client_secret.clone(),
                    redirect_uri: config.redirect_uri.clone(),
                },
                App { id: id.into(), secret: secret.into(), redirect_uri: None },
            ],
            scopes: split(SCOPES),
            codes: HashMap::new(),
            approvals: vec![],
            ended: HashSet::new(),
            seal: format!("{}:{}:{life}", config.client_secret, config.seed).into_bytes(),
            life: Duration::from_secs(config.expires_in.into()),
            rotate: true,
        }
    }

    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    /// What is granted of what was asked for; everything when nothing was.
    pub(crate) fn granted(&self, asked: &str) -> Vec<String> {
        let asked = split(asked);
        let fits = |scope: &&String| asked.is_empty() || asked.contains(scope);
        self.scopes.iter().filter(fits).cloned().collect()
    }

    pub(crate) fn issue_code(
        &mut self,
        key: Key,
        scopes: Vec<String>,
        redirect_uri: Option<String>,
        challenge: Option<String>,
    ) -> String {
        let code = format!("aPrx{}==", URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>()));
        let until = Instant::now() + CODE_LIFE;
        self.codes.insert(code.clone(), Code { key, scopes, redirect_uri, challenge, until });
        code
    }

    /// A code is used once, whether the rest fits or not.
    pub(crate) fn exchange(
        &mut self,
        app: &str,
        code: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
    ) -> Result<Tokens, Invalid> {
        let code = self.codes.remove(code).filter(|code| code.key.app == app);
        let code = code.ok_or(("invalid_grant", "invalid authorization code"))?;
        if code.until <= Instant::now() {
            return Err(("invalid_grant", "expired authorization code"));
        }
        if code.redirect_uri.is_some_and(|registered| registered != redirect_uri) {
            return Err(("redirect_uri_mismatch", "redirect_uri must match configuration"));
        }
        if let Some(challenge) = code.challenge {
            let proof = Sha256::digest(verifier.unwrap_or_default().as_bytes());
            if URL_SAFE_NO_PAD.encode(proof) != challenge.trim_end_matches('=') {
                return Err(("invalid_grant", "invalid code verifier"));
            }
        }
        let refresh = self.refresh_token(&code.key);
        self.approve(code.key, code.scopes, refresh);
        Ok(self.tokens(self.approvals.len() - 1))
    }

    fn approve(&mut self, key: Key, scopes: Vec<String>, refresh: String) {
        let same = |approval: &Approval| approval.key == key;
        while self.approvals.iter().filter(|approval| same(approval)).count() >= MOST_APPROVALS {
            if let Some(oldest) = self.approvals.iter().position(same) {
                self.end(oldest);
            }
        }
        let used = Instant::now();
        let (replaced, access) = (HashSet::new(), HashMap::new());
        self.approvals.push(Approval { key, scopes, refresh, used, replaced, access });
    }

    pub(crate) fn refresh(&mut self, app: &str, token: &str) -> Result<Tokens, Invalid> {
        const DEAD: Invalid = ("invalid_grant", "expired access/refresh token");
        let key = self.sealed(app, token).ok_or(DEAD)?;
        if self.ended.contains(token) {
            return Err(DEAD);
        }
        if let Some(at) = self.approvals.iter().position(|one| one.replaced.contains(token)) {
            self.end(at);
            return Err(DEAD);
        }
        let known = self.approvals.iter().position(|one| one.refresh == token);
        let at = match known {
            Some(at) if self.approvals[at].used.elapsed() > IDLE => {
                self.end(at);
                return Err(("invalid_grant", "token validity expired"));
            }
            Some(at) => at,
            None => {
                // Given out before a restart.
                self.approve(key.clone(), self.scopes.clone(), token.to_owned());
                self.approvals.len() - 1
            }
        };
        if orgs::org(key.org).and_then(|org| org.user(key.user)).is_none_or(|user| !user.active) {
            return Err(("invalid_grant", "inactive user"));
        }
        if self.rotate {
            let fresh = self.refresh_token(&key);
            let old = std::mem::replace(&mut self.approvals[at].refresh, fresh);
            self.approvals[at].replaced.insert(old);
        }
        self.approvals[at].used = Instant::now();
        Ok(self.tokens(at))
    }

    fn tokens(&mut self, at: usize) -> Tokens {
        let life = self.life;
        let approval = &mut self.approvals[at];
        let org = orgs::org(approval.key.org).map(orgs::Org::id).unwrap_or_default();
        let chance: [u8; 48] = rand::random();
        let access = format!("{}!AR8{}", &org[..15.min(org.len())], URL_SAFE_NO_PAD.encode(chance));
        approval.access.insert(access.clone(), Instant::now() + life);
        let lasting = approval.scopes.iter().any(|scope| scope == "refresh_token");
        Tokens {
            access,
            refresh: lasting.then(|| approval.refresh.clone()),
            scope: approval.scopes.join(" "),
            key: approval.key.clone(),
        }
    }

    fn end(&mut self, at: usize) {
        let approval = self.approvals.remove(at);
        self.ended.insert(approval.refresh);
        self.ended.extend(approval.replaced);
    }

    /// `5Aep861`, whose it is, and forty hexadecimal digits: half chance, half seal.
    fn refresh_token(&self, key: &Key) -> String {
        let chance = hex::encode(rand::random::<[u8; 10]>());
        format!("5Aep861.{}.{}.{chance}{}", key.org, key.user, self.seal_of(key, &chance))
    }

    fn seal_of(&self, key: &Key, chance: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.seal);
        hash.update(format!("\n{}\n{}\n{}\n{chance}", key.app, key.org, key.user));
        hex::encode(&hash.finalize()[..10])
    }

    /// Whose a refresh token is, if it is one of ours.
    fn sealed(&self, app: &str, token: &str) -> Option<Key> {
        let mut parts = token.strip_prefix("5Aep861.")?.splitn(3, '.');
        let (org, user) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (chance, seal) = parts.next()?.split_at_checked(20)?;
        let key = Key { app: app.to_owned(), org, user };
        (self.seal_of(&key, chance) == seal).then_some(key)
    }

    /// Every use makes the session last longer.
    pub(crate) fn bearer(&mut self, token: &str) -> Option<Bearer> {
        let (life, now) = (self.life, Instant::now());
        let approval = self.approvals.iter_mut().find(|one| one.access.contains_key(token))?;
        let until = approval.access.get_mut(token)?;
        if *until <= now {
            approval.access.remove(token);
            return None;
        }
        *until = now + life;
        let (org, user) = (approval.key.org, approval.key.user);
        Some(Bearer { org, user, scopes: approval.scopes.clone() })
    }

    /// Seconds that a token has left.
    pub(crate) fn left(&self, token: &str) -> Option<u64> {
        let mut all = self.approvals.iter().filter_map(|one| one.access.get(token));
        all.next()?.checked_duration_since(Instant::now()).map(|left| left.as_secs())
    }

    /// A refresh token takes its approval along, an access token only itself. `false`: unknown.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        if let Some(at) = self.approvals.iter().position(|one| one.refresh == token) {
            self.end(at);
            return true;
        }
        self.approvals.iter_mut().any(|one| one.access.remove(token).is_some())
    }

    /// Every access token dies now; refresh tokens live.
    pub(crate) fn expire_all(&mut self) -> usize {
        self.approvals.iter_mut().map(|one| std::mem::take(&mut one.access).len()).sum()
    }

    /// Every approval ends, or those of one org.
    pub(crate) fn revoke_all(&mut self, org: Option<u64>) -> usize {
        let mut ended = 0;
        let theirs = |one: &Approval| org.is_none_or(|org| one.key.org == org);
        while let Some(at) = self.approvals.iter().position(theirs) {
            self.end(at);
            ended += 1;
        }
        ended
    }

    /// For everybody, at once.
    pub(crate) fn set_scopes(&mut self, scopes: &str) {
        self.scopes = split(scopes);
        for approval in &mut self.approvals {
            approval.scopes.clone_from(&self.scopes);
        }
    }
}

fn split(scopes: &str) -> Vec<String> {
    scopes.split([' ', ',']).filter(|scope| !scope.is_empty()).map(ToOwned::to_owned).collect()
}
