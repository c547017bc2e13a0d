//! A CRM tells that one of its users took the app out of the account.
//!
//! It calls us by itself, shows the app's own credentials, and repeats nothing; so whatever it says
//! is done at once, for every company that lives on that user's install. The access is dead already:
//! nothing is asked of the provider.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::{
    db::{self, Scope, connections, holders::Holder, installers},
    failpoint::reach,
    flows::{FlowError, Provider, SharedHub, deliver, disconnect, reconnect, sign_in, throttle},
};

/// How far the provider's clock may be from ours. A notice that is older than a consent by more was
/// meant for the install before it.
const SKEW: TimeDelta = TimeDelta::minutes(1);

/// Who uninstalled, in the provider's words.
#[derive(Debug, Clone)]
pub struct Notice {
    pub account_id: String,
    pub account_user_id: String,
    /// When, if the provider said so in a form that means one moment.
    pub at: Option<DateTime<Utc>>,
}

/// Whether these are the credentials of our app at the provider, in a time that does not depend on
/// what is wrong with them.
pub fn is_app(provider: &Provider, client_id: &str, secret: &str) -> bool {
    let Some(known) = &provider.credentials else { return false };
    let same =
        is_same(client_id, &known.client_id) & is_same(secret, known.client_secret.expose_secret());
    same.into()
}

/// Whether a notice is about our app: the id beside the credentials says so once more.
pub fn is_client(provider: &Provider, client_id: &str) -> bool {
    let known = provider.credentials.as_ref();
    known.is_some_and(|known| is_same(client_id, &known.client_id).into())
}

/// Of digests, which are of one length whatever was sent.
fn is_same(given: &str, known: &str) -> Choice {
    Sha256::digest(given.as_bytes()).ct_eq(&Sha256::digest(known.as_bytes()))
}

/// Ends every connection that lives on the user's install; done twice it changes nothing.
pub async fn uninstalled(
    hub: &SharedHub,
    provider: &Provider,
    notice: &Notice,
) -> Result<(), FlowError> {
    let before = notice.at.map(|at| at + SKEW);
    let (account_id, user_id) = (notice.account_id.as_str(), notice.account_user_id.as_str());
    let mut tx = hub.db.door().await?;
    let user = (account_id, user_id);
    db::installations::end_of_user(&mut tx, provider.slug(), user, before).await?;
    let holders = db::holders::of_account(&mut tx, provider.slug(), account_id).await?;
    tx.commit().await?;
    reach("uninstall.found");
    for holder in &holders {
        end(hub, provider, holder, user_id, before).await?;
    }
    Ok(())
}

/// The share of one company, with its own key.
async fn end(
    hub: &SharedHub,
    provider: &Provider,
    holder: &Holder,
    user_id: &str,
    before: Option<DateTime<Utc>>,
) -> Result<(), FlowError> {
    let id = holder.connection_id;
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(holder.company_id, Scope::All).await?;
    // Held until the end, so that neither a refresh nor a consent comes in between.
    db::tokens::sealed_for_update(&mut tx, id).await?;
    let Some(connection) = connections::get(&mut tx, id).await? else { return Ok(()) };
    let mut changed = installers::forget(&mut tx, id, user_id).await?;
    let is_newer = before.is_some_and(|before| connection.connected_at > before);
    if connection.account_user_id == user_id && connection.state != "disconnected" && !is_newer {
        disconnect::end(&mut tx, id, hub.clock.now()).await?;
        let reason = format!(
            "{} told us that the app was uninstalled there. Our access was destroyed; contacts, \
             links and history are kept.",
            provider.name()
        );
        connections::note_uninstall(&mut tx, id, &reason, now).await?;
        let detail = json!({ "provider": provider.slug(), "account_user_id": user_id });
        let subject = Some(id.uuid());
        db::audit::append(&mut tx, None, "connection.uninstalled", subject, &detail).await?;
        // Whoever was told that it needs a new consent knows already.
        if connection.state != "needs_reconnect" {
            reconnect::mail(&mut tx, id).await?;
        }
        changed = true;
    }
    if changed {
        reach("uninstall.written");
        tx.commit().await?;
        deliver::news::look_again(hub, holder.company_id).await;
    }
    Ok(())
}

/// Counts a call that showed other credentials; the error says how long to wait.
pub async fn wrong(hub: &SharedHub, from: &str, most: (u32, Duration)) -> Result<(), Duration> {
    throttle::attempt(hub, &sign_in::key("uninstall", from), most).await
}
