//! What was measured, as JSON for scripts.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use super::{
    bare::Bare,
    crms::Measured as OfCrm,
    deliveries::Deliveries,
    files::Taken,
    imports::{Import, PERSONS},
    isolation::Compared,
    reads::Reads,
    reports::Reports,
    targets,
};
use crate::{clock::Clock, db::bare::Writes};

/// What the figures depend on beside our code.
#[derive(Debug)]
pub(super) struct Environment {
    pub shared_buffers: String,
    pub postgres: String,
    pub cores: usize,
    pub kernel: String,
    pub processor: String,
}

/// An incremental import that had nothing to bring.
#[derive(Debug)]
pub(super) struct Nothing {
    pub import: Import,
    /// To the tables of the book, as Postgres counted.
    pub writes: Vec<Writes>,
}

impl Nothing {
    pub(super) fn written(&self) -> i64 {
        self.writes.iter().map(|table| table.inserted + table.updated + table.deleted).sum()
    }

    /// The most that any kind of object was asked for.
    pub(super) fn most_requests(&self) -> u64 {
        self.import.counted.requests.values().copied().max().unwrap_or_default()
    }

    fn json(&self) -> Value {
        let writes = self.writes.iter().map(|table| {
            let counts = json!({
                "inserted": table.inserted, "updated": table.updated, "deleted": table.deleted,
            });
            (table.table_name.clone(), counts)
        });
        json!({
            "import": import(&self.import),
            "requests_by_kind": self.import.counted.requests,
            "book_rows_written": self.written(),
            "writes": writes.collect::<Map<_, _>>(),
        })
    }
}

/// Imports after some persons changed, others before each.
#[derive(Debug)]
pub(super) struct Changed {
    pub persons: u32,
    pub full: Import,
    pub incremental: Import,
}

/// One size at one latency.
#[derive(Debug)]
pub(super) struct Figures {
    pub persons: u32,
    pub provider: &'static str,
    pub latency_ms: u64,
    /// The largest page of persons that the provider gives.
    pub page_size: u16,
    pub first: Import,
    pub unchanged: Import,
    pub nothing: Nothing,
    pub bare: Option<Bare>,
    pub changed: Option<Changed>,
    /// Over HTTP, and the same statements without.
    pub reads: Option<(Reads, Reads)>,
    pub isolation: Vec<Compared>,
}

impl Import {
    /// Everything that the run read and accounts for: persons, organizations and deals.
    pub(super) fn records(&self) -> f64 {
        number(self.run.seen + self.run.organizations_seen + self.run.deals_seen)
    }

    fn persons(&self) -> f64 {
        number(self.run.seen)
    }

    pub(super) fn per_second(&self) -> f64 {
        self.records() / self.took.as_secs_f64()
    }

    pub(super) fn per_cpu_second(&self) -> f64 {
        self.records() / self.spent.together()
    }

    /// Persons alone, by what everything cost.
    pub(super) fn persons_per_cpu_second_of_all(&self) -> f64 {
        self.persons() / self.spent.together()
    }

    /// Of the pages of persons alone.
    fn persons_per_cpu_second(&self) -> Option<f64> {
        Some(self.persons() / self.phase(PERSONS)?.spent.together())
    }

    fn persons_per_second(&self) -> Option<f64> {
        Some(self.persons() / self.phase(PERSONS)?.seconds)
    }
}

impl Figures {
    /// What a bare insert of the same rows spent, as a share of what the import spent.
    pub(super) fn ratio(&self) -> Option<f64> {
        Some(self.bare.as_ref()?.spent() / self.first.spent.together())
    }

    /// The same for the pages of persons against the rows of persons.
    pub(super) fn persons_ratio(&self) -> Option<f64> {
        let spent = self.bare.as_ref()?.persons.spent.together();
        Some(spent / self.first.phase(PERSONS)?.spent.together())
    }

    /// What the stand-in took for a request while persons came, by its own clock, in seconds: from
    /// the request to the finished answer, without the latency and without the way.
    fn provider_seconds(&self) -> Option<f64> {
        self.first.counted_persons.mean_seconds()
    }

    /// Records per second of one page after the other with nothing else to do.
    fn bound(&self) -> Option<f64> {
        let latency = f64::from(u32::try_from(self.latency_ms).ok()?) / 1_000.0;
        Some(f64::from(self.page_size) / (latency + self.provider_seconds()?))
    }

    /// How much of it the pages of persons reached; only where somebody waits.
    pub(super) fn of_bound(&self) -> Option<f64> {
        (self.latency_ms > 0).then_some(self.first.persons_per_second()? / self.bound()?)
    }

