//! What was measured, as a table for people and as JSON for scripts.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{bare::Bare, cpu::Spent};
use crate::{clock::Clock, db::runs::Run};

/// What the figures depend on beside our code.
#[derive(Debug)]
pub(super) struct Environment {
    pub latency_ms: u64,
    pub shared_buffers: String,
    pub postgres: String,
    pub cores: usize,
    pub kernel: String,
    pub processor: String,
}

/// A part of an import, from one look to another: exact to the time between looks.
#[derive(Debug, Clone)]
pub(super) struct Phase {
    pub name: String,
    seconds: f64,
    spent: Spent,
}

impl Phase {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), seconds: 0.0, spent: Spent::default() }
    }

    pub(super) fn add(&mut self, took: Duration, spent: Spent) {
        self.seconds += took.as_secs_f64();
        self.spent.tandem += spent.tandem;
        self.spent.postgres += spent.postgres;
    }
}

/// A full import that completed.
#[derive(Debug)]
pub(super) struct Import {
    pub run: Run,
    pub took: Duration,
    pub spent: Spent,
    pub phases: Vec<Phase>,
}

impl Import {
    /// Persons alone are the records: organizations and deals come on top and cost, too.
    fn records(&self) -> f64 {
        number(self.run.seen)
    }

    fn per_second(&self) -> f64 {
        self.records() / self.took.as_secs_f64()
    }

    fn per_cpu_second(&self) -> f64 {
        self.records() / self.spent.together()
    }

    /// Of the pages of persons alone.
    fn persons_per_cpu_second(&self) -> Option<f64> {
        let phase = self.phases.iter().find(|phase| phase.name == "persons")?;
        Some(self.records() / phase.spent.together())
    }

    fn phases(&self) -> Value {
        let phases = self.phases.iter().map(|phase| {
            json!({
                "phase": phase.name,
                "seconds": rounded(phase.seconds),
                "cpu_seconds_tandem": rounded(phase.spent.tandem),
                "cpu_seconds_postgres": rounded(phase.spent.postgres),
            })
        });
        phases.collect()
    }
}

/// One size.
#[derive(Debug)]
pub(super) struct Figures {
    pub persons: u32,
    pub provider: &'static str,
    pub first: Import,
    pub unchanged: Import,
    pub bare: Bare,
    /// After the first import, and after both.
    pub peak_rss_mb: [f64; 2],
}

impl Figures {
    fn bare_per_cpu_second(&self) -> f64 {
        size(self.bare.mappings) / self.bare.spent.together()
    }

    fn json(&self) -> Map<String, Value> {
        let (first, unchanged, bare) = (&self.first, &self.unchanged, self.bare_per_cpu_second());
        let counts = first.run.counts();
        let figures = json!({
            "provider": self.provider,
            "persons": self.persons,
            "records": first.run.seen,
            "organizations": first.run.organizations_seen,
            "deals": first.run.deals_seen,
            "seconds": rounded(first.took.as_secs_f64()),
            "records_per_second": first.per_second().round(),
            "records_per_cpu_second": first.per_cpu_second().round(),
            "persons_phase_records_per_cpu_second": first.persons_per_cpu_second().map(f64::round),
            "cpu_seconds_tandem": rounded(first.spent.tandem),
            "cpu_seconds_postgres": rounded(first.spent.postgres),
            "requests": first.run.requests,
            "tokens": first.run.tokens_spent,
            "peak_rss_mb": rounded(self.peak_rss_mb[0]),
            "counts": {
                "created": counts.created, "updated": counts.updated, "linked": counts.linked,
                "unchanged": counts.unchanged, "skipped": counts.skipped,
                "conflict": counts.conflict, "quarantined": counts.quarantined,
            },
            "phases": first.phases(),
            "unchanged_seconds": rounded(unchanged.took.as_secs_f64()),
            "unchanged_records_per_second": unchanged.per_second().round(),
            "unchanged_records_per_cpu_second": unchanged.per_cpu_second().round(),
            "unchanged_cpu_seconds_tandem": rounded(unchanged.spent.tandem),
            "unchanged_cpu_seconds_postgres": rounded(unchanged.spent.postgres),
            "unchanged_requests": unchanged.run.requests,
            "unchanged_count": unchanged.run.unchanged,
            "unchanged_peak_rss_mb": rounded(self.peak_rss_mb[1]),
            "unchanged_phases": unchanged.phases(),
            "bare_unnest_contacts": self.bare.contacts,
            "bare_unnest_records": self.bare.mappings,
            "bare_unnest_seconds": rounded(self.bare.seconds),
            "bare_unnest_cpu_seconds_tandem": rounded(self.bare.spent.tandem),
            "bare_unnest_cpu_seconds_postgres": rounded(self.bare.spent.postgres),
            "bare_unnest_records_per_cpu_second": bare.round(),
            "ratio_to_bare_unnest": rounded(first.per_cpu_second() / bare),
            "persons_phase_ratio_to_bare_unnest":
                first.persons_per_cpu_second().map(|persons| rounded(persons / bare)),
        });
        let Value::Object(figures) = figures else { unreachable!("an object was written") };
        figures
    }
}

