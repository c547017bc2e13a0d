//! Every CRM of the registry: what an import from it costs us, what it costs of what the vendor allows,
//! and which of the two ends first.
//!
//! Limits are lifted on both sides, or there would be nothing to measure but the vendor's window: that
//! one is reckoned with, from the manifest. It is the smallest account's, so a larger one is faster.

mod ceiling;
mod reading;
pub(super) mod table;

use serde_json::{Value, json};

use super::{
    Sheet,
    figures::{self, number, rounded},
    ground::Ground,
    imports::Import,
    processes::{Crm, Service},
};
use crate::{connectors::Manifest, flows::import::Mode};
use ceiling::{Asked, Ceiling};
use reading::Reading;

/// No vendor's window is left of that.
const BEYOND_LIMITS: u32 = 1_000;
/// Requests are told for so many records.
const STRETCH: f64 = 10_000.0;

/// One CRM.
#[derive(Debug)]
pub(super) struct Measured {
    pub manifest: &'static Manifest,
    pub persons: u32,
    pub first: Import,
    pub unchanged: Import,
    /// Of each kind of object, all of them read once more and nothing done with them.
    pub readings: Vec<Reading>,
}

/// Who is done last when everything else is instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    Vendor,
    /// A window that we keep to where the vendor has none of that kind.
    OwnWindow,
    OwnCode,
}

impl Measured {
    fn ceiling(&self) -> Ceiling {
        let run = &self.first.run;
        let asked = Asked {
            records: self.first.records(),
            persons: number(run.seen),
            requests: number(run.requests),
            tokens: number(run.tokens_spent),
        };
        Ceiling::of(self.manifest.limits(), self.manifest.page_size, asked)
    }

    pub(super) fn limit(&self) -> Limit {
        if self.ceiling().import < self.first.per_cpu_second() {
            if self.manifest.burst_is_theirs { Limit::Vendor } else { Limit::OwnWindow }
        } else {
            Limit::OwnCode
        }
    }

    pub(super) fn sentence(&self) -> String {
        let (name, allows) = (self.manifest.name, self.manifest.allows);
        let Ceiling { import, people_a_day, .. } = self.ceiling();
        let ours = self.first.per_cpu_second();
        let who = match self.limit() {
            Limit::Vendor => "the vendor's API is the limit and not our code",
            Limit::OwnWindow => "the window that we keep to is the limit and not our code",
            Limit::OwnCode => "our code is the limit on one core, before the API",
        };
        format!(
            "{name}: {who}. What is allowed brings {import:.0} records a second, one core takes in \
             {ours:.0}; the day's budget is enough for a book of {people_a_day:.0} people. {allows}",
        )
    }

    pub(super) fn json(&self) -> Value {
        let per_stretch = self.readings.iter().map(|one| {
            let told = json!({
                "records": one.records, "requests": one.requests, "tokens": one.tokens,
                "requests_per_10000_records": one.per_stretch().map(rounded),
            });
            (one.kind.to_owned(), told)
        });
        let ceiling = self.ceiling();
        json!({
            "provider": self.manifest.slug,
            "persons": self.persons,
            "first": figures::import(&self.first),
            "unchanged": figures::import(&self.unchanged),
            "megabytes": rounded(self.first.counted.megabytes()),
            "reading": per_stretch.collect::<serde_json::Map<_, _>>(),
            "requests_per_10000_records": rounded(self.requests_per_stretch()),
            "vendor": {
                "allows": self.manifest.allows,
                "requests_per_second": rounded(ceiling.requests_per_second),
                "page_size": self.manifest.page_size,
                "daily_tokens": self.manifest.daily_tokens,
                "page_ceiling_records_per_second": ceiling.full_pages.round(),
                "ceiling_records_per_second": ceiling.import.round(),
                "people_a_day": ceiling.people_a_day.round(),
            },
            "limit": match self.limit() {
                Limit::Vendor => "vendor",
                Limit::OwnWindow => "our window",
                Limit::OwnCode => "our code",
            },
            "sentence": self.sentence(),
        })
    }

    /// Of a whole first import.
    pub(super) fn requests_per_stretch(&self) -> f64 {
        number(self.first.run.requests) / self.first.records() * STRETCH
    }
}

impl Sheet<'_> {
    pub(super) async fn crm(&self, persons: u32) -> anyhow::Result<Measured> {
        let manifest = self.connector.manifest();
        let crm = Crm::start(manifest.slug, persons, 0).await?;
        crm.lift_limits().await?;
        let name = format!("bench_crm_{}", manifest.slug);
        let ground = Ground::prepare(self, &crm, &name).await?;
        let mut owner = self.owner(&name).await?;
        let orders = self.orders(&ground, &crm, BEYOND_LIMITS);
        let mut worker = Service::work(orders)?;
        let first = self.import(&ground, &crm, &mut worker, &Mode::Full).await?;
        owner.settle().await?;
        let unchanged = self.import(&ground, &crm, &mut worker, &Mode::Full).await?;
        worker.stop().await?;
        let readings = reading::all(&ground).await?;
        ground.close().await;
        owner.close().await?;
        let mut owner = self.owner("postgres").await?;
        owner.drop_database(&name).await?;
        owner.close().await?;
        Ok(Measured { manifest, persons, first, unchanged, readings })
    }
}