    pub(super) fn json(&self) -> Map<String, Value> {
        let first = &self.first;
        let mut figures = Map::new();
        let mut put = |name: &str, value: Value| figures.insert(name.to_owned(), value);
        put("provider", self.provider.into());
        put("persons", self.persons.into());
        put("latency_ms", self.latency_ms.into());
        put("targets", targets::of(self).iter().map(targets::Target::json).collect());
        put("first", import(first));
        put("unchanged", import(&self.unchanged));
        put("incremental_nothing", self.nothing.json());
        put("page_size", self.page_size.into());
        put("provider_ms_per_request", option(self.provider_seconds().map(|time| time * 1e3)));
        put("bound_records_per_second", option(self.bound()));
        put("share_of_bound", option(self.of_bound()));
        if let Some(growth) = &first.growth {
            put(
                "growth",
                json!({
                    "first_records": growth.records.0,
                    "last_records": growth.records.1,
                    "first_wall_us": rounded(growth.first.wall_us),
                    "last_wall_us": rounded(growth.last.wall_us),
                    "wall_ratio": rounded(growth.wall_ratio()),
                    "first_cpu_us": rounded(growth.first.cpu_us),
                    "last_cpu_us": rounded(growth.last.cpu_us),
                    "cpu_ratio": rounded(growth.cpu_ratio()),
                }),
            );
        }
        // Of the whole first import, per person: the stretches say where it grows.
        let pace = first.pace.iter().map(|stretch| {
            json!({
                "until": stretch.until.round(),
                "wall_us": rounded(stretch.wall_us),
                "tandem_us": rounded(stretch.tandem_us),
                "postgres_us": rounded(stretch.postgres_us),
            })
        });
        put("pace", pace.collect());
        if let Some(bare) = &self.bare {
            put("bare_unnest", self.bare(bare));
        }
        if let Some(changed) = &self.changed {
            put(
                "changed",
                json!({
                    "persons": changed.persons,
                    "full": import(&changed.full),
                    "incremental": import(&changed.incremental),
                }),
            );
        }
        if let Some((over_http, without)) = &self.reads {
            put("reads", json!({ "http": over_http.json(), "raw_sql": without.json() }));
        }
        put("isolation", self.isolation.iter().map(|compared| compared.json()).collect());
        figures
    }

    fn bare(&self, bare: &Bare) -> Value {
        let parts = bare.parts().into_iter().map(|(name, part)| {
            let part = json!({
                "rows": part.rows,
                "seconds": rounded(part.seconds),
                "cpu_seconds_tandem": rounded(part.spent.tandem),
                "cpu_seconds_postgres": rounded(part.spent.postgres),
            });
            (name.to_owned(), part)
        });
        json!({
            "contacts": bare.contacts,
            "mappings_of_persons": bare.mappings,
            "parts": parts.collect::<Map<_, _>>(),
            "records_per_cpu_second": (self.first.records() / bare.spent()).round(),
            "persons_records_per_cpu_second":
                (self.first.persons() / bare.persons.spent.together()).round(),
            "ratio": option(self.ratio()),
            "persons_ratio": option(self.persons_ratio()),
        })
    }
}

pub(super) fn import(import: &Import) -> Value {
    let (run, counts) = (&import.run, import.run.counts());
    let phases = import.phases.iter().map(|phase| {
        json!({
            "phase": phase.name,
            "seconds": rounded(phase.seconds),
            "cpu_seconds_tandem": rounded(phase.spent.tandem),
            "cpu_seconds_postgres": rounded(phase.spent.postgres),
        })
    });
    json!({
        "records": import.records(),
        "persons": run.seen,
        "organizations": run.organizations_seen,
        "deals": run.deals_seen,
        "seconds": rounded(import.took.as_secs_f64()),
        "records_per_second": import.per_second().round(),
        "records_per_cpu_second": import.per_cpu_second().round(),
        "persons_per_cpu_second_of_all": import.persons_per_cpu_second_of_all().round(),
        "persons_records_per_second": import.persons_per_second().map(f64::round),
        "persons_records_per_cpu_second": import.persons_per_cpu_second().map(f64::round),
        "cpu_seconds_tandem": rounded(import.spent.tandem),
        "cpu_seconds_postgres": rounded(import.spent.postgres),
        "requests": run.requests,
        "tokens": run.tokens_spent,
        "peak_rss_mb": rounded(import.peak_rss_mb),
        "counts": {
            "created": counts.created, "updated": counts.updated, "linked": counts.linked,
            "unchanged": counts.unchanged, "skipped": counts.skipped,
            "conflict": counts.conflict, "quarantined": counts.quarantined,
        },
        "phases": phases.collect::<Vec<_>>(),
    })
}

/// Writes `<time>.json`.
pub(super) fn keep(
    folder: &Path,
    environment: &Environment,
    all: &[Figures],
    deliveries: Option<&Deliveries>,
    reports: Option<&Reports>,
    files: &[Taken],
    crms: &[OfCrm],
) -> anyhow::Result<PathBuf> {
    let now = Clock::system().now();
    let report = json!({
        "at": now.to_rfc3339(),
        "shared_buffers": environment.shared_buffers,
        "versions": {
            "tandem": env!("CARGO_PKG_VERSION"),
            "postgres": environment.postgres,
            "kernel": environment.kernel,
        },
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "machine": { "processor": environment.processor, "cores": environment.cores },
        "sizes": all.iter().map(Figures::json).collect::<Vec<_>>(),
        "deliveries": deliveries.map(Deliveries::json),
        "reports": reports.map(Reports::json),
        "files": files.iter().map(Taken::json).collect::<Vec<_>>(),
        "crms": crms.iter().map(OfCrm::json).collect::<Vec<_>>(),
    });
    fs::create_dir_all(folder)?;
    let path = folder.join(now.format("%Y%m%dT%H%M%SZ.json").to_string());
    fs::write(&path, serde_json::to_string_pretty(&report)? + "\n")?;
    Ok(path)
}

/// Two digits behind the point; nothing is nothing, and no number is null.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn option(value: Option<f64>) -> Value {
    value.map(rounded).into()
}

#[expect(clippy::cast_precision_loss, reason = "counts of records are far below 2^52")]
pub(super) fn number(count: i64) -> f64 {
    count as f64
}
