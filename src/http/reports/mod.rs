//! `/api/reports`: what all the work comes to. Everybody sees what the own role sees: the contacts of
//! all, or the own ones and what was done with them.

mod asked;
mod rows;
mod view;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use poem::web::Data;
use poem_openapi::{
    ApiResponse, Enum, OpenApi,
    param::Query,
    payload::{Json, PlainText},
};
use uuid::Uuid;

use crate::{
    db::{
        self, TenantTx,
        campaigns::Performance,
        reports::{self, Asked},
    },
    domain::{ActivityKind, CampaignId},
    flows::SharedHub,
    http::{ApiError, Session, Tag, campaigns::CampaignRef, paging},
    policy::Action,
};

use asked::Filters;
use rows::Rows;
use view::{
    CampaignItem, CampaignsReport, MeetingsReport, MembersReport, MethodsReport, SyncReport,
    WarmnessReport,
};

/// More than a chart shows.
const MOST_CAMPAIGNS: i64 = 50;

/// Asks for a report with a key of its own.
macro_rules! told {
    ($hub:expr, $session:expr, $filters:expr, $report:ident) => {{
        let (mut tx, asked, now) = open($hub, $session, $filters).await?;
        let report = $report(&mut tx, asked, now).await?;
        tx.commit().await?;
        report
    }};
}

pub(super) struct ReportsApi;

#[OpenApi(prefix_path = "/reports", tag = "Tag::Reports")]
impl ReportsApi {
    /// Meetings asked for and booked over time, by the day they took place or are planned for.
    #[oai(path = "/meetings", method = "get", operation_id = "report_meetings")]
    async fn meetings(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// The first day (UTC); without it the last thirty days.
        from: Query<Option<NaiveDate>>,
        /// The last day, at most ten years later; without it today.
        to: Query<Option<NaiveDate>>,
        /// What the campaign's page counts.
        campaign: Query<Option<Uuid>>,
        /// Who logged them.
        member: Query<Option<Uuid>>,
    ) -> Result<Json<MeetingsReport>, ApiError> {
        let filters = Filters {
            from: from.0,
            to: to.0,
            campaign: campaign.0,
            member: member.0,
            method: None,
        };
        Ok(Json(told!(&hub, &session, filters, meetings)))
    }

    /// What was done, by method.
    #[oai(path = "/methods", method = "get", operation_id = "report_methods")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn methods(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// The first day (UTC); without it the last thirty days.
        from: Query<Option<NaiveDate>>,
        /// The last day, at most ten years later; without it today.
        to: Query<Option<NaiveDate>>,
        /// What the campaign's page counts.
        campaign: Query<Option<Uuid>>,
        /// Who logged it.
        member: Query<Option<Uuid>>,
        method: Query<Option<ActivityKind>>,
    ) -> Result<Json<MethodsReport>, ApiError> {
        let filters = Filters {
            from: from.0,
            to: to.0,
            campaign: campaign.0,
            member: member.0,
            method: method.0,
        };
        Ok(Json(told!(&hub, &session, filters, methods)))
    }

    /// What each member did, and which meetings came of it. Who sees the contacts of all sees all
    /// members.
    #[oai(path = "/members", method = "get", operation_id = "report_members")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn members(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// The first day (UTC); without it the last thirty days.
        from: Query<Option<NaiveDate>>,
        /// The last day, at most ten years later; without it today.
        to: Query<Option<NaiveDate>>,
        /// What the campaign's page counts.
        campaign: Query<Option<Uuid>>,
        member: Query<Option<Uuid>>,
        /// Of what was done; meetings are counted all the same.
        method: Query<Option<ActivityKind>>,
    ) -> Result<Json<MembersReport>, ApiError> {
        let filters = Filters {
            from: from.0,
            to: to.0,
            campaign: campaign.0,
            member: member.0,
            method: method.0,
        };
        Ok(Json(told!(&hub, &session, filters, members)))
    }

    /// How far campaigns came, each as a whole: the numbers of their pages.
    #[oai(path = "/campaigns", method = "get", operation_id = "report_campaigns")]
    async fn campaigns(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// This one alone.
        campaign: Query<Option<Uuid>>,
    ) -> Result<Json<CampaignsReport>, ApiError> {
        let filters =
            Filters { from: None, to: None, campaign: campaign.0, member: None, method: None };
        Ok(Json(told!(&hub, &session, filters, campaigns)))
    }

    /// How warm the book was over time. Nobody can tell for days before it was kept.
    #[oai(path = "/warmness", method = "get", operation_id = "report_warmness")]
    async fn warmness(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// The first day (UTC); without it the last thirty days.
        from: Query<Option<NaiveDate>>,
        /// The last day, at most ten years later; without it today.
        to: Query<Option<NaiveDate>>,
        /// Whose contacts.
        member: Query<Option<Uuid>>,
    ) -> Result<Json<WarmnessReport>, ApiError> {
        let filters =
            Filters { from: from.0, to: to.0, campaign: None, member: member.0, method: None };
        Ok(Json(told!(&hub, &session, filters, warmness)))
    }

    /// Imports over time, what became of deliveries, and how long they took.
    #[oai(path = "/sync", method = "get", operation_id = "report_sync")]
    async fn sync(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// The first day (UTC); without it the last thirty days.
        from: Query<Option<NaiveDate>>,
        /// The last day, at most ten years later; without it today.
        to: Query<Option<NaiveDate>>,
        /// Whose doing it was.
        member: Query<Option<Uuid>>,
    ) -> Result<Json<SyncReport>, ApiError> {
        let filters =
            Filters { from: from.0, to: to.0, campaign: None, member: member.0, method: None };
        Ok(Json(told!(&hub, &session, filters, sync)))
    }

    /// A report as a file for a spreadsheet; nothing in it is run as a formula.
    #[oai(path = "/export", method = "get", operation_id = "export_report")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn export(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        report: Query<ReportName>,
        /// As the report takes it; so are the others.
        from: Query<Option<NaiveDate>>,
        to: Query<Option<NaiveDate>>,
        campaign: Query<Option<Uuid>>,
        member: Query<Option<Uuid>>,
        method: Query<Option<ActivityKind>>,
    ) -> Result<Exported, ApiError> {
        let filters = Filters {
            from: from.0,
            to: to.0,
            campaign: campaign.0,
            member: member.0,
            method: method.0,
        };
        let days = filters.read(&session, hub.clock.now())?.period;
        let name = report.0;
        let text = match name {
            ReportName::Meetings => told!(&hub, &session, filters, meetings).csv(),
            ReportName::Methods => told!(&hub, &session, filters, methods).csv(),
            ReportName::Members => told!(&hub, &session, filters, members).csv(),
            ReportName::Campaigns => told!(&hub, &session, filters, campaigns).csv(),
            ReportName::Warmness => told!(&hub, &session, filters, warmness).csv(),
            ReportName::Sync => told!(&hub, &session, filters, sync).csv(),
        };
        let file = format!(
            "attachment; filename=\"tandem-{}-{}-{}.csv\"",
            name.word(),
            days.from,
            days.to
        );
        Ok(Exported::Csv(PlainText(text), file))
    }
}

