//! Leads and activities: from the answer to a member, by `tandem serve`, to the moment at which the
//! stand-in receives the record, by its own clock; and how many a worker delivers.
//!
//! A lead is the worst case: a contact with an organization that the CRM does not have, so that three
//! requests follow each other (a search, the organization, the person); label and field are there.
//! No real account would allow these rates: the stand-in's limits are lifted, ours with them, and the
//! companies share one account of it. A company has sixteen deliveries under way at most (more where many share a request), so there are several.

mod member;
pub(super) mod table;

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{
    Sheet,
    cpu::{Meter, Spent},
    figures::rounded,
    ground::{EMAIL, Ground},
    latencies::Latencies,
    load::{self, Pace},
    processes::{Crm, Orders, Service},
    targets::Target,
};
use crate::db::bare::Owner;
use member::{Asked, Member, Wish};

/// Companies, each with its own connection to the same account.
pub(super) const COMPANIES: u32 = 8;
/// As the stand-in's: its search would allow 2.5 leads a second.
const BEYOND_LIMITS: u32 = 1_000;
/// Workers, as processes.
pub(super) const WORKERS: u32 = 2;
/// Of each company.
const LINES: u32 = 2;
const LATENCIES_MS: [u64; 2] = [0, 200];
const RATES: [u32; 3] = [1, 10, 50];
const ACTIVITIES: u32 = 10;
/// Processes that just started open their connections to PostgreSQL and plan every statement on each:
/// told apart, and no promise.
const COLD: &str = "leads after a start";
const COLD_SECONDS: u32 = 5;
/// Of the single company, in fairness.
const SINGLES: u32 = 2;
/// Something stuck is no measurement.
const PATIENCE: Duration = Duration::from_mins(20);

/// One rate at one latency.
#[derive(Debug)]
pub(super) struct Rate {
    pub what: &'static str,
    pub latency_ms: u64,
    pub per_second: u32,
    /// Requests that the CRM answers before the one that counts.
    pub before: u64,
    pub took: Latencies,
}

impl Rate {
    /// What is ours of the 99th percentile.
    pub(super) fn beyond_provider(&self) -> f64 {
        let provider = self.latency_ms * self.before;
        self.took.p99 - u32::try_from(provider).map_or(f64::MAX, f64::from)
    }
}

/// Many at once.
#[derive(Debug)]
pub(super) struct Queued {
    pub leads: u32,
    pub seconds: f64,
    pub spent: Spent,
}

impl Queued {
    pub(super) fn per_second(&self) -> f64 {
        f64::from(self.leads) / self.seconds
    }

    pub(super) fn per_cpu_second(&self) -> f64 {
        f64::from(self.leads) / self.spent.together()
    }
}

/// Single leads of a company while nothing else is to do, and beside the backlog of another.
#[derive(Debug)]
pub(super) struct Fairness {
    pub backlog: u32,
    /// Of it, when the last single lead had arrived.
    pub left: i64,
    pub quiet: Latencies,
    pub beside: Latencies,
}

#[derive(Debug)]
pub(super) struct Deliveries {
    pub rates: Vec<Rate>,
    pub queued: Queued,
    pub fairness: Fairness,
}

impl Deliveries {
    pub(super) fn targets(&self) -> Vec<Target> {
        let most = |what, value, bound| Target { what, value, least: false, bound };
        let mut targets = Vec::new();
        for rate in &self.rates {
            if rate.what == COLD {
                continue;
            }
            if rate.what == "leads" {
                targets.push(most(
                    "lead, p99 in ms beyond the provider",
                    rate.beyond_provider(),
                    250.0,
                ));
                targets.push(most("lead, p99 in ms as a whole", rate.took.p99, 5_000.0));
            } else {
                targets.push(most("activity, p99 in ms as a whole", rate.took.p99, 3_000.0));
            }
        }
        let beside = self.fairness.beside.p99;
        targets.push(most("single lead beside a backlog, p99 in ms", beside, 250.0));
        targets
    }

