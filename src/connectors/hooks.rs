//! What a CRM tells by itself: hints, each of which says which person to read again and is believed in
//! nothing else. So it does not matter in which order they come, how late, or how often.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use url::Url;
use uuid::Uuid;

use super::{Api, CrmError};
use crate::domain::RemoteId;

/// How a CRM comes to tell us.
#[derive(Clone, Copy)]
pub enum Hooks {
    /// Each connection asks for it, at an address and with a secret of its own.
    PerConnection(&'static dyn Channels),
    /// One address hears for all accounts of our app; it is set where the app is registered.
    PerApp(&'static dyn AppHook),
}

/// A call, as it came: nothing of it is believed yet.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// The public address that was called, with scheme and host as we are known by.
    pub uri: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Something happened to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The account, where the call names it.
    pub account_id: Option<String>,
    /// Whom to read again; `None` when that could not be read.
    pub person: Option<RemoteId>,
    /// Whoever is gone is in no list of what has changed.
    pub gone: bool,
    /// What makes it this event and no other.
    pub event: [u8; 32],
    pub happened_at: Option<DateTime<Utc>>,
}

impl Hint {
    /// Of something that cannot be read.
    pub(super) fn unread(raw: &[u8], account_id: Option<String>) -> Self {
        Self { account_id, person: None, gone: false, event: event(&[raw]), happened_at: None }
    }
}

/// Each part with its length before it, so that no two events read the same.
pub(super) fn event(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What a CRM is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The same for all channels of one connection, and of no other.
    pub name: &'a str,
    pub channel_id: Uuid,
    pub address: &'a Url,
    /// Each call has to show it.
    pub secret: &'a SecretString,
    pub now: DateTime<Utc>,
}

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The CRM's name of the channel.
    pub remote_id: String,
    /// When it ends, if it does.
    pub until: Option<DateTime<Utc>>,
}

/// For CRMs that are asked by each connection.
#[async_trait]
pub trait Channels: Send + Sync {
    /// The permission without which it is refused.
    fn scope(&self) -> &'static str;

    /// How often to look whether a channel is still there, of those that do not end.
    fn look_every(&self) -> TimeDelta {
        TimeDelta::days(1)
    }

    /// Opens a channel. May be asked again when the outcome of an earlier try is unknown.
    async fn open(&self, api: &Api, wanted: &Wanted<'_>) -> Result<Agreed, CrmError>;

    async fn is_open(&self, api: &Api, remote_id: &str) -> Result<bool, CrmError>;

    /// Closing one that is gone is done.
    async fn close(&self, api: &Api, remote_id: &str) -> Result<(), CrmError>;

    /// The secret that a call shows, wherever the CRM puts it.
    fn shown(&self, call: Incoming<'_>) -> Option<SecretString>;

    fn read(&self, body: &[u8]) -> Vec<Hint>;
}

/// Why a call is not believed. For our log; whoever sent it learns nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    #[error("a header is missing or malformed")]
    Malformed,
    #[error("it was signed at another time")]
    OutOfTime,
    #[error("the signature is not ours")]
    Forged,
}

/// For CRMs that tell all accounts' changes at one address.
pub trait AppHook: Send + Sync {
    /// Over the raw bytes, before anything of them is parsed.
    fn verify(
        &self,
        call: Incoming<'_>,
        secret: &SecretString,
        now: DateTime<Utc>,
    ) -> Result<(), NotSigned>;

    fn read(&self, body: &[u8]) -> Vec<Hint>;
}
