//! A story with every step in it, told to workers that are processes of their own and may die of it.

use std::time::{Duration, Instant};

use super::{
    super::{
        campaign::{BACK, Outcome},
        process::{Process, Setting},
    },
    acts::{delete, edit, log, open, raise, raise_known, stories},
    record,
};
use crate::flows::stage::Stage;

/// In the order of their attempts in the story.
pub(super) const STEPS: [&str; 8] = [
    "organization",
    "label",
    "reference",
    "person",
    "activity create",
    "activity update",
    "activity delete",
    "adding labels",
];

/// A worker and whoever starts it again when it has died.
pub(super) struct Watched {
    /// `None`: the workers are somebody else's affair.
    worker: Option<Process>,
    setting: Setting,
    died: Option<Instant>,
    pub(super) outcome: Outcome,
}

impl Watched {
    pub(super) fn start(stage: &Stage, setting: &Setting) -> Self {
        let worker = Some(Process::work(stage, setting));
        let setting = Setting { failpoint: None, ..setting.clone() };
        Self { worker, setting, died: None, outcome: Outcome::default() }
    }

    pub(super) fn none() -> Self {
        let setting = Setting::default();
        Self { worker: None, setting, died: None, outcome: Outcome::default() }
    }

    async fn look(&mut self, stage: &Stage, name: &str) {
        if self.worker.as_mut().is_some_and(Process::fell) {
            record::nothing_came_unannounced(stage).await;
            self.outcome.killed(name);
            self.died = Some(Instant::now());
            self.worker = Some(Process::work(stage, &self.setting));
        }
    }

    /// Until nothing is left to do for now.
    async fn ends(&mut self, stage: &Stage, name: &str) {
        let begun = Instant::now();
        while open(stage).await > 0 {
            self.look(stage, name).await;
            assert!(begun.elapsed() < BACK, "{name}: it does not end: {}", stories(stage).await);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        if let Some(died) = self.died.take() {
            self.outcome.recoveries.push(died.elapsed().as_secs_f64());
        }
    }

    /// One that dies when it puts its job down does so a moment later.
    pub(super) async fn dies(&mut self, stage: &Stage, name: &str) {
        let begun = Instant::now();
        while self.outcome.kills.is_empty() {
            self.look(stage, name).await;
            assert!(begun.elapsed() < BACK, "no worker came by {name}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// All of it, one act after the other.
pub(super) async fn tell(stage: &Stage, watched: &mut Watched, name: &str) {
    let who = &stage.acme.owner.browser;
    let contact = raise(who, "story").await;
    watched.ends(stage, name).await;
    let activity = log(who, &contact, "Called").await;
    watched.ends(stage, name).await;
    edit(who, &activity, "Called back").await;
    watched.ends(stage, name).await;
    delete(who, &activity).await;
    watched.ends(stage, name).await;
    raise_known(stage, who, "known").await;
    watched.ends(stage, name).await;
}
