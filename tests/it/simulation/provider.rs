//! A model of a provider: it rotates refresh tokens and punishes reuse, or is lenient; answers come
//! late or never. It keeps the truth about every token.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};
use tandem::{
    connectors::{ApiBase, Grant, OAuthError},
    flows::tokens::ground::TokenProvider,
};
use tokio::sync::oneshot;

use super::machine::{Process, World};

pub(crate) const LIFE: Duration = Duration::from_mins(30);

/// What happens to a refresh token that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// It stays the same.
    None,
    /// It is replaced and refused.
    Lenient,
    /// It is replaced; using it again ends the grant.
    Punishing,
}

#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) family: u64,
    pub(crate) replaced_by: Option<u64>,
    /// Who asked for it, and when the question left.
    holder: Process,
    sent: Duration,
    /// When it came into the store, and into a spool of which volume.
    pub(crate) stored: Option<Duration>,
    spooled: Option<(Process, Duration)>,
    /// Nobody has it: the answer was lost, or died with its process.
    pub(crate) lost: bool,
    request: u64,
}

impl Issued {
    pub(crate) fn is_kept(&self) -> bool {
        self.stored.is_some() || self.spooled.is_some()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Truth {
    serial: u64,
    pub(crate) refresh: BTreeMap<u64, Issued>,
    /// Until when, and of which family.
    access: BTreeMap<u64, (u64, Duration)>,
    pub(crate) dead: BTreeSet<u64>,
    pub(crate) revoked: bool,
    /// Requests that left.
    pub(crate) asked: u64,
    /// Requests whose sender has stopped listening.
    given_up: BTreeSet<u64>,
    /// Answers that nobody got.
    pub(crate) lost: u64,
    /// Grants that ended because a token was used twice.
    pub(crate) punished: u64,
    /// Connections that a late answer brought back.
    pub(crate) rescued: u64,
    /// Tokens that were used twice without need.
    pub(crate) faults: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) world: World,
    pub(crate) process: Process,
    pub(crate) truth: Arc<Mutex<Truth>>,
    pub(crate) rotation: Rotation,
    /// Percent of requests or answers that get lost, and of answers that are late.
    pub(crate) trouble: u64,
    pub(crate) answer_within: Duration,
    pub(crate) lease: Duration,
    /// Where this process spools.
    pub(crate) volume: Process,
}

impl Provider {
    pub(crate) fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().unwrap()
    }

    /// A consent: a new family of tokens; what was before is over.
    pub(crate) fn consent(&self) -> (u64, u64) {
        let now = self.world.now();
        let mut truth = self.truth();
        truth.serial += 1;
        let family = truth.serial;
        let pair = truth.issue(family, now, 0, 0, now);
        truth.refresh.get_mut(&pair.1).unwrap().stored = Some(now);
        truth.revoked = false;
        pair
    }

    /// Whether an access token opens anything now.
    pub(crate) fn works(&self, access: u64) -> bool {
        let now = self.world.now();
        let truth = self.truth();
        truth
            .access
            .get(&access)
            .is_some_and(|(family, until)| *until > now && !truth.dead.contains(family))
    }

    /// The member takes the consent back.
    pub(crate) fn revoke(&self) {
        let mut truth = self.truth();
        let newest = truth.refresh.values().map(|issued| issued.family).max().unwrap();
        truth.dead.insert(newest);
        truth.revoked = true;
    }

    /// Access tokens expire before their time.
    pub(crate) fn expire(&self) {
        self.truth().access.clear();
    }

    fn handle(&self, token: u64, request: u64, sent: Duration) -> Result<(u64, u64), OAuthError> {
        let now = self.world.now();
        let mut truth = self.truth();
        let known = truth.refresh.get(&token).cloned().ok_or(OAuthError::InvalidGrant)?;
        if truth.dead.contains(&known.family) {
            return Err(OAuthError::InvalidGrant);
        }
        if let Some(next) = known.replaced_by {
            if self.rotation == Rotation::Punishing {
                truth.dead.insert(known.family);
                truth.punished += 1;
            }
            // Where nobody punishes it, an old token is tried when nothing else is left.
            if self.rotation == Rotation::Punishing
                && let Some(fault) = self.fault(&truth, &truth.refresh[&next], sent)
            {
                truth.faults.push(fault);
            }
            return Err(OAuthError::InvalidGrant);
        }
        if self.rotation == Rotation::None {
            let access = truth.issue_access(known.family, now);
            return Ok((access, token));
        }
        let pair = truth.issue(known.family, now, request, self.process, sent);
        truth.refresh.get_mut(&token).unwrap().replaced_by = Some(pair.1);
        Ok(pair)
    }

