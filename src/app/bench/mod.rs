//! `tandem bench`: imports from a sandbox in a process of its own, by `tandem work` in a process of
//! its own, into a private PostgreSQL with the settings of the demo; measured.
//!
//! Per size and latency: a first full import into an empty company, the same import again with
//! nothing changed, and an incremental one that finds nothing. Where everything is measured, then:
//! a full and an incremental import after one person in a hundred changed; the rows that the first
//! import wrote, written once more by a bare `unnest` into another empty database of the cluster;
//! reads over HTTP from `tandem serve` beside the same statements without it; and the same reads
//! with and without what keeps companies apart.
//!
//! From every CRM of the registry ([`crms`]) a first full import and an unchanged one, with limits
//! lifted, beside what the vendor allows; all else is measured with the first of the registry.
//!
//! And deliveries ([`deliveries`]): leads and activities from `tandem serve` through `tandem work` to
//! the sandbox. With `--only csv`, files of as many rows ([`files`]).
//!
//! And reports ([`reports`]): over HTTP, of a company with a million activities.

mod bare;
mod cpu;
mod crms;
mod deliveries;
mod figures;
mod files;
mod ground;
mod growth;
mod imports;
mod isolation;
mod latencies;
mod load;
mod processes;
mod reads;
mod reports;
mod series;
mod table;
mod targets;
mod wire;

use std::{fs, path::Path};

use anyhow::Context as _;

use crate::{
    app,
    command_line::{BenchArgs, BenchPart},
    config::Config,
    connectors::{self, Connector},
    db::bare::Owner,
    embedded::{self, PrivatePostgres},
};

use deliveries::Deliveries;
use figures::{Environment, Figures};
use files::Taken;
use ground::Ground;
use processes::{Crm, Orders};
use reports::Reports;

/// Measures every size, prints a table and keeps the figures.
pub async fn bench(config: Config, args: BenchArgs) -> anyhow::Result<()> {
    cpu::available()?;
    for slug in &args.crms {
        connectors::find(slug).with_context(|| format!("there is no CRM called {slug}"))?;
    }
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
    let Measured { environment, figures, crms, deliveries, reports, files } = measured?;
    let (outbound, told) = (deliveries.as_ref(), reports.as_ref());
    let path = figures::keep(&args.out, &environment, &figures, outbound, told, &files, &crms)?;
    app::say(&table::text(&environment, &figures))?;
    if !crms.is_empty() {
        app::say(&crms::table::text(&crms))?;
    }
    if let Some(deliveries) = &deliveries {
        app::say(&deliveries::table::text(deliveries))?;
    }
    if let Some(reports) = &reports {
        app::say(&reports::table::text(reports))?;
    }
    if !files.is_empty() {
        app::say(&files::text(&files))?;
    }
    app::say(&format!("The figures are in {}.", path.display()))
}

struct Measured {
    environment: Environment,
    figures: Vec<Figures>,
    crms: Vec<crms::Measured>,
    deliveries: Option<Deliveries>,
    reports: Option<Reports>,
    files: Vec<Taken>,
}

async fn measure(
    config: Config,
    args: &BenchArgs,
    folder: &Path,
    postgres: &PrivatePostgres,
) -> anyhow::Result<Measured> {
    let keys = ground::master_keys(folder)?;
    let mut all = Vec::new();
    let (mut environment, mut deliveries, mut reports) = (None, None, None);
    let (mut files, mut crms) = (Vec::new(), Vec::new());
    for &connector in connectors::all() {
        let is_first = environment.is_none();
        let password = uuid::Uuid::new_v4().simple().to_string();
        let sheet =
            Sheet { connector, config: &config, keys: &keys, postgres, folder, args, password };
        if environment.is_none() {
            environment = Some(sheet.environment().await?);
        }
        if deliveries.is_none()
            && args.only.contains(&BenchPart::Deliveries)
            && connector.writer().is_some()
        {
            deliveries = Some(sheet.deliveries().await?);
        }
        if reports.is_none() && args.only.contains(&BenchPart::Reports) {
            reports = Some(sheet.reports().await?);
        }
        if files.is_empty() && args.only.contains(&BenchPart::Csv) {
            for &rows in &args.persons {
                files.extend(sheet.files(rows).await?);
            }
        }
        let slug = connector.manifest().slug;
        let is_wanted = args.crms.is_empty() || args.crms.iter().any(|wanted| wanted == slug);
        if let Some(&persons) = args.persons.iter().min()
            && is_wanted
            && args.only.contains(&BenchPart::Crms)
        {
            crms.push(sheet.crm(persons).await?);
        }
        let imports = args.only.contains(&BenchPart::Imports)
            && if args.crms.is_empty() { is_first } else { is_wanted };
        for &persons in args.persons.iter().filter(|_| imports) {
            for (at, &latency_ms) in args.latency_ms.iter().enumerate() {
                let crm = Crm::start(slug, persons, latency_ms).await?;
                all.push(sheet.series(&crm, persons, latency_ms, at == 0).await?);
            }
        }
    }
    let environment = environment.context("there is nothing to measure")?;
    Ok(Measured { environment, figures: all, crms, deliveries, reports, files })
}

/// What all sizes of one CRM have in common.
struct Sheet<'a> {
    connector: &'static dyn Connector,
    config: &'a Config,
    keys: &'a Path,
    postgres: &'a PrivatePostgres,
    folder: &'a Path,
    args: &'a BenchArgs,
    /// Of the login role: roles are the cluster's, so all its databases share it.
    password: String,
}

impl Sheet<'_> {
    fn server(&self) -> anyhow::Result<u32> {
        self.postgres.pid().context("PostgreSQL is gone")
    }

    /// For the services of one ground; `beyond_limits` is 1 unless the CRM's limits are lifted.
    fn orders<'b>(&'b self, ground: &'b Ground, crm: &'b Crm, beyond_limits: u32) -> Orders<'b> {
        Orders { ground, crm, keys: self.keys, folder: self.folder, beyond_limits }
    }

    /// A connection as the owner of the cluster, which the service never has.
    async fn owner(&self, database: &str) -> anyhow::Result<Owner> {
        Ok(Owner::connect(self.postgres.url(database).parse()?).await?)
    }

    async fn environment(&self) -> anyhow::Result<Environment> {
        let mut owner = self.owner("postgres").await?;
        let environment = Environment {
            shared_buffers: owner.setting("shared_buffers").await?,
            postgres: owner.setting("server_version").await?,
            cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            kernel: cpu::kernel(),
            processor: cpu::processor(),
        };
        owner.close().await?;
        Ok(environment)
    }
}
