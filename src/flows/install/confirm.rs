//! A person says where an install belongs, or that it belongs nowhere.

use chrono::TimeDelta;

use crate::{
    db::{
        self, DbError,
        installations::{End, Pending},
    },
    domain::{ConnectionId, InstallationId, TokenHash},
    failpoint::reach,
    flows::{
        FlowError, Provider, SealError, SharedHub, account,
        connect::{CallbackError, Connecting, Denied, OtherUser, Stored, store_once_more},
        grant,
    },
};

use super::{Gone, of_browser, sealed};

/// Storing takes milliseconds; after this somebody else may try what a crash left behind.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// What the person saw and chose.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    pub installation_id: uuid::Uuid,
    /// As whom the page said that it would be; another tab may have switched the company since.
    pub member_id: uuid::Uuid,
    /// Who stays, where another user of the account is connected.
    pub other_user: Option<OtherUser>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    Connected,
    /// The connection stayed with its user.
    Kept,
}

/// Why an install was not confirmed; but for the first, it waits on while its time lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Gone(Gone),
    /// It is being confirmed at this moment.
    Busy,
    /// The session is in another company than the page named.
    OtherCompany,
    /// Another user is connected, and nobody has said who stays.
    AnotherUser,
    Denied(Denied),
}

#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    #[error("not confirmed: {0:?}")]
    Refused(Refusal),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<Refusal> for InstallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<DbError> for InstallError {
    fn from(error: DbError) -> Self {
        Self::Flow(error.into())
    }
}

/// Attaches what waits in this browser to the company of `who`. The caller has checked role and plan;
/// both are checked again where the tokens are stored.
pub async fn confirm(
    hub: &SharedHub,
    who: Connecting<'_>,
    browser: Option<&TokenHash>,
    choice: Choice,
) -> Result<(Provider, Confirmed), InstallError> {
    let found = of_browser(hub, browser, Some(choice.installation_id)).await?;
    let id = found.map_err(Refusal::Gone)?.installation_id;
    if choice.member_id != who.member_id.uuid() {
        return Err(Refusal::OtherCompany.into());
    }
    let pending = take(hub, browser, choice, id).await?;
    let outcome = attach(hub, who, &pending, choice.other_user.unwrap_or(OtherUser::Ask)).await;
    let mut tx = hub.db.door().await?;
    match &outcome {
        Ok(_) => db::installations::end(&mut tx, id, End::Used).await?,
        Err(_) => db::installations::let_go(&mut tx, id).await?,
    }
    tx.commit().await?;
    let (provider, stored) = outcome?;
    match stored {
        Attached::Connection(connection_id) => {
            let company_id = who.company_id;
            account::first_use(hub, company_id, connection_id, &provider, &pending.account).await;
            Ok((provider, Confirmed::Connected))
        }
        Attached::Kept => Ok((provider, Confirmed::Kept)),
    }
}

/// Only one may go on; the others learn why not.
async fn take(
    hub: &SharedHub,
    browser: Option<&TokenHash>,
    choice: Choice,
    id: InstallationId,
) -> Result<Pending, InstallError> {
    let mut tx = hub.db.door().await?;
    let taken = db::installations::take(&mut tx, id, hub.clock.now(), LEASE).await?;
    tx.commit().await?;
    match taken {
        Some(pending) => Ok(pending),
        None => match of_browser(hub, browser, Some(choice.installation_id)).await? {
            Err(gone) => Err(Refusal::Gone(gone).into()),
            Ok(_) => Err(Refusal::Busy.into()),
        },
    }
}

enum Attached {
    Connection(ConnectionId),
    Kept,
}

/// Stores the tokens as any consent's: sealed again, under the company's own key.
async fn attach(
    hub: &SharedHub,
    who: Connecting<'_>,
    pending: &Pending,
    other_user: OtherUser,
) -> Result<(Provider, Attached), InstallError> {
    let denied = |denied| InstallError::from(Refusal::Denied(denied));
    let provider = hub.providers.get(&pending.provider).cloned();
    let provider = provider.ok_or_else(|| denied(Denied::NotConfigured))?;
    let granted = sealed::open(hub, &provider, pending);
    let granted = granted.map_err(|error| FlowError::from(SealError::from(error)))?;
    reach("install.opened");
    let stored = match store_once_more(hub, who, &provider, &granted, other_user).await {
        Ok(stored) => stored,
        Err(CallbackError::Denied(reason)) => return Err(denied(reason)),
        Err(CallbackError::Flow(error)) => return Err(error.into()),
    };
    reach("install.stored");
    match stored {
        Stored::Connection(id) => Ok((provider, Attached::Connection(id))),
        Stored::Kept => Ok((provider, Attached::Kept)),
        Stored::AnotherUser => Err(Refusal::AnotherUser.into()),
        // Nothing is given back: there may be another company, or another plan.
        Stored::Refused { denied: reason, .. } => Err(denied(reason)),
    }
}

/// Nobody wants it: the grant is given back at once.
pub async fn decline(
    hub: &SharedHub,
    browser: Option<&TokenHash>,
    named: uuid::Uuid,
) -> Result<(), InstallError> {
    let found = of_browser(hub, browser, Some(named)).await?.map_err(Refusal::Gone)?;
    let mut tx = hub.db.door().await?;
    let id = found.installation_id;
    let taken = db::installations::take(&mut tx, id, hub.clock.now(), LEASE).await?;
    tx.commit().await?;
    let pending = taken.ok_or(Refusal::Busy)?;
    if let Some(provider) = hub.providers.get(&pending.provider)
        && let Some(credentials) = &provider.credentials
    {
        let granted = sealed::open(hub, provider, &pending);
        let granted = granted.map_err(|error| FlowError::from(SealError::from(error)))?;
        grant::give_back(hub, provider, credentials, &granted, Some(id)).await;
    }
    let mut tx = hub.db.door().await?;
    db::installations::end(&mut tx, id, End::Declined).await?;
    Ok(tx.commit().await?)
}