    /// Whether it was our own fault that a token was used although `next` had replaced it. It was not
    /// when `next` was lost, or when its holder was silent for longer than a lease.
    fn fault(&self, truth: &Truth, next: &Issued, sent: Duration) -> Option<String> {
        let words = |why| Some(format!("process {}: {why} ({next:?}, {sent:?})", self.process));
        if next.stored.is_some_and(|at| at < sent) {
            return words("its successor was stored");
        }
        if next.spooled.is_some_and(|(volume, at)| volume == self.volume && at < sent) {
            return words("its successor lay in the own spool");
        }
        let lost = next.lost || truth.given_up.contains(&next.request);
        if !lost && sent < next.sent + self.lease.mul_f64(0.8) {
            return words("its successor was on its way");
        }
        None
    }

    /// What a crashed process had in its hands is lost.
    pub(crate) fn bury(&self, process: Process) {
        for issued in self.truth().refresh.values_mut() {
            if issued.holder == process && !issued.is_kept() {
                issued.lost = true;
            }
        }
    }
}

impl Truth {
    fn issue_access(&mut self, family: u64, now: Duration) -> u64 {
        self.serial += 1;
        self.access.insert(self.serial, (family, now + LIFE));
        self.serial
    }

    fn issue(
        &mut self,
        family: u64,
        now: Duration,
        request: u64,
        holder: Process,
        sent: Duration,
    ) -> (u64, u64) {
        let access = self.issue_access(family, now);
        self.serial += 1;
        let issued = Issued {
            family,
            replaced_by: None,
            holder,
            sent,
            stored: None,
            spooled: None,
            lost: false,
            request,
        };
        self.refresh.insert(self.serial, issued);
        (access, self.serial)
    }

    pub(crate) fn stored(&mut self, token: u64, at: Duration) {
        if let Some(issued) = self.refresh.get_mut(&token) {
            issued.stored.get_or_insert(at);
        }
    }

    pub(crate) fn spooled(&mut self, token: u64, volume: Process, at: Duration) {
        if let Some(issued) = self.refresh.get_mut(&token) {
            issued.spooled.get_or_insert((volume, at));
        }
    }

    /// The end of a token's chain: what the provider takes next.
    pub(crate) fn newest(&self, token: u64) -> u64 {
        let mut token = token;
        while let Some(next) = self.refresh.get(&token).and_then(|issued| issued.replaced_by) {
            token = next;
        }
        token
    }
}

pub(crate) fn number(token: &SecretString) -> u64 {
    token.expose_secret().parse().unwrap()
}

pub(crate) fn secret(number: u64) -> SecretString {
    number.to_string().into()
}

impl TokenProvider for Provider {
    fn is_configured(&self) -> bool {
        true
    }

    async fn refresh(&self, token: &SecretString, _at: &ApiBase) -> Result<Grant, OAuthError> {
        let token = number(token);
        let down = || OAuthError::Down { what: "simulated" };
        let sent = self.world.now();
        let request = {
            let mut truth = self.truth();
            truth.asked += 1;
            truth.asked
        };
        let is_lost = self.world.percent(self.trouble);
        let slow = |is_late| if is_late { 15_000 } else { 300 };
        let there = self.world.chance(slow(self.world.percent(self.trouble)));
        let back = self.world.chance(slow(self.world.percent(self.trouble)));
        let never_arrives = is_lost && self.world.percent(50);
        let (say, hear) = oneshot::channel();
        let (world, provider) = (self.world.clone(), self.clone());
        // The request is on its way, whatever becomes of us.
        self.world.start(0, async move {
            world.sleep(Duration::from_millis(there)).await;
            let answer = if never_arrives {
                Err(OAuthError::InvalidGrant)
            } else {
                provider.handle(token, request, sent)
            };
            if say.is_closed()
                && let Ok((_, refresh)) = &answer
                && let Some(issued) = provider.truth().refresh.get_mut(refresh)
            {
                // Whoever asked has died meanwhile.
                issued.lost |= !issued.is_kept();
            }
            world.sleep(Duration::from_millis(back)).await;
            let refresh = answer.as_ref().ok().map(|(_, refresh)| *refresh);
            if is_lost || say.send(answer).is_err() {
                let mut truth = provider.truth();
                truth.lost += 1;
                if let Some(issued) = refresh.and_then(|token| truth.refresh.get_mut(&token)) {
                    issued.lost |= !issued.is_kept();
                }
            }
        });
        let answer = tokio::select! {
            biased;
            answer = hear => answer.map_err(|_| down())?,
            () = self.world.sleep(self.answer_within) => {
                self.truth().given_up.insert(request);
                return Err(down());
            }
        };
        let (access, refresh) = answer?;
        Ok(Grant {
            access_token: secret(access),
            refresh_token: (self.rotation != Rotation::None).then(|| secret(refresh)),
            expires_in: LIFE,
            scopes: vec![],
            api_domain: None,
        })
    }

    async fn give_back(&self, token: &SecretString, _at: &ApiBase) {
        let token = number(token);
        let mut truth = self.truth();
        if let Some(family) = truth.refresh.get(&token).map(|issued| issued.family) {
            truth.dead.insert(family);
        }
    }
}
