//! Reports of a company with a long past, and the performance of its campaigns: over HTTP from
//! `tandem serve`, one after the other; and how PostgreSQL reads for them.

pub(super) mod table;

use std::time::Instant;

use serde_json::{Value, json};

use super::{
    Sheet,
    figures::rounded,
    ground::{EMAIL, Ground},
    latencies::Latencies,
    processes::{Crm, Service},
    reads::sign_in,
    targets::Target,
    wire::Wire,
};
use crate::{
    clock::Clock,
    db::{
        Scope,
        bare::Past,
        reports::{Asked, Planned, members, plans},
    },
    domain::{CampaignId, MemberId, Period},
};

/// What nobody should wait longer for, 95 times of 100.
const BOUND_MS: f64 = 300.0;

/// One report, asked for again and again.
#[derive(Debug)]
pub(super) struct Asking {
    pub what: &'static str,
    pub took: Latencies,
}

#[derive(Debug)]
pub(super) struct Reports {
    pub activities: u32,
    /// That the past took to write, what is kept by day with it.
    pub written_seconds: f64,
    pub asked: Vec<Asking>,
    /// Of everybody's, and of a member who sees the own alone.
    pub plans: Vec<(&'static str, Planned)>,
}

impl Reports {
    pub(super) fn targets(&self) -> Vec<Target> {
        let target = |asked: &Asking| Target {
            what: asked.what,
            value: asked.took.p95,
            least: false,
            bound: BOUND_MS,
        };
        self.asked.iter().map(target).collect()
    }

    pub(super) fn json(&self) -> Value {
        let asked = self.asked.iter().map(|one| (one.what.to_owned(), one.took.json()));
        let plans = self
            .plans
            .iter()
            .map(|(whose, plan)| json!({ "report": plan.report, "of": whose, "plan": plan.lines }));
        json!({
            "activities": self.activities,
            "written_seconds": rounded(self.written_seconds),
            "targets": self.targets().iter().map(Target::json).collect::<Vec<_>>(),
            "asked": asked.collect::<serde_json::Map<_, _>>(),
            "plans": plans.collect::<Vec<_>>(),
        })
    }
}

/// `(what, path)`; `CAMPAIGN`, `MEMBER`, `MONTH`, `YEAR` and `EVER` stand for what they say.
const ASKED: &[(&str, &str)] = &[
    ("meetings, a month", "/api/reports/meetings?from=MONTH"),
    ("meetings, two years", "/api/reports/meetings?from=EVER"),
    ("meetings of a campaign, two years", "/api/reports/meetings?from=EVER&campaign=CAMPAIGN"),
    ("methods, two years", "/api/reports/methods?from=EVER"),
    (
        "methods of a member by one, a year",
        "/api/reports/methods?from=YEAR&member=MEMBER&method=CALL",
    ),
    ("team, two years", "/api/reports/members?from=EVER"),
    ("team of a campaign, two years", "/api/reports/members?from=EVER&campaign=CAMPAIGN"),
    ("warmness, two years", "/api/reports/warmness?from=EVER"),
    ("sync health, a month", "/api/reports/sync?from=MONTH"),
    ("sync health, a year", "/api/reports/sync?from=YEAR"),
    ("sync health, two years", "/api/reports/sync?from=EVER"),
    ("funnel by campaign", "/api/reports/campaigns"),
    ("list of campaigns with performance", "/api/campaigns"),
    ("one campaign with performance", "/api/campaigns/CAMPAIGN"),
    ("team as a file, two years", "/api/reports/export?report=members&from=EVER"),
];

impl Sheet<'_> {
    pub(super) async fn reports(&self) -> anyhow::Result<Reports> {
        let crm = Crm::start(self.connector.manifest().slug, 20, 0).await?;
        let name = "bench_reports";
        let ground = Ground::prepare(self, &crm, name).await?;
        let activities = self.args.report_activities;
        let past = Past {
            company_id: ground.company_id,
            connection_id: ground.connection_id,
            activities: activities.into(),
        };
        let mut owner = self.owner(name).await?;
        let begun = Instant::now();
        past.write(&mut owner).await?;
        let written_seconds = begun.elapsed().as_secs_f64();
        let campaign = past.campaign(&mut owner).await?;
        let consultant = past.consultant(&mut owner).await?;
        owner.close().await?;
        let mut asked = self.ask(&ground, &crm, campaign).await?;
        asked.extend(own(&ground, consultant, self.args.report_rounds).await?);
        let plans = planned(&ground, consultant).await?;
        ground.close().await;
        let mut owner = self.owner("postgres").await?;
        owner.drop_database(name).await?;
        owner.close().await?;
        Ok(Reports { activities, written_seconds, asked, plans })
    }

