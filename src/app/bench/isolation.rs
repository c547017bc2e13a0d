//! What keeping companies apart costs: the same reads with the tenant's key, as the role of
//! production and behind row-level security, and as the owner with the company in each statement.
//!
//! The ways take turns on connections of their own, so that noise of the machine meets all of
//! them; the time of each server process on a core is read once before and once after.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{cpu, figures::rounded, ground::Ground};
use crate::{
    db::{
        Db, Scope,
        bare::{self, Owner, Plain},
        contacts::{self, Filter, Order, Position, Sort},
    },
    domain::ContactId,
};

/// What the API reads for a page of 50.
const PAGE: i64 = 51;
const NEWEST: Order = Order { sort: Sort::Created, descending: true };
/// Before anything counts: plans, caches of the catalogue.
const WARM: usize = 20;

/// One way of reading.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Way {
    pub cpu_us: f64,
    pub wall_us: f64,
}

/// A read in its three ways; microseconds per read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    pub read: &'static str,
    pub isolated: Way,
    /// As the owner, one statement and nothing around it.
    pub plain: Way,
    /// As the owner in a transaction, as the service reads.
    pub plain_in_transaction: Way,
}

impl Compared {
    pub(super) fn json(self) -> Value {
        let way = |way: Way| json!({ "backend_cpu_us": rounded(way.cpu_us), "wall_us": rounded(way.wall_us) });
        json!({
            "read": self.read,
            "isolated": way(self.isolated),
            "plain": way(self.plain),
            "plain_in_transaction": way(self.plain_in_transaction),
            "backend_cpu_us_more": rounded(self.isolated.cpu_us - self.plain.cpu_us),
            "backend_cpu_ratio": rounded(self.isolated.cpu_us / self.plain.cpu_us),
            "wall_ratio": rounded(self.isolated.wall_us / self.plain.wall_us),
            "backend_cpu_ratio_in_transaction":
                rounded(self.isolated.cpu_us / self.plain_in_transaction.cpu_us),
        })
    }
}

/// The three ways, each on its own connection.
struct Ways<'a> {
    ground: &'a Ground,
    db: Db,
    plain: Owner,
    within: Owner,
}

pub(super) async fn compare(
    ground: &Ground,
    owner_url: &str,
    sample: &[(Uuid, String)],
    repetitions: u32,
) -> anyhow::Result<Vec<Compared>> {
    let mut ways = Ways {
        ground,
        db: ground.database(1).await?,
        plain: Owner::connect(owner_url.parse()?).await?,
        within: Owner::connect(owner_url.parse()?).await?,
    };
    let page = |(id, _): &(Uuid, String)| Plain::Page(ContactId::from_uuid(*id));
    let one = |(id, _): &(Uuid, String)| Plain::One(ContactId::from_uuid(*id));
    let search = |(_, name): &(Uuid, String)| Plain::Search(name.to_lowercase());
    let mut all = Vec::new();
    for (read, reads) in [
        ("contacts_page", sample.iter().map(page).collect::<Vec<_>>()),
        ("one_contact", sample.iter().map(one).collect()),
        ("search", sample.iter().map(search).collect()),
    ] {
        all.push(ways.compare(read, &reads, repetitions).await?);
    }
    ways.db.close().await;
    ways.plain.close().await?;
    ways.within.close().await?;
    Ok(all)
}

impl Ways<'_> {
    async fn compare(
        &mut self,
        read: &'static str,
        reads: &[Plain],
        repetitions: u32,
    ) -> anyhow::Result<Compared> {
        anyhow::ensure!(!reads.is_empty(), "the book is empty");
        for read in reads.iter().cycle().take(WARM) {
            self.each(read).await?;
        }
        let mut tx = self.db.tenant_reading(self.ground.company_id, Scope::All).await?;
        let pids = [
            bare::backend(&mut tx).await?,
            self.plain.backend().await?,
            self.within.backend().await?,
        ];
        drop(tx);
        // The released connection is cleaned before anybody gets it again; then it idles.
        drop(self.db.tenant_reading(self.ground.company_id, Scope::All).await?);
        let before = on_cores(pids)?;
        let mut wall = [Duration::ZERO; 3];
        for read in reads.iter().cycle().take(usize::try_from(repetitions)?) {
            for (wall, took) in wall.iter_mut().zip(self.each(read).await?) {
                *wall += took;
            }
        }
        let after = on_cores(pids)?;
        let way = |at: usize| Way {
            cpu_us: (after[at] - before[at]) / f64::from(repetitions) * 1e6,
            wall_us: wall[at].as_secs_f64() / f64::from(repetitions) * 1e6,
        };
        Ok(Compared { read, isolated: way(0), plain: way(1), plain_in_transaction: way(2) })
    }

    /// One read in each way; all must find the same.
    async fn each(&mut self, read: &Plain) -> anyhow::Result<[Duration; 3]> {
        let company_id = self.ground.company_id;
        let mut found = BTreeMap::new();
        let begun = Instant::now();
        let mut tx = self.db.tenant_reading(company_id, Scope::All).await?;
        let rows = match read {
            Plain::Page(id) => {
                let position = Position::Created(*id);
                contacts::list(&mut tx, &Filter::default(), NEWEST, Some(&position), PAGE).await?
            }
            Plain::One(id) => contacts::get(&mut tx, *id).await?.into_iter().collect(),
            Plain::Search(text) => {
                let filter = Filter { search: Some(text.clone()), ..Filter::default() };
                contacts::list(&mut tx, &filter, NEWEST, None, PAGE).await?
            }
        };
        tx.commit().await?;
        let isolated = begun.elapsed();
        found.insert("isolated", rows.len());

        let begun = Instant::now();
        let rows = self.plain.read(company_id, read, PAGE).await?;
        let plain = begun.elapsed();
        found.insert("plain", rows.len());

        let begun = Instant::now();
        self.within.begin().await?;
        let rows = self.within.read(company_id, read, PAGE).await?;
        self.within.commit().await?;
        let within = begun.elapsed();
        found.insert("in a transaction", rows.len());

        let same = found.values().all(|count| Some(count) == found.values().next());
        anyhow::ensure!(same, "the ways of reading found different contacts: {found:?}");
        Ok([isolated, plain, within])
    }
}

fn on_cores(pids: [u32; 3]) -> anyhow::Result<[f64; 3]> {
    Ok([cpu::on_core(pids[0])?, cpu::on_core(pids[1])?, cpu::on_core(pids[2])?])
}
