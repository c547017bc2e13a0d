//! Everything about a CRM that is data.

use super::{Limits, Window};

/// A permission, with the words that a person reads before allowing it.
#[derive(Debug)]
pub struct Scope {
    pub name: &'static str,
    pub words: &'static str,
    /// Without it nothing works; the others only switch features on.
    pub required: bool,
}

/// Which hosts a secret may be sent to, https only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostRule {
    /// One label in front of this domain is a customer's own host.
    Under(&'static str),
    /// This host and no other.
    Exactly(&'static str),
}

/// A host of a customer's own, at which its people sign in.
#[derive(Debug)]
pub struct OwnLogin {
    /// What the provider calls it.
    pub name: &'static str,
    /// One that fits the rules, without `https://`.
    pub example: &'static str,
    /// Who needs it, in words for people.
    pub words: &'static str,
}

/// Where the client's id and secret travel to the token endpoint (RFC 6749, section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Body,
}

/// Tokens per request, from the provider's price list.
#[derive(Debug)]
pub struct Costs {
    pub list: u32,
    pub search: u32,
    pub fields: u32,
    pub users: u32,
    pub account: u32,
    /// One record.
    pub record: u32,
    /// Creating or changing one.
    pub write: u32,
    pub delete: u32,
    /// The kinds of activity.
    pub kinds: u32,
}

/// Everything about a CRM that is data rather than code.
#[derive(Debug)]
pub struct Manifest {
    pub slug: &'static str,
    pub name: &'static str,
    /// The brand's colour, `#rrggbb`.
    pub color: &'static str,
    pub authorize_url: &'static str,
    pub token_url: &'static str,
    pub revoke_url: &'static str,
    /// Used when a grant names no host of its own.
    pub default_api_url: &'static str,
    /// Where a company's data may be fetched from.
    pub hosts: &'static [HostRule],
    /// Where people may sign in and tokens may be asked for, beside `authorize_url`'s host: data
    /// centres, or a customer's own domain.
    pub login_hosts: &'static [HostRule],
    /// Where a customer's own host is one of `login_hosts`, and people have to say which.
    pub own_login: Option<OwnLogin>,
    /// What must be done at the provider before anybody can connect, step by step, in words for people.
    pub before: &'static [&'static str],
    /// How the provider's `error` in the callback says that this was not done.
    pub not_installed: &'static [&'static str],
    /// The login host (`https://...`) of an account whose API is at this address, when it is not the
    /// host of `token_url`.
    pub login_of: fn(&str) -> Option<String>,
    pub client_auth: ClientAuth,
    /// What the authorize URL carries beside what RFC 6749 asks for.
    pub authorize_extra: &'static [(&'static str, &'static str)],
    pub scopes: &'static [Scope],
    /// Whether scopes travel in the authorize URL; otherwise they are set at the provider's app.
    pub scopes_in_url: bool,
    /// What Tandem never touches, in words for people.
    pub never: &'static [&'static str],
    pub pkce: bool,
    /// Deliveries of one company that may be on their way at once: sixteen, and more where many go in
    /// one request.
    pub deliveries: u16,
    pub burst: Window,
    /// The vendor publishes that window; otherwise it is what we keep to.
    pub burst_is_theirs: bool,
    pub search_burst: Window,
    /// What the daily budget counts: a word that takes an `s` when there are several.
    pub unit: &'static str,
    /// Assumed until the provider tells: the smallest account's.
    pub daily_tokens: u32,
    /// What the vendor publishes about both, and where one of them is ours, as a sentence.
    pub allows: &'static str,
    pub page_size: u16,
    /// Records that one request by id can bring.
    pub ids_size: u16,
    /// The feature of a plan that allows this provider.
    pub plan_feature: &'static str,
    /// Prefix of this provider's keys among a contact's custom fields.
    pub custom_prefix: &'static str,
    pub costs: Costs,
}

impl Manifest {
    pub fn limits(&self) -> Limits {
        Limits { burst: self.burst, search: self.search_burst, daily_tokens: self.daily_tokens }
    }
}