    async fn ask(
        &self,
        ground: &Ground,
        crm: &Crm,
        campaign: CampaignId,
    ) -> anyhow::Result<Vec<Asking>> {
        let orders = self.orders(ground, crm, 1);
        let (server, url) = Service::serve(orders).await?;
        let cookie = [format!("cookie: {}", sign_in(&url, EMAIL).await?)];
        let mut wire = Wire::connect(&url).await?;
        let today = Clock::system().now().date_naive();
        let before = |days| (today - chrono::TimeDelta::days(days)).to_string();
        let mut all = Vec::new();
        for (what, path) in ASKED {
            let path = path
                .replace("CAMPAIGN", &campaign.to_string())
                .replace("MEMBER", &ground.member_id.to_string())
                .replace("MONTH", &before(29))
                .replace("YEAR", &before(364))
                .replace("EVER", &before(730));
            let mut took = Vec::new();
            for round in 0..=self.args.report_rounds {
                let begun = Instant::now();
                let answer = wire.ask("GET", &path, &cookie, None).await?;
                anyhow::ensure!(answer.status == 200, "{path} was answered with {}", answer.status);
                // The first one fills caches.
                if round > 0 {
                    took.push(begun.elapsed());
                }
            }
            all.extend(Latencies::of(took).map(|took| Asking { what, took }));
        }
        server.stop().await?;
        Ok(all)
    }
}

/// What is asked for over so many days up to today.
fn of_days(days: i64, scope: Scope) -> Asked {
    let to = Clock::system().now().date_naive();
    let period = Period { from: to - chrono::TimeDelta::days(days), to };
    Asked { period, campaign: None, member: None, method: None, scope }
}

/// A member who sees the own contacts alone is answered from the activities themselves: their
/// statements, without HTTP.
async fn own(ground: &Ground, consultant: MemberId, rounds: u32) -> anyhow::Result<Vec<Asking>> {
    let scope = Scope::Own(consultant);
    let mut all = Vec::new();
    for (what, days) in [
        ("team of the own contacts, a month", 29),
        ("team of the own contacts, a year", 364),
        ("team of the own contacts, two years", 730),
    ] {
        let asked = of_days(days, scope);
        let mut took = Vec::new();
        for round in 0..=rounds {
            let begun = Instant::now();
            let mut tx = ground.hub.db.tenant_reading(ground.company_id, scope).await?;
            members(&mut tx, &asked).await?;
            tx.commit().await?;
            if round > 0 {
                took.push(begun.elapsed());
            }
        }
        all.extend(Latencies::of(took).map(|took| Asking { what, took }));
    }
    Ok(all)
}

async fn planned(
    ground: &Ground,
    consultant: MemberId,
) -> anyhow::Result<Vec<(&'static str, Planned)>> {
    let mut all = Vec::new();
    for (whose, scope) in
        [("of everybody's contacts", Scope::All), ("of the own contacts", Scope::Own(consultant))]
    {
        let mut tx = ground.hub.db.tenant_reading(ground.company_id, scope).await?;
        let planned = plans(&mut tx, &of_days(364, scope)).await?;
        all.extend(planned.into_iter().map(|plan| (whose, plan)));
        tx.commit().await?;
    }
    Ok(all)
}
