//! The plans and the company's, as the API tells them.

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};

use crate::{
    db,
    flows::{
        Biller, Hub,
        billing::entitlement::{self, Status},
    },
    http::{ApiError, Session},
    policy::{self, Action, Plan},
};

#[derive(Object)]
#[oai(rename = "Billing")]
pub(super) struct BillingView {
    plan: Plan,
    /// In the order of upgrades.
    plans: Vec<PlanView>,
    /// Who takes the money; `null` where nothing is set up to pay with.
    biller: Option<BillerKind>,
    /// Whether plans are changed by the built-in test biller.
    test_biller: bool,
    /// Whether no money moves: Stripe's test mode, a stand-in of Stripe, or the test biller.
    test_mode: bool,
    usage: UsageView,
    /// Providers whose connection waits for a larger plan.
    paused_connections: Vec<String>,
    /// What is paid, as Stripe last said; for owners, and `null` where nothing is or was.
    subscription: Option<SubscriptionView>,
    /// Days that a plan is kept while its payment is overdue.
    grace_days: i64,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum BillerKind {
    Stripe,
    /// Changes plans at once and costs nothing.
    Test,
}

#[derive(Object)]
#[oai(rename = "Plan")]
struct PlanView {
    id: Plan,
    name: String,
    price_words: String,
    /// `null`: no limit.
    seats: Option<u64>,
    /// `null`: no limit.
    contacts: Option<u64>,
    features: Vec<FeatureView>,
    /// Whether it can be chosen here; others are agreed on with whoever operates Tandem.
    for_sale: bool,
}

#[derive(Object)]
#[oai(rename = "PlanFeature")]
struct FeatureView {
    id: String,
    words: String,
    included: bool,
}

#[derive(Object)]
#[oai(rename = "BillingUsage")]
struct UsageView {
    contacts: u64,
    seats: u64,
}

#[derive(Object)]
#[oai(rename = "Subscription")]
struct SubscriptionView {
    /// `null`: its price is no plan's here.
    plan: Option<Plan>,
    state: SubscriptionState,
    /// When it is paid for again, unless it ends.
    renews_at: Option<DateTime<Utc>>,
    /// When it ends, if somebody has ended it.
    ends_at: Option<DateTime<Utc>>,
    /// When the plan ends, if what is overdue stays unpaid.
    grace_until: Option<DateTime<Utc>>,
    /// Others that are paid beside it, by mistake.
    others: u64,
    /// When Stripe was last asked.
    read_at: Option<DateTime<Utc>>,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum SubscriptionState {
    Active,
    Trialing,
    /// The last payment failed, and the plan is kept for the grace.
    PastDue,
    /// Payments failed for good.
    Unpaid,
    Paused,
    Ended,
    /// Never paid for the first time.
    Incomplete,
}

impl BillingView {
    pub(super) async fn load(hub: &Hub, session: &Session) -> Result<Self, ApiError> {
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let plan = db::companies::plan(&mut tx).await?;
        let usage = db::sessions::usage(&mut tx).await?;
        let paused_connections = db::companies::paused_providers(&mut tx).await?;
        let subscription = match &hub.biller {
            Some(biller) if policy::may(session.role(), Action::ChangePlan) => {
                let livemode = biller.stripe.is_live();
                let account = db::billing::account(&mut tx, livemode).await?;
                let all = db::billing::subscriptions(&mut tx, livemode).await?;
                SubscriptionView::of(&all, biller, account.and_then(|account| account.read_at))
            }
            _ => None,
        };
        tx.commit().await?;
        let test_biller = hub.has_test_biller();
        let pays = |plan: Plan| match &hub.biller {
            Some(biller) => plan == Plan::Free || biller.prices.sold(plan).is_some(),
            None => test_biller,
        };
        let plans = Plan::ALL.iter().zip(policy::plans());
        Ok(Self {
            plan,
            plans: plans.map(|(&plan, row)| PlanView::of(plan, row, pays(plan))).collect(),
            biller: match &hub.biller {
                Some(_) => Some(BillerKind::Stripe),
                None => test_biller.then_some(BillerKind::Test),
            },
            test_biller,
            test_mode: hub.biller.as_ref().map_or(test_biller, |biller| !biller.stripe.is_live()),
            usage: UsageView {
                contacts: usage.contacts.unsigned_abs(),
                seats: usage.seats.unsigned_abs(),
            },
            paused_connections,
            subscription,
            grace_days: policy::grace().num_days(),
        })
    }
}

impl SubscriptionView {
    fn of(
        all: &[db::billing::Subscription],
        biller: &Biller,
        read_at: Option<DateTime<Utc>>,
    ) -> Option<Self> {
        let one = entitlement::shown(all, &biller.prices)?;
        let status = Status::parse(&one.status);
        let alive = status.is_some_and(Status::is_alive);
        Some(Self {
            plan: one.price_id.as_deref().and_then(|price| biller.prices.plan_of(price)),
            state: match status {
                Some(Status::Active) => SubscriptionState::Active,
                Some(Status::Trialing) => SubscriptionState::Trialing,
                Some(Status::PastDue) => SubscriptionState::PastDue,
                Some(Status::Unpaid) => SubscriptionState::Unpaid,
                Some(Status::Paused) => SubscriptionState::Paused,
                Some(Status::Incomplete | Status::IncompleteExpired) => {
                    SubscriptionState::Incomplete
                }
                Some(Status::Canceled) | None => SubscriptionState::Ended,
            },
            renews_at: one.period_end.filter(|_| alive && one.ends_at.is_none()),
            ends_at: one.ends_at.filter(|_| alive),
            grace_until: entitlement::grace_ends(one),
            others: (entitlement::alive(all).count() as u64).saturating_sub(1),
            read_at,
        })
    }
}

impl PlanView {
    fn of(id: Plan, row: &policy::PlanRow, for_sale: bool) -> Self {
        Self {
            id,
            name: row.name.clone(),
            price_words: row.price_words.clone(),
            seats: row.seats,
            contacts: row.contacts,
            features: policy::features()
                .map(|(word, words)| FeatureView {
                    id: word.to_owned(),
                    words: words.to_owned(),
                    included: policy::allows(id, word),
                })
                .collect(),
            for_sale,
        }
    }
}