    pub(super) fn json(&self) -> Value {
        let rates = self.rates.iter().map(|rate| {
            json!({
                "what": rate.what, "latency_ms": rate.latency_ms, "per_second": rate.per_second,
                "took": rate.took.json(), "p99_beyond_provider_ms": rounded(rate.beyond_provider()),
            })
        });
        json!({
            "companies": COMPANIES,
            "workers": WORKERS,
            "limits_of_the_provider": "lifted",
            "targets": self.targets().iter().map(Target::json).collect::<Vec<_>>(),
            "rates": rates.collect::<Vec<_>>(),
            "queued": {
                "leads": self.queued.leads,
                "seconds": rounded(self.queued.seconds),
                "per_second": rounded(self.queued.per_second()),
                "per_cpu_second": rounded(self.queued.per_cpu_second()),
                "cpu_seconds_tandem": rounded(self.queued.spent.tandem),
                "cpu_seconds_postgres": rounded(self.queued.spent.postgres),
            },
            "fairness": {
                "backlog": self.fairness.backlog,
                "left": self.fairness.left,
                "quiet": self.fairness.quiet.json(),
                "beside": self.fairness.beside.json(),
            },
        })
    }
}

impl Sheet<'_> {
    pub(super) async fn deliveries(&self) -> anyhow::Result<Deliveries> {
        let crm = Crm::start(self.connector.manifest().slug, 200, 0).await?;
        crm.lift_limits().await?;
        let name = "bench_deliveries";
        let ground = Ground::prepare(self, &crm, name).await?;
        let emails: Vec<String> = (0..COMPANIES)
            .map(
                |nth| if nth == 0 { EMAIL.to_owned() } else { format!("owner{nth}@bench.example") },
            )
            .collect();
        for email in emails.iter().skip(1) {
            ground.another(&crm, email).await?;
        }
        let orders = self.orders(&ground, &crm, BEYOND_LIMITS);
        let (server, url) = Service::serve(orders).await?;
        let mut members = Vec::new();
        for email in &emails {
            for _ in 0..LINES {
                members.push(Member::sign_in(&url, email).await?);
            }
        }
        let owner = self.owner(name).await?;
        let mut bench = Bench { sheet: self, orders, owner, members, asked: 0 };
        let figures = bench.run(self.args.delivery_backlog).await;
        server.stop().await?;
        bench.owner.close().await?;
        ground.close().await;
        let mut owner = self.owner("postgres").await?;
        owner.drop_database(name).await?;
        owner.close().await?;
        figures
    }
}

struct Bench<'a> {
    sheet: &'a Sheet<'a>,
    orders: Orders<'a>,
    owner: Owner,
    members: Vec<Member>,
    /// So that nothing is asked for twice.
    asked: u32,
}