type Now = DateTime<Utc>;

/// A reading key, what is asked for, and the moment of asking.
async fn open(
    hub: &SharedHub,
    session: &Session,
    filters: Filters,
) -> Result<(TenantTx, Asked, Now), ApiError> {
    session.may(Action::WorkContacts)?;
    let now = hub.clock.now();
    let asked = filters.read(session, now)?;
    let tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
    Ok((tx, asked, now))
}

async fn meetings(tx: &mut TenantTx, asked: Asked, _: Now) -> Result<MeetingsReport, ApiError> {
    Ok(MeetingsReport::of(&asked, &reports::meetings(tx, &asked).await?))
}

async fn methods(tx: &mut TenantTx, asked: Asked, _: Now) -> Result<MethodsReport, ApiError> {
    Ok(MethodsReport::of(&asked, reports::methods(tx, &asked).await?))
}

async fn members(tx: &mut TenantTx, asked: Asked, _: Now) -> Result<MembersReport, ApiError> {
    Ok(MembersReport::of(&asked, reports::members(tx, &asked).await?))
}

async fn campaigns(tx: &mut TenantTx, asked: Asked, now: Now) -> Result<CampaignsReport, ApiError> {
    let rows = match asked.campaign {
        Some(id) => db::campaigns::get(tx, id).await?.into_iter().collect(),
        None => db::campaigns::list(tx, None, MOST_CAMPAIGNS + 1).await?,
    };
    let (rows, more) = paging::cut(rows, MOST_CAMPAIGNS);
    let ids: Vec<CampaignId> = rows.iter().map(|row| row.campaign_id).collect();
    let counted = db::campaigns::performance(tx, &ids, now).await?;
    let counted: HashMap<CampaignId, Performance> = counted.into_iter().collect();
    let items = rows.into_iter().map(|row| {
        let performance = counted.get(&row.campaign_id).copied().unwrap_or_default();
        CampaignItem {
            campaign: CampaignRef { id: row.campaign_id.uuid(), name: row.fields.name },
            contacts: performance.contacts,
            contacted: performance.contacted,
            requested: performance.meetings_requested,
            booked: performance.meetings_booked,
        }
    });
    Ok(CampaignsReport { items: items.collect(), more })
}

async fn warmness(tx: &mut TenantTx, asked: Asked, now: Now) -> Result<WarmnessReport, ApiError> {
    let first = asked.period.begins().first().copied().unwrap_or(asked.period.from);
    let since = reports::known_since(tx).await?;
    let rows = reports::warmness(tx, &asked, first).await?;
    Ok(WarmnessReport::of(&asked, (since, now.date_naive()), &rows))
}

async fn sync(tx: &mut TenantTx, asked: Asked, _: Now) -> Result<SyncReport, ApiError> {
    let runs = reports::runs(tx, &asked).await?;
    let delivered = reports::delivered(tx, &asked).await?;
    Ok(SyncReport::of(&asked, &runs, delivered))
}

#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "snake_case")]
enum ReportName {
    Meetings,
    Methods,
    Members,
    Campaigns,
    Warmness,
    Sync,
}

impl ReportName {
    const fn word(self) -> &'static str {
        match self {
            Self::Meetings => "meetings",
            Self::Methods => "methods",
            Self::Members => "members",
            Self::Campaigns => "campaigns",
            Self::Warmness => "warmness",
            Self::Sync => "sync",
        }
    }
}

#[derive(ApiResponse)]
enum Exported {
    /// A head and a row each.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
    Csv(PlainText<String>, #[oai(header = "Content-Disposition")] String),
}
