//! What a connection used of its CRM's budget, and what an import will.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use poem::web::Data;
use poem_openapi::{
    Enum, Object, OpenApi,
    param::{Path, Query},
    payload::Json,
};

use super::{
    SyncMode, allowed,
    cost::{EstimateSource, full, next_hour},
    known,
};
use crate::{
    connectors::{self, Extent, Fit, JOBS_LEAVE},
    db::{self, budget_use::Use},
    flows::{FlowError, SharedHub, account, ledger},
    http::{ApiError, FieldProblem, Session, Tag},
    policy::Action,
};

/// Days that the ledger shows.
const DAYS: u64 = 14;
/// Persons that one selective import may name.
const MOST_IDS: u32 = 500;

pub(in crate::http) struct BudgetApi;

#[OpenApi(prefix_path = "/integrations", tag = "Tag::Integrations")]
impl BudgetApi {
    /// What this company used of the CRM account's budget in the last 14 days (UTC), by purpose.
    #[oai(path = "/:provider/budget", method = "get", operation_id = "get_budget_ledger")]
    async fn ledger(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
    ) -> Result<Json<BudgetLedger>, ApiError> {
        let provider = known(&hub, &provider)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let connection = db::connections::find(&mut tx, provider.slug()).await?;
        let connection = connection.ok_or(FlowError::NotConnected)?;
        let today = ledger::today(&hub);
        let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
        let used = db::budget_use::since(&mut tx, connection.connection_id, first).await?;
        Ok(Json(BudgetLedger::of(first, used)))
    }

    /// What an import will ask of the CRM, and whether today's budget has enough for it.
    #[oai(path = "/:provider/sync/forecast", method = "get", operation_id = "forecast_import")]
    async fn forecast(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        provider: Path<String>,
        mode: Query<SyncMode>,
        /// How many persons; with `selective` only, 1 to 500.
        count: Query<Option<u32>>,
    ) -> Result<Json<CostForecast>, ApiError> {
        let provider = allowed(&hub, &session, &provider, Action::ImportContacts)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let connection = db::connections::find(&mut tx, provider.slug()).await?;
        let connection = connection.ok_or(FlowError::NotConnected)?;
        let sizes = db::budget_use::last_sizes(&mut tx, connection.connection_id).await?;
        drop(tx);
        let extent = match (mode.0, count.0) {
            (SyncMode::Full, None) => full(sizes),
            (SyncMode::Incremental, None) => Extent::Incremental,
            (SyncMode::Selective, Some(persons @ 1..=MOST_IDS)) => Extent::Selective { persons },
            (SyncMode::Selective, _) => return Err(wrong("Choose 1 to 500 people.")),
            _ => return Err(wrong("A count goes with a selective import only.")),
        };
        let manifest = provider.connector.manifest();
        let forecast = connectors::forecast(manifest, extent);
        let view = account::budget(&hub, &provider, &connection).await.view().await;
        let daily = view.daily_tokens(&manifest.limits());
        let fit = connectors::fit(&forecast, view.left, daily);
        let now = hub.clock.now();
        Ok(Json(CostForecast {
            source: match extent {
                Extent::Full { persons: Some(_), .. } => EstimateSource::LastRun,
                Extent::Selective { .. } => EstimateSource::Selection,
                _ => EstimateSource::Unknown,
            },
            parts: forecast.parts.iter().map(CostPart::of).collect(),
            requests: forecast.requests,
            tokens: forecast.tokens,
            at_least: forecast.at_least,
            left_for_imports: view.left.saturating_sub(daily.div_ceil(JOBS_LEAVE)),
            fits: match fit {
                Fit::Today => Fits::Today,
                Fit::Waits { .. } => Fits::Waits,
                Fit::Unknown => Fits::Unknown,
            },
            days: if let Fit::Waits { days } = fit { Some(days) } else { None },
            resets_at: view.reset_hour.and_then(|hour| next_hour(now, hour)),
        }))
    }
}

fn wrong(message: &str) -> ApiError {
    ApiError::invalid_fields(vec![FieldProblem::new("count", message)])
}

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum BudgetPurpose {
    Import,
    Browse,
    Connect,
    /// Warm leads and activities.
    Delivery,
    /// Renewing the token; costs requests and no tokens.
    Refresh,
}

#[derive(Object)]
struct PurposeUse {
    purpose: BudgetPurpose,
    requests: i64,
    tokens: i64,
    /// Answers that told us to slow down.
    throttled: i64,
}

#[derive(Object)]
struct DayUse {
    day: NaiveDate,
    requests: i64,
    tokens: i64,
    purposes: Vec<PurposeUse>,
}

/// Days without use are there, too.
#[derive(Object)]
struct BudgetLedger {
    /// Oldest first; the last is today.
    days: Vec<DayUse>,
}

impl BudgetLedger {
    fn of(first: NaiveDate, used: Vec<Use>) -> Self {
        let mut days: BTreeMap<NaiveDate, Vec<PurposeUse>> = (0..DAYS)
            .filter_map(|days| first.checked_add_days(Days::new(days)))
            .map(|day| (day, Vec::new()))
            .collect();
        for Use { day, purpose, requests, tokens, throttled } in used {
            let purpose = match purpose.as_str() {
                "import" => BudgetPurpose::Import,
                "browse" => BudgetPurpose::Browse,
                "connect" => BudgetPurpose::Connect,
                "delivery" => BudgetPurpose::Delivery,
                _ => BudgetPurpose::Refresh,
            };
            if let Some(purposes) = days.get_mut(&day) {
                purposes.push(PurposeUse { purpose, requests, tokens, throttled });
            }
        }
        let days = days.into_iter().map(|(day, purposes)| DayUse {
            day,
            requests: purposes.iter().map(|one| one.requests).sum(),
            tokens: purposes.iter().map(|one| one.tokens).sum(),
            purposes,
        });
        Self { days: days.collect() }
    }
}

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum CostKind {
    Users,
    Fields,
    Organizations,
    Deals,
    Persons,
}

#[derive(Object)]
struct CostPart {
    kind: CostKind,
    /// Records, as far as they are known.
    objects: Option<u32>,
    requests: Option<u32>,
    tokens: Option<u32>,
}

impl CostPart {
    fn of(part: &connectors::Part) -> Self {
        let kind = match part.kind {
            "users" => CostKind::Users,
            "fields" => CostKind::Fields,
            "organizations" => CostKind::Organizations,
            "deals" => CostKind::Deals,
            _ => CostKind::Persons,
        };
        let connectors::Part { objects, requests, tokens, .. } = *part;
        Self { kind, objects, requests, tokens }
    }
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum Fits {
    /// Today's budget has enough.
    Today,
    /// It will wait for another day.
    Waits,
    Unknown,
}

/// What an import will cost.
#[derive(Object)]
struct CostForecast {
    source: EstimateSource,
    parts: Vec<CostPart>,
    /// `null` when nobody can know.
    requests: Option<u32>,
    tokens: Option<u32>,
    /// More when there is more to read.
    at_least: bool,
    /// Tokens that imports may still use today, as far as we know.
    left_for_imports: u32,
    fits: Fits,
    /// How many more days of the CRM have to begin.
    days: Option<u32>,
    /// When the CRM's day ends, as it was seen to on an earlier day.
    resets_at: Option<DateTime<Utc>>,
}
