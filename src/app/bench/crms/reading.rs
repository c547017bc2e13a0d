//! What it takes to read all objects of a kind, in requests and in the vendor's own currency.

use super::STRETCH;
use crate::{
    app::bench::ground::Ground,
    connectors::{Api, Caller, Connector, CrmError, Cursor, From, Meter},
    flows::account,
};

#[derive(Debug)]
pub(in crate::app::bench) struct Reading {
    pub kind: &'static str,
    pub records: u32,
    pub requests: u32,
    pub tokens: u32,
}

impl Reading {
    /// Requests for 10,000 records; nothing where there are none.
    pub(in crate::app::bench) fn per_stretch(&self) -> Option<f64> {
        (self.records > 0).then(|| f64::from(self.requests) / f64::from(self.records) * STRETCH)
    }
}

/// Of one page: how many there were, and where the next one begins.
type Turned = (usize, Option<Cursor>);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Persons,
    Organizations,
    Deals,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Persons, Self::Organizations, Self::Deals];

    const fn word(self) -> &'static str {
        match self {
            Self::Persons => "persons",
            Self::Organizations => "organizations",
            Self::Deals => "deals",
        }
    }

    async fn page(
        self,
        connector: &dyn Connector,
        api: &Api,
        from: &From,
    ) -> Result<Turned, CrmError> {
        Ok(match self {
            Self::Persons => {
                let page = connector.persons(api, from).await?;
                (page.items.len() + page.quarantined.len(), page.next)
            }
            Self::Organizations => {
                let page = connector.organizations(api, from).await?;
                (page.items.len() + page.quarantined.len(), page.next)
            }
            Self::Deals => {
                let page = connector.deals(api, from).await?;
                (page.items.len() + page.quarantined.len(), page.next)
            }
        })
    }

    async fn read(
        self,
        connector: &dyn Connector,
        api: &Api,
        meter: &Meter,
    ) -> anyhow::Result<Reading> {
        let (before, mut records, mut from) = (meter.read(), 0, From::default());
        loop {
            let (came, next) = self.page(connector, api, &from).await?;
            records += came;
            let Some(next) = next else { break };
            from.cursor = Some(next);
        }
        let after = meter.read();
        Ok(Reading {
            kind: self.word(),
            records: u32::try_from(records)?,
            requests: u32::try_from(after.requests - before.requests)?,
            tokens: u32::try_from(after.tokens - before.tokens)?,
        })
    }
}

pub(super) async fn all(ground: &Ground) -> anyhow::Result<Vec<Reading>> {
    let provider = ground.provider()?;
    let account = account::open(&ground.hub, ground.company_id, provider, Caller::Job).await?;
    let mut readings = Vec::new();
    for kind in Kind::ALL {
        readings.push(kind.read(provider.connector, &account.api, &account.meter).await?);
    }
    Ok(readings)
}
