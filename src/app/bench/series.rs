//! All that is measured of one size at one latency, in the order in which it has to happen.

use super::{
    Sheet,
    bare::{self, Bare},
    figures::{Changed, Figures, Nothing},
    ground::Ground,
    isolation::{self, Compared},
    load::Pace,
    processes::{Crm, Orders, Service},
    reads::{self, Reads},
};
use crate::{
    db::{
        Scope,
        bare::{Owner, Writes, sample},
    },
    domain::RunId,
    flows::import::Mode,
};

/// What `tandem` calls itself at Postgres.
const APPLICATION: &str = "tandem";
/// One person in so many changes at the provider.
const CHANGED: u32 = 100;
/// Contacts that are read one by one.
const SAMPLE: i64 = 500;

impl Sheet<'_> {
    /// `whole`: also what no latency changes.
    pub(super) async fn series(
        &self,
        crm: &Crm,
        persons: u32,
        latency_ms: u64,
        whole: bool,
    ) -> anyhow::Result<Figures> {
        let manifest = self.connector.manifest();
        let name = format!("bench_{}_{persons}_{latency_ms}", manifest.slug);
        let ground = Ground::prepare(self, crm, &name).await?;
        let mut owner = self.owner(&name).await?;
        let orders = self.orders(&ground, crm, 1);

        let mut worker = Service::work(orders)?;
        let first = self.import(&ground, crm, &mut worker, &Mode::Full).await?;
        owner.settle().await?;
        let unchanged = self.import(&ground, crm, &mut worker, &Mode::Full).await?;
        // A worker that idles still looks for jobs; nobody else shall pay for that.
        worker.stop().await?;
        let nothing = self.nothing(orders, &mut owner).await?;

        let (mut bare, mut changed, mut reads, mut isolation) = (None, None, None, Vec::new());
        if whole {
            bare = Some(self.bare(&ground, crm, &name, first.run.run_id, &mut owner).await?);
            changed = Some(self.changed(orders, persons).await?);
            owner.settle().await?;
            reads = self.reads(orders).await?;
            isolation = self.isolation(&ground, &name).await?;
        }
        ground.close().await;
        owner.close().await?;
        // A million persons are some gigabytes, and nobody asks for them again.
        let mut owner = self.owner("postgres").await?;
        owner.drop_database(&name).await?;
        owner.close().await?;
        Ok(Figures {
            persons,
            provider: manifest.slug,
            latency_ms,
            page_size: manifest.page_size,
            first,
            unchanged,
            nothing,
            bare,
            changed,
            reads,
            isolation,
        })
    }

    /// An incremental import after which nothing should be different.
    async fn nothing(&self, orders: Orders<'_>, owner: &mut Owner) -> anyhow::Result<Nothing> {
        owner.end_sessions(APPLICATION).await?;
        let before = owner.writes().await?;
        // Or zero would say nothing.
        anyhow::ensure!(before.iter().any(|table| table.inserted > 0), "writes are not counted");
        let mut worker = Service::work(orders)?;
        let import =
            self.import(orders.ground, orders.crm, &mut worker, &Mode::Incremental).await?;
        worker.stop().await?;
        owner.end_sessions(APPLICATION).await?;
        let writes = owner.writes().await?;
        let writes = writes.into_iter().zip(before).map(|(after, before)| Writes {
            inserted: after.inserted - before.inserted,
            updated: after.updated - before.updated,
            deleted: after.deleted - before.deleted,
            ..after
        });
        Ok(Nothing { import, writes: writes.collect() })
    }

    async fn changed(&self, orders: Orders<'_>, persons: u32) -> anyhow::Result<Changed> {
        let changed = (persons / CHANGED).max(1);
        let mut worker = Service::work(orders)?;
        orders.crm.change(changed, 1).await?;
        let full = self.import(orders.ground, orders.crm, &mut worker, &Mode::Full).await?;
        orders.crm.change(changed, 2).await?;
        let incremental =
            self.import(orders.ground, orders.crm, &mut worker, &Mode::Incremental).await?;
        worker.stop().await?;
        Ok(Changed { persons: changed, full, incremental })
    }

    async fn bare(
        &self,
        ground: &Ground,
        crm: &Crm,
        name: &str,
        run_id: RunId,
        owner: &mut Owner,
    ) -> anyhow::Result<Bare> {
        let name = format!("{name}_bare");
        let empty = Ground::prepare(self, crm, &name).await?;
        let bare = bare::insert(ground, &empty, run_id, self.server()?).await?;
        empty.close().await;
        owner.drop_database(&name).await?;
        Ok(bare)
    }

    async fn reads(&self, orders: Orders<'_>) -> anyhow::Result<Option<(Reads, Reads)>> {
        let pace =
            Pace { per_second: self.args.reads_per_second, seconds: self.args.reads_seconds };
        if pace.requests() == 0 {
            return Ok(None);
        }
        let sample = picked(orders.ground).await?;
        let (server, url) = Service::serve(orders).await?;
        let at = (&url, server.pid());
        let read = reads::measure(orders.ground, at, self.server()?, sample, pace).await?;
        server.stop().await?;
        Ok(Some(read))
    }

    async fn isolation(&self, ground: &Ground, name: &str) -> anyhow::Result<Vec<Compared>> {
        if self.args.isolation_reads == 0 {
            return Ok(Vec::new());
        }
        let sample = picked(ground).await?;
        let url = self.postgres.url(name);
        isolation::compare(ground, &url, &sample, self.args.isolation_reads).await
    }
}

async fn picked(ground: &Ground) -> anyhow::Result<Vec<(uuid::Uuid, String)>> {
    let mut tx = ground.hub.db.tenant_reading(ground.company_id, Scope::All).await?;
    Ok(sample(&mut tx, SAMPLE).await?)
}
