//! Runs and entries, as the API shows them.

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    db::{
        entries::Entry,
        runs::{CSV, Run},
    },
    domain::{ConnectionId, RunId},
    flows::SharedHub,
};

#[derive(Enum, Clone, Copy)]
#[oai(rename = "RunState", rename_all = "snake_case")]
pub(super) enum RunStateWord {
    Queued,
    Running,
    Waiting,
    Completed,
    Failed,
    Cancelled,
}

impl RunStateWord {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "waiting" => Self::Waiting,
            "completed" => Self::Completed,
            "cancelled" => Self::Cancelled,
            _ => Self::Failed,
        }
    }
}

#[derive(Enum, Clone, Copy)]
#[oai(rename = "Outcome", rename_all = "snake_case")]
pub(super) enum OutcomeWord {
    Created,
    Updated,
    Linked,
    Skipped,
    Conflict,
    Quarantined,
}

impl OutcomeWord {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Linked => "linked",
            Self::Skipped => "skipped",
            Self::Conflict => "conflict",
            Self::Quarantined => "quarantined",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "created" => Self::Created,
            "updated" => Self::Updated,
            "linked" => Self::Linked,
            "conflict" => Self::Conflict,
            "quarantined" => Self::Quarantined,
            _ => Self::Skipped,
        }
    }
}

#[derive(Object)]
#[oai(rename = "RunRequester")]
struct Requester {
    member_id: Uuid,
    name: String,
}

/// What became of the persons that a run saw.
#[derive(Object)]
#[oai(rename = "RunCounts")]
struct CountsView {
    created: i64,
    updated: i64,
    linked: i64,
    unchanged: i64,
    skipped: i64,
    conflict: i64,
    quarantined: i64,
}

#[derive(Object)]
struct OrganizationCounts {
    seen: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
}

#[derive(Object)]
struct DealCounts {
    seen: i64,
    written: i64,
    unchanged: i64,
    quarantined: i64,
}

/// One import or sync.
#[derive(Object)]
#[oai(rename = "Run")]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the answer")]
pub(super) struct RunView {
    id: Uuid,
    pub(super) provider: String,
    provider_name: String,
    /// `null` for the run of a file.
    connection_id: Option<Uuid>,
    /// The run of a file, and the file is kept: its bad rows can be corrected.
    has_file: bool,
    /// The run whose rows were corrected for this one.
    fixes: Option<Uuid>,
    mode: String,
    direction: String,
    state: RunStateWord,
    /// What happened and what to do, in words.
    state_reason: Option<String>,
    /// When a waiting run goes on.
    waiting_until: Option<DateTime<Utc>>,
    phase: String,
    requested_by: Option<Requester>,
    /// Nobody asked for it: the CRM told of a change.
    by_webhook: bool,
    /// Nobody asked for it: the CRM was asked by itself whether something has changed.
    by_schedule: bool,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    /// Persons looked at: the sum of `counts`.
    seen: i64,
    counts: CountsView,
    adds_up: bool,
    /// How many persons there may be; from the last run, for providers give no totals.
    estimate: Option<i64>,
    organizations: OrganizationCounts,
    deals: DealCounts,
    /// HTTP requests to the provider, retries included.
    requests: i64,
    /// Of the account's daily budget.
    tokens_spent: i64,
    /// How often a worker took it up since its last committed page.
    attempts: i32,
    resumable: bool,
    /// The plan had no room for more contacts.
    limit_reached: bool,
    /// Persons per second since the start, while it runs.
    rate_per_s: Option<f64>,
    /// Seconds left, where the estimate allows a guess.
    eta_s: Option<i64>,
}

