//! `/api/audit-log`: who did what, when, and whether the log is what was written.

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use poem::{Body, web::Data};
use poem_openapi::{
    ApiResponse, Enum, Object, OpenApi,
    param::Query,
    payload::{Binary, Json},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    db,
    domain::{ApiKeyId, MemberId, csv},
    flows::{
        SharedHub,
        audit::{self, Entry, Filter, Side},
    },
    http::{ApiError, FieldProblem, Session, Tag, paging},
    policy::Action,
};

/// Longer than any word of the log.
const LONGEST_ACTION: usize = 60;

pub(super) struct AuditApi;

#[OpenApi(prefix_path = "/audit-log", tag = "Tag::Audit")]
impl AuditApi {
    /// What was done, newest first. Ids only, never values: what is erased does not live on here.
    #[oai(path = "/", method = "get", operation_id = "list_audit_log")]
    #[expect(clippy::too_many_arguments, reason = "the parameters of the operation")]
    async fn list(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// Who did it.
        member: Query<Option<Uuid>>,
        /// What was done, as `contact.created`.
        action: Query<Option<String>>,
        /// What it was done to.
        subject: Query<Option<Uuid>>,
        from: Query<Option<DateTime<Utc>>>,
        /// Up to this moment, and not at it.
        to: Query<Option<DateTime<Utc>>>,
        /// 1 to 200; 50 when left out.
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> Result<Json<AuditPage>, ApiError> {
        session.may(Action::ReadAudit)?;
        let filter = filter(member.0, action.0, subject.0, (from.0, to.0))?;
        let limit = paging::limit(limit.0, paging::MOST)?;
        let side = Side::Newest(paging::position::<Uuid>(cursor.0.as_deref())?);
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let mut rows = db::audit::page(&mut tx, &filter, side, limit + 1).await?;
        tx.commit().await?;
        let whole = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > whole;
        rows.truncate(whole);
        let next = rows.last().filter(|_| more).and_then(|last| paging::cursor(&last.audit_id));
        let items = rows.into_iter().map(AuditEntry::from).collect();
        Ok(Json(AuditPage { items, next_cursor: next }))
    }

    /// The log as a file, oldest first, with each row's place in the chain and its hash. `csv` opens in
    /// a spreadsheet, and nothing in it is run as a formula.
    #[oai(path = "/export", method = "get", operation_id = "export_audit_log")]
    #[expect(clippy::too_many_arguments, reason = "the parameters of the operation")]
    async fn export(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// `ndjson` when left out.
        format: Query<Option<ExportFormat>>,
        member: Query<Option<Uuid>>,
        action: Query<Option<String>>,
        subject: Query<Option<Uuid>>,
        from: Query<Option<DateTime<Utc>>>,
        to: Query<Option<DateTime<Utc>>>,
    ) -> Result<Exported, ApiError> {
        session.may(Action::ReadAudit)?;
        let filter = filter(member.0, action.0, subject.0, (from.0, to.0))?;
        audit::note_export(&hub, session.by()).await?;
        let pages = audit::export(SharedHub::clone(&hub), session.company_id(), filter);
        let (write, head): (fn(&Entry) -> String, _) = match format.0 {
            Some(ExportFormat::Csv) => (csv_row, csv::row(HEAD.iter().copied())),
            Some(ExportFormat::Ndjson) | None => (line, String::new()),
        };
        let texts = pages.map_ok(move |page| page.iter().map(write).collect::<String>());
        let texts = stream::iter([Ok(head)]).chain(texts.map_err(std::io::Error::other));
        let body = Binary(Body::from_bytes_stream(texts));
        Ok(match format.0 {
            Some(ExportFormat::Csv) => Exported::Csv(body, attachment("csv")),
            Some(ExportFormat::Ndjson) | None => Exported::Ndjson(body, attachment("ndjson")),
        })
    }

    /// Compute the chain again: no row was changed, taken out or put in since it was sealed.
    #[oai(path = "/verify", method = "get", operation_id = "verify_audit_log")]
    async fn verify(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<VerdictView>, ApiError> {
        session.may(Action::ReadAudit)?;
        let verdict = audit::verify(&hub, session.company_id()).await?;
        Ok(Json(VerdictView {
            holds: verdict.broken_at.is_none(),
            sealed: verdict.sealed.unsigned_abs(),
            unsealed: verdict.unsealed.unsigned_abs(),
            head: verdict.head,
            broken_at: verdict.broken_at,
        }))
    }
}

fn filter(
    member: Option<Uuid>,
    action: Option<String>,
    subject: Option<Uuid>,
    (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<Filter, ApiError> {
    let mut wrong = Vec::new();
    let is_word = |word: &String| {
        word.len() <= LONGEST_ACTION
            && word.bytes().all(|letter| letter.is_ascii_lowercase() || b"._".contains(&letter))
    };
    if action.as_ref().is_some_and(|action| !is_word(action)) {
        wrong.push(FieldProblem::new("action", "Use a word of the log, as contact.created."));
    }
    if from.zip(to).is_some_and(|(from, to)| from >= to) {
        wrong.push(FieldProblem::new("to", "Choose a time after the first one."));
    }
    if !wrong.is_empty() {
        return Err(ApiError::invalid_fields(wrong));
    }
    Ok(Filter { member: member.map(MemberId::from_uuid), action, subject, from, to })
}

const HEAD: &[&str] = &[
    "time",
    "id",
    "member_id",
    "member",
    "api_key_id",
    "action",
    "subject",
    "detail",
    "position",
    "hash",
];

fn csv_row(entry: &Entry) -> String {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    csv::row([
        time(entry).as_str(),
        &entry.audit_id.to_string(),
        &text(entry.member_id.map(MemberId::uuid)),
        entry.member_name.as_deref().unwrap_or_default(),
        &text(entry.api_key_id.map(ApiKeyId::uuid)),
        &entry.action,
        entry.subject.as_deref().unwrap_or_default(),
        &entry.detail.to_string(),
        &entry.position.map(|at| at.to_string()).unwrap_or_default(),
        &entry.hash.as_ref().map(hex::encode).unwrap_or_default(),
    ])
}

fn line(entry: &Entry) -> String {
    let told = json!({
        "time": time(entry),
        "id": entry.audit_id,
        "member_id": entry.member_id,
        "member": entry.member_name,
        "api_key_id": entry.api_key_id,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "position": entry.position,
        "hash": entry.hash.as_ref().map(hex::encode),
    });
    format!("{told}\n")
}

/// As the chain hashes it.
fn time(entry: &Entry) -> String {
    entry.created_at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn attachment(ending: &str) -> String {
    format!("attachment; filename=\"tandem-audit-log.{ending}\"")
}

#[derive(Enum, Clone, Copy)]
#[oai(rename = "AuditExportFormat", rename_all = "snake_case")]
enum ExportFormat {
    Ndjson,
    Csv,
}

#[derive(Object)]
struct AuditPage {
    items: Vec<AuditEntry>,
    next_cursor: Option<String>,
}

#[derive(Object)]
struct AuditEntry {
    id: Uuid,
    at: DateTime<Utc>,
    /// `null`: Tandem itself.
    member_id: Option<Uuid>,
    /// `null` for Tandem, and for who is out.
    member: Option<String>,
    /// The key that a script came with.
    api_key_id: Option<Uuid>,
    /// What was done, as `contact.created`.
    action: String,
    /// What it was done to.
    subject: Option<String>,
    /// Ids, words and counts.
    detail: Value,
    /// In the chain; `null` until it is sealed, within minutes.
    position: Option<i64>,
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.audit_id,
            at: entry.created_at,
            member_id: entry.member_id.map(MemberId::uuid),
            member: entry.member_name,
            api_key_id: entry.api_key_id.map(ApiKeyId::uuid),
            action: entry.action,
            subject: entry.subject,
            detail: entry.detail,
            position: entry.position,
        }
    }
}

#[derive(Object)]
#[oai(rename = "AuditVerdict")]
struct VerdictView {
    holds: bool,
    sealed: u64,
    /// Rows that wait for the next sealing.
    unsealed: u64,
    /// The newest hash. Whoever keeps it can tell later that nothing before it was changed.
    head: Option<String>,
    /// The first place that does not hold.
    broken_at: Option<i64>,
}

#[derive(ApiResponse)]
enum Exported {
    /// A row of JSON each.
    #[oai(status = 200, content_type = "application/x-ndjson")]
    Ndjson(Binary<Body>, #[oai(header = "Content-Disposition")] String),
    /// For a spreadsheet.
    #[oai(status = 200, content_type = "text/csv; charset=utf-8")]
    Csv(Binary<Body>, #[oai(header = "Content-Disposition")] String),
}
