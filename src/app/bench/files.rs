//! A file of rows, from its bytes in this process to its last contact by `tandem work`; and the same
//! file once more, when nothing in it is new.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};

use super::{
    Sheet,
    cpu::{self, Meter, Spent},
    figures::{number, rounded},
    ground::Ground,
    processes::{Crm, Service},
};
use crate::{
    db::{self, Scope, TenantTx},
    domain::{RunId, sheet::Settings},
    flows::{SealError, contacts::By, csv, idempotency::Witness, import::Started},
};

const LOOK: Duration = Duration::from_millis(100);
/// A run that takes longer than this is stuck.
const PATIENCE: Duration = Duration::from_hours(1);
/// Rows of a piece, as they arrive over a network.
const PIECE: u32 = 500;

/// One file, imported.
#[derive(Debug)]
pub(super) struct Taken {
    pub rows: u32,
    pub again: bool,
    pub megabytes: f64,
    pub seconds: f64,
    pub spent: Spent,
    pub peak_rss_mb: f64,
}

impl Taken {
    fn per_cpu_second(&self) -> f64 {
        f64::from(self.rows) / self.spent.together()
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "rows": self.rows,
            "again": self.again,
            "megabytes": rounded(self.megabytes),
            "seconds": rounded(self.seconds),
            "cpu_seconds_tandem": rounded(self.spent.tandem),
            "cpu_seconds_postgres": rounded(self.spent.postgres),
            "rows_per_cpu_second": rounded(self.per_cpu_second()),
            "peak_rss_mb": rounded(self.peak_rss_mb),
        })
    }
}

pub(super) fn text(all: &[Taken]) -> String {
    let head = "A file of rows        rows     MB   seconds   rows/CPU-s   peak MiB".to_owned();
    let lines = all.iter().map(|taken| {
        let what = if taken.again { "the same once more" } else { "into an empty book" };
        format!(
            "{what:18} {:>8} {:>6.1} {:>9.1} {:>12.0} {:>10.0}",
            taken.rows,
            taken.megabytes,
            taken.seconds,
            taken.per_cpu_second(),
            taken.peak_rss_mb
        )
    });
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}

impl Sheet<'_> {
    pub(super) async fn files(&self, rows: u32) -> anyhow::Result<Vec<Taken>> {
        let name = format!("bench_csv_{rows}");
        let crm = Crm::start(self.connector.manifest().slug, 1, 0).await?;
        let ground = Ground::prepare(self, &crm, &name).await?;
        let worker = Service::work(self.orders(&ground, &crm, 1))?;
        let mut taken = Vec::new();
        for again in [false, true] {
            taken.push(self.file(&ground, &worker, rows, again).await?);
        }
        worker.stop().await?;
        ground.close().await;
        let mut owner = self.owner("postgres").await?;
        owner.drop_database(&name).await?;
        owner.close().await?;
        Ok(taken)
    }

    async fn file(
        &self,
        ground: &Ground,
        worker: &Service,
        rows: u32,
        again: bool,
    ) -> anyhow::Result<Taken> {
        let (hub, company_id) = (&ground.hub, ground.company_id);
        let by = By { company_id, member_id: ground.member_id, scope: Scope::All };
        let pieces = stream::iter((0..rows.div_ceil(PIECE)).map(|at| Ok(piece(at, rows))));
        let file_id = csv::receive(hub, by, pieces, csv::BOUNDS).await?;
        let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
        let look = csv::look(&mut tx, file_id, None, None, None).await?;
        drop(tx);
        let meter = Meter { tandem: worker.pid(), postgres: self.server()? };
        cpu::forget_peak(worker.pid());
        let (begun, before) = (Instant::now(), meter.read()?);
        let settings = Settings { layout: look.layout, columns: look.columns };
        let mut told = Told(None);
        csv::start(hub, by, file_id, settings, &mut told).await?;
        let run_id = told.0.context("the file was not started")?;
        let run = loop {
            tokio::time::sleep(LOOK).await;
            let mut tx = hub.db.tenant_reading(company_id, Scope::All).await?;
            let run = db::runs::get(&mut tx, run_id).await?.context("the run is gone")?;
            if run.is_over() {
                break run;
            }
            anyhow::ensure!(begun.elapsed() < PATIENCE, "the import does not end");
        };
        let whole = run.state == "completed" && run.seen == i64::from(rows);
        anyhow::ensure!(whole, "the import {}: {:?}", run.state, run.state_reason);
        Ok(Taken {
            rows,
            again,
            megabytes: number(look.file.bytes) / f64::from(1 << 20),
            seconds: begun.elapsed().as_secs_f64(),
            spent: meter.read()?.since(before),
            peak_rss_mb: cpu::peak_rss_mb(worker.pid())?,
        })
    }
}

/// Rows as a spreadsheet of a sales team has them.
fn piece(at: u32, rows: u32) -> Bytes {
    let head = "First name;Last name;E-mail;Phone;Company;City;Note\r\n";
    let mut text = if at == 0 { head.to_owned() } else { String::new() };
    for n in at * PIECE..((at + 1) * PIECE).min(rows) {
        let (company, phone) = (n / 20, 200_000 + n);
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "First{n};Last{n};person{n}@company{company}.example;030 {phone};Company {company};\
             Berlin;\"met at a fair; call again\"\r\n"
        );
    }
    text.into()
}

struct Told(Option<RunId>);

#[async_trait::async_trait]
impl Witness<Started> for Told {
    async fn see(&mut self, _: &mut TenantTx, started: &Started) -> Result<(), SealError> {
        self.0 = Some(started.run_id);
        Ok(())
    }
}
