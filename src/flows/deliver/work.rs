//! The job: works what one contact has waiting at one connection.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    connectors::{Caller, Tenancy},
    db::{self, Scope, connections},
    domain::{CompanyId, DeliveryId},
    failpoint,
    flows::{
        FlowError, Next, SharedHub, account,
        deliver::{
            crm::{Crm, PERMIT},
            machine::{Deliverer, Rest, Times},
            narrow::Narrow,
            stored::Stored,
        },
        ledger::Purpose,
        tokens::ground::Machine,
    },
};

/// Works the deliveries of the contact and connection that `delivery_id` belongs to.
pub async fn work(
    hub: &SharedHub,
    company_id: CompanyId,
    delivery_id: DeliveryId,
    stopping: &CancellationToken,
) -> Result<Next, FlowError> {
    let mut tx = hub.db.tenant_reading_by_key(company_id, Scope::All).await?;
    let Some(of) = db::deliveries::belongs(&mut tx, delivery_id).await? else {
        return Ok(Next::Done);
    };
    let connection = connections::get(&mut tx, of.connection_id).await?;
    drop(tx);
    let Some(connection) = connection else { return Ok(Next::Done) };
    let provider = hub.providers.get(&connection.provider).ok_or(FlowError::NotConnected)?;
    let Some(writer) = provider.connector.writer() else { return Ok(Next::Done) };
    let tenancy = Tenancy {
        company_id,
        connection_id: connection.connection_id,
        account: connection.account_id.clone(),
        user: connection.account_user_id.clone(),
        since: connection.connected_at,
    };
    let guest = hub.rooms.enter(tenancy, provider.connector).map(Arc::new);
    let store = Stored::new(Arc::clone(hub), company_id, connection.clone(), of.contact_id);
    let account = account::client(hub, company_id, connection, provider, Caller::Delivery).await;
    let account = Arc::new(account);
    let deliverer = Deliverer {
        store: Narrow { store, guest: guest.clone() },
        remote: Crm { account: Arc::clone(&account), writer, guest },
        machine: ThisMachine { clock: hub.clock.clone() },
        times: Times { permit: PERMIT, lease: hub.config.lease, unknown: hub.config.unknown },
    };
    let rest = deliverer.work(|| stopping.is_cancelled()).await;
    if account.meter.read().requests > 0 {
        account.book(hub, company_id, Purpose::Delivery).await;
    }
    Ok(match rest? {
        Rest::Done => Next::Done,
        Rest::At(at) => Next::later(at, "a delivery waits"),
    })
}

/// Real time; nothing outlives the job.
#[derive(Debug, Clone)]
struct ThisMachine {
    clock: Clock,
}

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Machine for ThisMachine {
    fn wall(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn steady(&self) -> Duration {
        STARTED.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn reached(&self, place: &'static str) {
        failpoint::reach(place);
    }

    async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        Some(work.await)
    }
}
