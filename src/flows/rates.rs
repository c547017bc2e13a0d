//! How much of the API somebody may ask for.
//!
//! Quotas are per member and per company, from `plans.toml`; the scripts of a member count as the
//! member. Strangers are counted by address, so that guessing at the door costs us little.

use std::time::Duration;

use crate::{
    cache::{Quota, Reading},
    domain::{CompanyId, MemberId},
    flows::{Hub, sign_in},
    policy::{self, Plan},
};

const WINDOW: Duration = Duration::from_mins(1);
/// Requests without a session, per address and minute. An office signs in behind one address, and
/// whoever is not signed in has nothing to ask for but that.
const STRANGERS: u32 = 300;

/// Calls of CRMs per address and minute: one of them tells for all its accounts from a few addresses, some
/// hundred times a second at most. Whatever is refused is told again.
const CALLERS: u32 = 30_000;

/// What a quota is counted for, with what is left of it.
pub type Counted = (&'static str, Reading);

/// Counts a request of a member, on all their quotas or on none.
pub async fn of_member(
    hub: &Hub,
    company_id: CompanyId,
    member_id: MemberId,
    plan: Plan,
) -> Vec<Counted> {
    let (company, member) = policy::requests_per_minute(plan);
    let (company, member) = (quota(hub, company), quota(hub, member));
    let name = format!("member:{member_id}");
    let quotas = [("company", company), (name.as_str(), member)];
    let readings = hub.cache.take(&company_id.to_string(), &quotas).await;
    ["company", "member"].into_iter().zip(readings).collect()
}

/// Counts a request of somebody whom we do not know.
pub async fn of_stranger(hub: &Hub, from: &str) -> Vec<Counted> {
    let group = sign_in::key("address", from);
    let readings = hub.cache.take(&group, &[("requests", quota(hub, STRANGERS))]).await;
    ["address"].into_iter().zip(readings).collect()
}

/// Counts a call of a CRM, or of whoever passes for one.
pub async fn of_caller(hub: &Hub, from: &str) -> Vec<Counted> {
    let group = sign_in::key("caller", from);
    let readings = hub.cache.take(&group, &[("requests", quota(hub, CALLERS))]).await;
    ["address"].into_iter().zip(readings).collect()
}

fn quota(hub: &Hub, most: u32) -> Quota {
    Quota { most: most.saturating_mul(hub.config.rate_limit_factor), window: WINDOW }
}