impl RunView {
    pub(super) fn of(hub: &SharedHub, run: Run) -> Self {
        let counts = run.counts();
        let running = run.state == "running";
        let elapsed = run.started_at.map(|at| (hub.clock.now() - at).num_milliseconds());
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = elapsed
            .filter(|ms| running && *ms > 500 && run.seen > 0)
            .map(|ms| (run.seen as f64 / ms as f64 * 10_000.0).round() / 10.0);
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a guess")]
        let eta = run
            .estimate
            .zip(rate)
            .filter(|(estimate, rate)| *estimate > run.seen && *rate > 0.0)
            .map(|(estimate, rate)| ((estimate - run.seen) as f64 / rate).ceil() as i64);
        let provider = hub.providers.get(&run.provider);
        Self {
            id: run.run_id.uuid(),
            provider_name: provider
                .map_or_else(|| name_of(&run.provider), |found| found.name().to_owned()),
            provider: run.provider,
            connection_id: run.connection_id.map(ConnectionId::uuid),
            has_file: run.file_id.is_some(),
            fixes: run.fixes.map(RunId::uuid),
            mode: run.mode,
            direction: run.direction,
            state: RunStateWord::parse(&run.state),
            state_reason: run.state_reason,
            waiting_until: run.waiting_until,
            phase: run.phase,
            requested_by: run
                .requested_by
                .zip(run.requested_by_name)
                .map(|(id, name)| Requester { member_id: id.uuid(), name }),
            by_webhook: run.by_hook,
            by_schedule: run.by_clock,
            created_at: run.created_at,
            started_at: run.started_at,
            finished_at: run.finished_at,
            seen: counts.seen,
            adds_up: counts.adds_up(),
            counts: CountsView {
                created: counts.created,
                updated: counts.updated,
                linked: counts.linked,
                unchanged: counts.unchanged,
                skipped: counts.skipped,
                conflict: counts.conflict,
                quarantined: counts.quarantined,
            },
            estimate: run.estimate,
            organizations: OrganizationCounts {
                seen: run.organizations_seen,
                created: run.organizations_created,
                updated: run.organizations_updated,
                unchanged: run.organizations_unchanged,
            },
            deals: DealCounts {
                seen: run.deals_seen,
                written: run.deals_written,
                unchanged: run.deals_unchanged,
                quarantined: run.deals_quarantined,
            },
            requests: run.requests,
            tokens_spent: run.tokens_spent,
            attempts: run.attempts,
            resumable: matches!(run.state.as_str(), "failed" | "cancelled"),
            limit_reached: run.limit_reached,
            rate_per_s: rate,
            eta_s: eta,
        }
    }
}

/// Of a provider that is none of ours any more, or none at all.
fn name_of(provider: &str) -> String {
    if provider == CSV { "a CSV file".to_owned() } else { provider.to_owned() }
}

#[derive(Object)]
pub(super) struct RunPage {
    pub(super) items: Vec<RunView>,
    pub(super) next_cursor: Option<String>,
}

/// What a run did to one record.
#[derive(Object)]
#[oai(rename = "Entry")]
pub(super) struct EntryView {
    outcome: OutcomeWord,
    remote_id: Option<String>,
    /// `null` when there is none, or you may not see it.
    contact_id: Option<Uuid>,
    contact_name: Option<String>,
    remote_name: Option<String>,
    reason: Option<String>,
    /// The fields that changed, as they were.
    before: Option<Value>,
    after: Option<Value>,
    /// Which committed page of the run.
    page: i32,
    at: DateTime<Utc>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        // Before-images of a contact that the member may not see are not shown.
        let hidden =
            entry.contact_id.is_none() && matches!(entry.outcome.as_str(), "updated" | "linked");
        Self {
            outcome: OutcomeWord::parse(&entry.outcome),
            remote_id: entry.remote_id,
            contact_id: entry.contact_id,
            contact_name: entry.contact_name,
            remote_name: entry.remote_name,
            reason: if hidden && entry.reason.is_none() {
                Some("the book already has this person".to_owned())
            } else {
                entry.reason
            },
            before: entry.before.filter(|_| !hidden),
            after: entry.after.filter(|_| !hidden),
            page: entry.page,
            at: entry.created_at,
        }
    }
}

#[derive(Object)]
pub(super) struct EntryPage {
    pub(super) items: Vec<EntryView>,
    pub(super) next_cursor: Option<String>,
}
