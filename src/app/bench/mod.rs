//! `tandem bench`: imports from a sandbox in a process of its own, by `tandem work` in a process of
//! its own, into a private PostgreSQL with the settings of the demo; measured.
//!
//! Per size: a first full import into an empty company, the same import again with nothing changed,
//! and then the rows that the first one wrote, written once more by a bare `unnest` into another
//! empty database of the same cluster: the price of the rows alone.

mod bare;
mod cpu;
mod figures;
mod ground;
mod processes;

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::{
    app,
    command_line::BenchArgs,
    config::Config,
    connectors::{self, Connector},
    db::{self, Scope, runs::Run},
    embedded::{self, PrivatePostgres},
    flows::import::{self, Mode},
};

use cpu::{Meter, Spent};
use figures::{Environment, Figures, Import, Phase};
use ground::Ground;
use processes::{Crm, Worker};

/// How often the run is looked at; the look itself costs Postgres well under 1 % of a core.
const LOOK: Duration = Duration::from_millis(100);
/// A run that takes longer than this is stuck.
const PATIENCE: Duration = Duration::from_hours(1);

/// Measures every size, prints a table and keeps the figures.
pub async fn bench(config: Config, args: BenchArgs) -> anyhow::Result<()> {
    cpu::available()?;
    let stopping = app::stopping()?;
    let folder = config.data_dir.join("bench");
    fs::create_dir_all(&folder)?;
    let cluster = folder.join("postgres");
    embedded::erase(&cluster).await?;
    let postgres = PrivatePostgres::start(&cluster, true).await?;

    let measured = tokio::select! {
        measured = measure(config, &args, &folder, &postgres) => measured,
        () = stopping.cancelled() => Err(anyhow::anyhow!("stopped")),
    };
    postgres.stop().await?;
    embedded::erase(&cluster).await?;
    let (environment, figures) = measured?;
    let path = figures::keep(&args.out, &environment, &figures)?;
    app::say(&figures::table(&environment, &figures))?;
    app::say(&format!("The figures are in {}.", path.display()))
}

async fn measure(
    config: Config,
    args: &BenchArgs,
    folder: &Path,
    postgres: &PrivatePostgres,
) -> anyhow::Result<(Environment, Vec<Figures>)> {
    let keys = ground::master_keys(folder)?;
    let mut all = Vec::new();
    let mut environment = None;
    for &connector in connectors::all() {
        for &persons in &args.persons {
            let crm = Crm::start(connector.manifest().slug, persons, args.latency_ms).await?;
            let sheet = Sheet { connector, config: &config, keys: &keys, postgres, folder };
            all.push(sheet.size(&crm, persons).await?);
            if environment.is_none() {
                environment = Some(sheet.environment(args).await?);
            }
        }
    }
    Ok((environment.context("there is nothing to measure")?, all))
}

/// What all sizes of one CRM have in common.
struct Sheet<'a> {
    connector: &'static dyn Connector,
    config: &'a Config,
    keys: &'a Path,
    postgres: &'a PrivatePostgres,
    folder: &'a Path,
}

impl Sheet<'_> {
    async fn size(&self, crm: &Crm, persons: u32) -> anyhow::Result<Figures> {
        let slug = self.connector.manifest().slug;
        let name = format!("bench_{slug}_{persons}");
        let ground = Ground::prepare(self, crm, &name).await?;
        let mut worker = Worker::start(&ground, crm, self.keys, self.folder)?;
        let first = self.import(&ground, &mut worker).await?;
        let peak_rss_mb = worker.peak_rss_mb()?;
        let unchanged = self.import(&ground, &mut worker).await?;
        let peak_rss_unchanged_mb = worker.peak_rss_mb()?;
        // An idle worker still looks for jobs; the bare insert shall not pay for that.
        worker.stop().await?;

        let empty = Ground::prepare(self, crm, &format!("{name}_bare")).await?;
        let bare = bare::insert(&ground, &empty, self.server()?).await?;
        ground.close().await;
        empty.close().await;
        let peak_rss_mb = [peak_rss_mb, peak_rss_unchanged_mb];
        Ok(Figures { persons, provider: slug, first, unchanged, bare, peak_rss_mb })
    }

    /// A full import, from its first statement to its last.
    async fn import(&self, ground: &Ground, worker: &mut Worker) -> anyhow::Result<Import> {
        let meter = Meter { tandem: worker.pid(), postgres: self.server()? };
        let (begun, before) = (Instant::now(), meter.read()?);
        let started = import::start(
            &ground.hub,
            ground.company_id,
            ground.member_id,
            ground.provider()?,
            &Mode::Full,
        )
        .await?;
        let mut phases: Vec<Phase> = Vec::new();
        let (mut at, mut spent) = (begun, before);
        loop {
            tokio::time::sleep(LOOK).await;
            let mut tx = ground.hub.db.tenant_reading(ground.company_id, Scope::All).await?;
            let run = db::runs::get(&mut tx, started.run_id).await?.context("the run is gone")?;
            drop(tx);
            let now = meter.read()?;
            if phases.last().is_none_or(|phase| phase.name != run.phase) {
                phases.push(Phase::new(&run.phase));
            }
            if let Some(phase) = phases.last_mut() {
                phase.add(at.elapsed(), now.since(spent));
            }
            (at, spent) = (Instant::now(), now);
            if run.is_over() {
                return import_of(&run, now.since(before), phases);
            }
            anyhow::ensure!(begun.elapsed() < PATIENCE, "the import does not end");
            anyhow::ensure!(worker.is_alive(), "the worker ended in the middle of the import");
        }
    }

    fn server(&self) -> anyhow::Result<u32> {
        self.postgres.pid().context("PostgreSQL is gone")
    }

    async fn environment(&self, args: &BenchArgs) -> anyhow::Result<Environment> {
        let url = self.postgres.url("postgres");
        let setting =
            async |name| db::bare::setting(url.parse()?, name).await.map_err(anyhow::Error::from);
        Ok(Environment {
            latency_ms: args.latency_ms,
            shared_buffers: setting("shared_buffers").await?,
            postgres: setting("server_version").await?,
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: cpu::kernel(),
            processor: cpu::processor(),
        })
    }
}

fn import_of(run: &Run, spent: Spent, phases: Vec<Phase>) -> anyhow::Result<Import> {
    let reason = run.state_reason.as_deref().unwrap_or_default();
    anyhow::ensure!(run.state == "completed", "the import {}: {reason}", run.state);
    let took = run.finished_at.zip(run.started_at).map(|(end, start)| end - start);
    let took = took.and_then(|took| took.to_std().ok()).context("the run has no times")?;
    Ok(Import { run: run.clone(), took, spent, phases })
}
