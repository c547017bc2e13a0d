//! CRMs that tell of changes by themselves (decision 43).
//!
//! [`hear`] keeps hints, in one insert; [`work`] turns those that wait into a run that reads the persons
//! again, by id; [`keep`] sees to it that the CRM goes on telling. Nothing of what a hint says is believed,
//! but whom it is about.

pub mod hear;
pub mod keep;
pub mod work;

use chrono::TimeDelta;
use url::Url;

use crate::{
    db::{
        self, DbError, Scope, TenantTx,
        connections::{self, Connection},
        jobs::NewJob,
    },
    domain::{CompanyId, ConnectionId},
    flows::{Hub, Provider},
    policy,
};

/// Longer than any CRM repeats an event, and long enough for a plan to be renewed or a consent given.
const INBOX: TimeDelta = TimeDelta::days(7);

/// Where the CRM calls: an address per connection, or with no token the app's own.
pub fn address(hub: &Hub, provider: &Provider, token: Option<&str>) -> Url {
    let mut url = hub.public_url();
    let slug = provider.slug();
    let path = match token {
        Some(token) => format!("/api/webhooks/{slug}/{token}"),
        None => format!("/api/webhooks/{slug}"),
    };
    url.set_path(&path);
    url
}

/// The connection that a job is about and its CRM, while it works and the plan has that CRM.
async fn at_work<'a>(
    hub: &'a Hub,
    tx: &mut TenantTx,
    connection_id: ConnectionId,
) -> Result<Option<(Connection, &'a Provider)>, DbError> {
    let Some(connection) = connections::get(tx, connection_id).await? else { return Ok(None) };
    let Some(provider) = hub.providers.get(&connection.provider) else { return Ok(None) };
    let plan = db::companies::plan(tx).await?;
    let has_it = policy::allows(plan, provider.connector.manifest().plan_feature);
    Ok((connection.state == "active" && has_it).then_some((connection, provider)))
}

/// By the clock: channels that end or were never opened, hints whose job died, an inbox that grows.
pub async fn look_after(hub: &Hub, company_id: CompanyId) -> Result<(), DbError> {
    if hub.config.without_webhooks {
        return Ok(());
    }
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(company_id, Scope::All).await?;
    for found in db::hooks::look(&mut tx, now).await? {
        let known = hub.providers.get(&found.provider);
        let Some(provider) = known.filter(|known| known.connector.hooks().is_some()) else {
            continue;
        };
        if db::hooks::sweep(&mut tx, found.connection_id, now - INBOX).await? {
            db::hooks::note_missed(&mut tx, found.connection_id, true).await?;
        }
        if found.due {
            keep::enqueue(&mut tx, provider.slug(), found.connection_id).await?;
        }
        if found.waiting {
            work::enqueue(&mut tx, provider.slug(), found.connection_id, now).await?;
        }
    }
    tx.commit().await
}

/// A connection works (again): the CRM is asked to tell, and what it told meanwhile is looked at.
pub(super) async fn begin(
    hub: &Hub,
    tx: &mut TenantTx,
    provider: &Provider,
    connection_id: ConnectionId,
) -> Result<(), DbError> {
    if hub.config.without_webhooks || provider.connector.hooks().is_none() {
        return Ok(());
    }
    keep::enqueue(tx, provider.slug(), connection_id).await?;
    work::enqueue(tx, provider.slug(), connection_id, hub.clock.now()).await
}

/// A job of one connection; one that waits is enough.
fn job<'a>(lane: &'a str, kind: &'a str, id: ConnectionId, dedup: &'a str) -> NewJob<'a> {
    NewJob {
        lane,
        cap: 1,
        kind,
        subject: Some(id.uuid()),
        run_at: None,
        dedup: Some(dedup),
        max_attempts: 20,
    }
}