impl Bench<'_> {
    async fn run(&mut self, backlog: u32) -> anyhow::Result<Deliveries> {
        let mut workers = Vec::new();
        for _ in 0..WORKERS {
            workers.push(Service::work(self.orders)?);
        }
        // One company after the other learns the account's words, or two would make the same label.
        for nth in 0..self.members.len() {
            self.ask(nth..nth + 1, Pace { per_second: 1, seconds: 1 }, Wish::Lead).await?;
        }
        let (mut rates, seconds) = (Vec::new(), self.sheet.args.delivery_seconds);
        let pace = Pace { per_second: RATES[RATES.len() - 1], seconds: COLD_SECONDS };
        let took = self.ask(0..self.members.len(), pace, Wish::Lead).await?;
        let per_second = pace.per_second;
        rates.push(Rate { what: COLD, latency_ms: 0, per_second, before: 2, took });
        for latency_ms in LATENCIES_MS {
            self.orders.crm.delay(latency_ms).await?;
            for per_second in RATES {
                let pace = Pace { per_second, seconds };
                let took = self.ask(0..self.members.len(), pace, Wish::Lead).await?;
                rates.push(Rate { what: "leads", latency_ms, per_second, before: 2, took });
            }
            let pace = Pace { per_second: ACTIVITIES, seconds };
            let took = self.ask(0..self.members.len(), pace, Wish::Activity).await?;
            let per_second = ACTIVITIES;
            rates.push(Rate { what: "activities", latency_ms, per_second, before: 0, took });
        }
        self.orders.crm.delay(0).await?;
        for worker in workers {
            worker.stop().await?;
        }
        let queued = self.queued().await?;
        let fairness = self.fairness(backlog).await?;
        Ok(Deliveries { rates, queued, fairness })
    }

    /// Asks at this rate and waits until everything has arrived.
    async fn ask(
        &mut self,
        members: std::ops::Range<usize>,
        pace: Pace,
        wish: Wish,
    ) -> anyhow::Result<Latencies> {
        let asked = self.only_ask(members, pace, wish).await?;
        self.until_done().await?;
        member::arrivals(&asked, &self.orders.crm.record().await?, wish)
    }

    async fn only_ask(
        &mut self,
        members: std::ops::Range<usize>,
        pace: Pace,
        wish: Wish,
    ) -> anyhow::Result<Vec<Asked>> {
        let members = &mut self.members[members];
        for member in members.iter_mut() {
            member.wish(wish, self.asked).await?;
        }
        self.asked += pace.requests();
        let (sent, _) = load::run(members, pace).await;
        let failed = sent.iter().filter(|sent| !sent.ok).count();
        anyhow::ensure!(failed == 0, "{failed} of {} were not accepted", sent.len());
        Ok(members.iter_mut().flat_map(Member::asked).collect())
    }

    async fn until_done(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while self.owner.deliveries().await?.0 > 0 {
            anyhow::ensure!(begun.elapsed() < PATIENCE, "deliveries do not end");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    async fn queued(&mut self) -> anyhow::Result<Queued> {
        let leads = self.sheet.args.delivery_queue;
        let at_once = Pace { per_second: leads, seconds: 1 };
        self.only_ask(0..self.members.len(), at_once, Wish::Lead).await?;
        let worker = Service::work(self.orders)?;
        let meter = Meter { tandem: worker.pid(), postgres: self.sheet.server()? };
        let (begun, before) = (Instant::now(), meter.read()?);
        self.until_done().await?;
        let (seconds, spent) = (begun.elapsed().as_secs_f64(), meter.read()?.since(before));
        worker.stop().await?;
        Ok(Queued { leads, seconds, spent })
    }

    async fn fairness(&mut self, backlog: u32) -> anyhow::Result<Fairness> {
        let lines = LINES as usize;
        let (rich, single) = (0..lines, lines..2 * lines);
        let pace = Pace { per_second: SINGLES, seconds: self.sheet.args.delivery_seconds };
        let worker = Service::work(self.orders)?;
        // The first one waits for the process to start.
        self.ask(single.clone(), Pace { per_second: 1, seconds: 1 }, Wish::Lead).await?;
        let quiet = self.ask(single.clone(), pace, Wish::Lead).await?;
        worker.stop().await?;
        self.only_ask(rich, Pace { per_second: backlog, seconds: 1 }, Wish::Lead).await?;
        let worker = Service::work(self.orders)?;
        let done = self.owner.deliveries().await?.1;
        while self.owner.deliveries().await?.1 < done + 50 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let asked = self.only_ask(single, pace, Wish::Lead).await?;
        // Those of the other company; a single one takes no longer than this to arrive, or is missed.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let left = self.owner.deliveries().await?.0;
        let beside = member::arrivals(&asked, &self.orders.crm.record().await?, Wish::Lead)?;
        worker.stop().await?;
        anyhow::ensure!(left > 0, "the backlog was gone before the single leads were");
        Ok(Fairness { backlog, left, quiet, beside })
    }
}
