//! `/api/billing`: the plans, and the built-in test biller.

use poem::web::Data;
use poem_openapi::{Object, OpenApi, payload::Json};

use crate::{
    db,
    flows::{Hub, SharedHub, plan},
    http::{ApiError, Session, Tag, once::Once},
    policy::{self, Action, Plan},
};

pub(super) struct BillingApi;

#[OpenApi(prefix_path = "/billing", tag = "Tag::Billing")]
impl BillingApi {
    /// The plans, the company's, and what it uses.
    #[oai(path = "/", method = "get", operation_id = "billing")]
    async fn get(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<BillingView>, ApiError> {
        Ok(Json(BillingView::load(&hub, &session).await?))
    }

    /// Change the plan with the test biller, which exists in development and in the demo only.
    /// A smaller plan pauses the connections it does not include.
    #[oai(path = "/plan", method = "post", operation_id = "change_plan")]
    async fn change(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<PlanForm>,
    ) -> Result<Json<BillingView>, ApiError> {
        session.may(Action::ChangePlan)?;
        plan::change(&hub, session.place(), form.plan).await?;
        Ok(Json(BillingView::load(&hub, &session).await?))
    }
}

#[derive(Object)]
#[oai(rename = "ChangePlan")]
struct PlanForm {
    plan: Plan,
}

#[derive(Object)]
#[oai(rename = "Billing")]
struct BillingView {
    plan: Plan,
    /// In the order of upgrades.
    plans: Vec<PlanView>,
    /// Whether plans are changed by the built-in test biller.
    test_biller: bool,
    usage: UsageView,
    /// Providers whose connection waits for a larger plan.
    paused_connections: Vec<String>,
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

impl BillingView {
    async fn load(hub: &Hub, session: &Session) -> Result<Self, ApiError> {
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let plan = db::companies::plan(&mut tx).await?;
        let usage = db::sessions::usage(&mut tx).await?;
        let paused_connections = db::companies::paused_providers(&mut tx).await?;
        tx.commit().await?;
        Ok(Self {
            plan,
            plans: Plan::ALL.iter().zip(policy::plans()).map(PlanView::from).collect(),
            test_biller: hub.is_development(),
            usage: UsageView {
                contacts: usage.contacts.unsigned_abs(),
                seats: usage.seats.unsigned_abs(),
            },
            paused_connections,
        })
    }
}

impl From<(&Plan, &policy::PlanRow)> for PlanView {
    fn from((&id, row): (&Plan, &policy::PlanRow)) -> Self {
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
        }
    }
}