/// The lines of the table, in the order in which they are read.
const LINES: &[&str] = &[
    "persons",
    "organizations",
    "deals",
    "seconds",
    "records_per_second",
    "records_per_cpu_second",
    "cpu_seconds_tandem",
    "cpu_seconds_postgres",
    "requests",
    "tokens",
    "peak_rss_mb",
    "unchanged_seconds",
    "unchanged_records_per_second",
    "unchanged_records_per_cpu_second",
    "unchanged_cpu_seconds_tandem",
    "unchanged_cpu_seconds_postgres",
    "unchanged_requests",
    "unchanged_peak_rss_mb",
    "bare_unnest_records_per_cpu_second",
    "ratio_to_bare_unnest",
    "persons_phase_records_per_cpu_second",
    "persons_phase_ratio_to_bare_unnest",
];

/// Writes `<time>.json`; the figures of the last size stand at its top, those of all under `sizes`.
pub(super) fn keep(
    folder: &Path,
    environment: &Environment,
    all: &[Figures],
) -> anyhow::Result<PathBuf> {
    let now = Clock::system().now();
    let mut report = all.last().map(Figures::json).unwrap_or_default();
    report.insert("at".into(), now.to_rfc3339().into());
    report.insert("latency_ms".into(), environment.latency_ms.into());
    report.insert("shared_buffers".into(), environment.shared_buffers.as_str().into());
    report.insert(
        "versions".into(),
        json!({
            "tandem": env!("CARGO_PKG_VERSION"),
            "postgres": environment.postgres,
            "kernel": environment.kernel,
        }),
    );
    report.insert(
        "machine".into(),
        json!({ "processor": environment.processor, "cores": environment.cores }),
    );
    report.insert("sizes".into(), all.iter().map(Figures::json).map(Value::Object).collect());
    fs::create_dir_all(folder)?;
    let path = folder.join(now.format("%Y%m%dT%H%M%SZ.json").to_string());
    fs::write(&path, serde_json::to_string_pretty(&report)? + "\n")?;
    Ok(path)
}

/// A line per figure, a column per size.
pub(super) fn table(environment: &Environment, all: &[Figures]) -> String {
    let mut text = format!(
        "\nPostgreSQL {}, shared_buffers {}, {} cores of {}, the CRM answers {} ms late\n\n",
        environment.postgres,
        environment.shared_buffers,
        environment.cores,
        environment.processor,
        environment.latency_ms,
    );
    let columns: Vec<Map<String, Value>> = all.iter().map(Figures::json).collect();
    for &line in LINES {
        let _ = write!(text, "{:<40}", line.replace('_', " "));
        for value in columns.iter().filter_map(|figures| figures.get(line)) {
            let _ = write!(text, "{:>14}", value.to_string());
        }
        text.push('\n');
    }
    for figures in all {
        for (what, import) in [("first", &figures.first), ("unchanged", &figures.unchanged)] {
            let _ = writeln!(text, "\n{} persons, {what} import, by phase", figures.persons);
            for phase in &import.phases {
                let _ = writeln!(
                    text,
                    "  {:<16}{:>8.2} s, CPU {:>7.2} s Tandem + {:>7.2} s PostgreSQL",
                    phase.name, phase.seconds, phase.spent.tandem, phase.spent.postgres
                );
            }
        }
    }
    text
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of records are far below 2^52")]
fn number(count: i64) -> f64 {
    count as f64
}

fn size(count: usize) -> f64 {
    number(i64::try_from(count).unwrap_or(i64::MAX))
}
