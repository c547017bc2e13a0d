//! One import, from its first statement to its last, looked at while it runs.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{
    Sheet,
    cpu::{self, Meter, Spent},
    ground::Ground,
    growth::{self, Growth, Sample, Stretch},
    processes::{Counted, Crm, Service},
};
use crate::{
    db::{self, Scope, runs::Run},
    flows::import::{self, Mode},
};

/// How often the run is looked at; the look itself costs Postgres about 1 % of a core.
const LOOK: Duration = Duration::from_millis(50);
/// A run that takes longer than this is stuck.
const PATIENCE: Duration = Duration::from_hours(2);
/// What the requirement compares.
const STRETCH: f64 = 10_000.0;
/// Of which the figures tell the pace, over the whole run.
const STRETCHES: u8 = 20;
pub(super) const PERSONS: &str = "persons";

/// A part of an import, from one look to another: exact to the time between looks.
#[derive(Debug, Clone)]
pub(super) struct Phase {
    pub name: String,
    pub seconds: f64,
    pub spent: Spent,
}

/// An import that completed.
#[derive(Debug)]
pub(super) struct Import {
    pub run: Run,
    pub took: Duration,
    pub spent: Spent,
    pub phases: Vec<Phase>,
    /// Of the pages of persons.
    pub growth: Option<Growth>,
    pub pace: Vec<Stretch>,
    pub peak_rss_mb: f64,
    /// What the stand-in was asked, and was asked while persons came.
    pub counted: Counted,
    pub counted_persons: Counted,
}

impl Import {
    pub(super) fn phase(&self, name: &str) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.name == name)
    }
}

impl Sheet<'_> {
    pub(super) async fn import(
        &self,
        ground: &Ground,
        crm: &Crm,
        worker: &mut Service,
        mode: &Mode,
    ) -> anyhow::Result<Import> {
        let meter = Meter { tandem: worker.pid(), postgres: self.server()? };
        let asked = crm.counted().await?;
        cpu::forget_peak(worker.pid());
        let (begun, before) = (Instant::now(), meter.read()?);
        let started = import::start(
            &ground.hub,
            ground.company_id,
            ground.member_id,
            ground.provider()?,
            mode,
        )
        .await?;
        let mut watch = Watch::new(begun, before);
        loop {
            tokio::time::sleep(LOOK).await;
            let mut tx = ground.hub.db.tenant_reading(ground.company_id, Scope::All).await?;
            let run = db::runs::get(&mut tx, started.run_id).await?.context("the run is gone")?;
            drop(tx);
            if watch.look(&run, meter.read()?) {
                watch.mark = Some(crm.counted().await?);
            }
            if run.is_over() {
                let peak_rss_mb = cpu::peak_rss_mb(worker.pid())?;
                return watch.import(&run, peak_rss_mb, &asked, &crm.counted().await?);
            }
            anyhow::ensure!(begun.elapsed() < PATIENCE, "the import does not end");
            anyhow::ensure!(worker.is_alive(), "the worker ended in the middle of the import");
        }
    }
}

/// What was seen of a run so far.
struct Watch {
    begun: Instant,
    before: Spent,
    at: Instant,
    spent: Spent,
    phases: Vec<Phase>,
    samples: Vec<Sample>,
    /// The stand-in's record when the pages of persons began.
    mark: Option<Counted>,
}

impl Watch {
    fn new(begun: Instant, before: Spent) -> Self {
        Self {
            begun,
            before,
            at: begun,
            spent: before,
            phases: Vec::new(),
            samples: Vec::new(),
            mark: None,
        }
    }

    /// Whether the pages of persons just began.
    fn look(&mut self, run: &Run, spent: Spent) -> bool {
        let now = Instant::now();
        let was = self.phases.last().is_some_and(|phase| phase.name == PERSONS);
        let is = run.phase == PERSONS && !run.is_over();
        if self.phases.last().is_none_or(|phase| phase.name != run.phase) {
            let name = run.phase.clone();
            self.phases.push(Phase { name, seconds: 0.0, spent: Spent::default() });
        }
        if let Some(phase) = self.phases.last_mut() {
            let spent = spent.since(self.spent);
            phase.seconds += (now - self.at).as_secs_f64();
            phase.spent.tandem += spent.tandem;
            phase.spent.postgres += spent.postgres;
        }
        (self.at, self.spent) = (now, spent);
        if is || was {
            self.samples.push(Sample {
                seen: super::figures::number(run.seen),
                seconds: (now - self.begun).as_secs_f64(),
                spent: spent.since(self.before),
            });
        }
        is && !was
    }

    fn import(
        self,
        run: &Run,
        peak_rss_mb: f64,
        asked: &Counted,
        counted: &Counted,
    ) -> anyhow::Result<Import> {
        let reason = run.state_reason.as_deref().unwrap_or_default();
        anyhow::ensure!(run.state == "completed", "the import {}: {reason}", run.state);
        let took = run.finished_at.zip(run.started_at).map(|(end, start)| end - start);
        let took = took.and_then(|took| took.to_std().ok()).context("the run has no times")?;
        Ok(Import {
            run: run.clone(),
            took,
            spent: self.spent.since(self.before),
            phases: self.phases,
            growth: Growth::of(&self.samples, STRETCH),
            pace: growth::pace(&self.samples, STRETCHES),
            peak_rss_mb,
            counted: counted.since(asked),
            // Nothing is asked after the last page of persons.
            counted_persons: counted.since(self.mark.as_ref().unwrap_or(asked)),
        })
    }
}
