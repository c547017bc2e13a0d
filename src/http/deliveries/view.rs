//! Deliveries as the API shows them.

use chrono::{DateTime, Utc};
use poem_openapi::Object;
use uuid::Uuid;

use crate::{
    connectors,
    db::deliveries::{Attempt, Candidate, Counts, Delivery, Objected},
    domain::{
        ActivityKind, Cause, DeliveryKind, DeliveryState, RemoteId, Trigger, action::ActionKind,
    },
    http::contacts::MemberRef,
};

/// A contact, by name.
#[derive(Object)]
#[oai(rename = "NamedContact")]
pub(in crate::http) struct ContactRef {
    pub(in crate::http) id: Uuid,
    /// `null` for one that is gone.
    pub(in crate::http) full_name: Option<String>,
}

/// The activity that a delivery is about.
#[derive(Object)]
#[oai(rename = "DeliveryActivity")]
struct ActivityRef {
    id: Uuid,
    /// `null` for one that is gone.
    kind: Option<ActivityKind>,
    subject: Option<String>,
}

/// What a member had done at the CRM.
#[derive(Object)]
#[oai(rename = "DeliveryAction")]
struct ActionRef {
    kind: ActionKind,
    /// Of a task or deal.
    subject: Option<String>,
}

/// One effect at a CRM: that a contact or an activity is there, exactly once.
#[derive(Object)]
#[oai(rename = "Delivery")]
pub(in crate::http) struct DeliveryView {
    pub(in crate::http) id: Uuid,
    provider: String,
    provider_name: String,
    connection_id: Uuid,
    kind: DeliveryKind,
    contact: ContactRef,
    activity: Option<ActivityRef>,
    /// What a member asked for.
    action: Option<ActionRef>,
    /// What set it off.
    trigger: DeliveryTrigger,
    requested_by: Option<MemberRef>,
    pub(in crate::http) state: DeliveryState,
    /// Why it is not delivered, as a word for programs.
    cause: Option<Cause>,
    /// The same in words: what happened and what to do.
    reason: Option<String>,
    /// What the CRM objects to; by the field of the contact or activity where it is about one.
    objections: Vec<Objection>,
    /// People at the CRM, one of whom the contact may be: choose.
    candidates: Vec<CandidateView>,
    /// Attempts since it was written or retried.
    attempts: i32,
    /// When it is tried next by itself.
    next_at: Option<DateTime<Utc>>,
    /// Outages are waited for until then.
    give_up_at: DateTime<Utc>,
    /// The person or activity at the CRM.
    remote_id: Option<String>,
    /// Where to see it.
    url: Option<String>,
    organization_remote_id: Option<String>,
    /// Whether the person of a lead was created by it, and not found there.
    person_created: bool,
    /// What went otherwise than usual.
    remarks: Vec<Remark>,
    /// Whether a retry is possible and makes sense.
    can_retry: bool,
    /// Whether somebody must choose among the candidates.
    can_choose: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    delivered_at: Option<DateTime<Utc>>,
}

type DeliveryTrigger = Trigger;

#[derive(Object)]
#[oai(rename = "DeliveryObjection")]
struct Objection {
    /// A field of the contact or activity; `null` when it is about the whole.
    field: Option<String>,
    /// In the CRM's words.
    words: String,
}

#[derive(Object)]
#[oai(rename = "DeliveryCandidate")]
struct CandidateView {
    remote_id: String,
    name: Option<String>,
    url: Option<String>,
}

#[derive(Object)]
#[oai(rename = "DeliveryRemark")]
struct Remark {
    /// For programs.
    code: String,
    words: String,
}

/// A delivery with all that was tried.
#[derive(Object)]
pub(super) struct DeliveryStory {
    delivery: DeliveryView,
    /// In their order, those of earlier retries included.
    attempts: Vec<AttemptView>,
}

/// One request to a CRM that was to change something.
#[derive(Object)]
#[oai(rename = "DeliveryAttempt")]
struct AttemptView {
    n: i32,
    /// What it was to make: `organization`, `label`, `reference`, `person`, `person_labels`,
    /// `person_fields`, `activity`, `note` or `deal`.
    step: String,
    /// `sending`, `done`, `found` (the answer was lost, the record is there), `absent` (looked for
    /// and not there), `unsettled` (the answer was lost and nobody looked: doing it again is the
    /// same), `refused`, `not_sent` or `unknown`.
    outcome: String,
    /// HTTP status, where there was an answer.
    status: Option<i32>,
    remote_id: Option<String>,
    reason: Option<String>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

#[derive(Object)]
pub(in crate::http) struct DeliveryPage {
    pub(super) items: Vec<DeliveryView>,
    pub(super) next_cursor: Option<String>,
    /// Of all pages, whatever state and cause are asked for; on the first page.
    pub(super) counts: Option<CountsView>,
}

/// How many deliveries there are.
#[derive(Object, Default)]
#[oai(rename = "DeliveryCounts")]
pub(in crate::http) struct CountsView {
    queued: i64,
    held: i64,
    sending: i64,
    delivered: i64,
    retrying: i64,
    unknown: i64,
    failed: i64,
    dead: i64,
    /// Of those not delivered, by cause.
    causes: Vec<CauseCount>,
    /// Whether there are more: nobody counts beyond 50,000.
    at_least: bool,
}

#[derive(Object)]
#[oai(rename = "DeliveryCauseCount")]
struct CauseCount {
    cause: Cause,
    count: i64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        let of =
            |state| counts.open.iter().filter(|one| one.state == state).map(|one| one.count).sum();
        let with = |cause: Cause| {
            let these = counts.open.iter().filter(|one| one.cause.as_deref() == Some(cause.word()));
            these.map(|one| one.count).sum()
        };
        Self {
            queued: of(DeliveryState::Queued),
            held: of(DeliveryState::Held),
            sending: of(DeliveryState::Sending),
            delivered: counts.delivered,
            retrying: of(DeliveryState::Retrying),
            unknown: of(DeliveryState::Unknown),
            failed: of(DeliveryState::Failed),
            dead: of(DeliveryState::Dead),
            causes: Cause::ALL
                .iter()
                .map(|&cause| CauseCount { cause, count: with(cause) })
                .filter(|one| one.count > 0)
                .collect(),
            at_least: counts.at_least,
        }
    }
}

impl DeliveryStory {
    pub(super) fn of(delivery: Delivery, attempts: Vec<Attempt>) -> Self {
        Self {
            delivery: delivery.into(),
            attempts: attempts.into_iter().map(AttemptView::from).collect(),
        }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let url = url(&delivery);
        let cause = delivery.cause.as_deref().and_then(Cause::parse);
        let candidates = delivery.candidates.map(|all| all.0).unwrap_or_default();
        let ended = matches!(delivery.state, DeliveryState::Failed | DeliveryState::Dead);
        let can_choose = delivery.state == DeliveryState::Failed
            && cause == Some(Cause::Ambiguous)
            && !candidates.is_empty();
        Self {
            id: delivery.delivery_id.uuid(),
            provider_name: provider_name(&delivery.provider),
            provider: delivery.provider,
            connection_id: delivery.connection_id.uuid(),
            kind: delivery.kind,
            can_retry: ended
                && !can_choose
                && !cause.is_some_and(Cause::is_over)
                && delivery.contact_name.is_some(),
            can_choose,
            contact: ContactRef {
                id: delivery.contact_id.uuid(),
                full_name: delivery.contact_name,
            },
            activity: delivery.activity_id.map(|id| ActivityRef {
                id: id.uuid(),
                kind: delivery.activity_kind.as_deref().and_then(ActivityKind::parse),
                subject: delivery.activity_subject.filter(|text| !text.is_empty()),
            }),
            action: delivery.action.as_deref().and_then(ActionKind::parse).map(|kind| ActionRef {
                kind,
                subject: delivery.action_subject.filter(|text| !text.is_empty()),
            }),
            trigger: delivery.trigger,
            requested_by: delivery
                .requested_by
                .zip(delivery.requested_by_name)
                .map(|(id, name)| MemberRef { member_id: id.uuid(), name }),
            state: delivery.state,
            cause,
            reason: delivery.reason,
            objections: delivery
                .fields
                .map(|all| all.0)
                .unwrap_or_default()
                .into_iter()
                .map(Objection::from)
                .collect(),
            candidates: candidates.into_iter().map(CandidateView::from).collect(),
            attempts: delivery.attempts,
            next_at: delivery.next_at,
            give_up_at: delivery.give_up_at,
            remote_id: delivery.remote_id,
            url,
            organization_remote_id: delivery.organization_remote_id,
            person_created: delivery.person_created,
            remarks: delivery.remarks.into_iter().map(Remark::of).collect(),
            created_at: delivery.created_at,
            updated_at: delivery.updated_at,
            delivered_at: delivery.delivered_at,
        }
    }
}

/// What the provider is called; its slug for one that is not built in any more.
pub(in crate::http) fn provider_name(slug: &str) -> String {
    connectors::find(slug).map_or_else(|| slug.to_owned(), |found| found.manifest().name.to_owned())
}

/// Where a member sees what was delivered.
pub(in crate::http) fn url(delivery: &Delivery) -> Option<String> {
    let connector = connectors::find(&delivery.provider)?;
    let remote_id = RemoteId(delivery.remote_id.clone()?);
    let domain = delivery.account_domain.as_deref();
    match delivery.kind {
        DeliveryKind::WarmLead => connector.person_url(domain, &remote_id),
        DeliveryKind::ActivityCreate | DeliveryKind::ActivityUpdate => {
            connector.writer()?.activity_url(domain, &remote_id)
        }
        DeliveryKind::Action => match delivery.action.as_deref().and_then(ActionKind::parse)? {
            ActionKind::CreateDeal | ActionKind::UpdateDeal => {
                connector.writer()?.deal_url(domain, &remote_id)
            }
            ActionKind::CreateContact | ActionKind::UpdateContact => {
                connector.person_url(domain, &remote_id)
            }
            ActionKind::CreateTask | ActionKind::UpdateTask | ActionKind::LogCall => {
                connector.writer()?.activity_url(domain, &remote_id)
            }
            _ => None,
        },
        DeliveryKind::ActivityDelete => None,
    }
}

impl From<Objected> for Objection {
    fn from(objected: Objected) -> Self {
        Self { field: objected.field, words: objected.words }
    }
}

impl From<Candidate> for CandidateView {
    fn from(candidate: Candidate) -> Self {
        Self { remote_id: candidate.remote_id, name: candidate.name, url: candidate.url }
    }
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            n: attempt.n,
            step: attempt.step,
            outcome: attempt.outcome,
            status: attempt.status,
            remote_id: attempt.remote_id,
            reason: attempt.reason,
            started_at: attempt.started_at,
            finished_at: attempt.finished_at,
        }
    }
}

impl Remark {
    fn of(code: String) -> Self {
        let words = match code.as_str() {
            "label_missing" => {
                "The CRM did not let us make the label, so the person has none. Make one called \
                 \u{201c}Warm Lead\u{201d} there."
            }
            "owner_of_connection" => {
                "Nobody at the CRM has the member's e-mail address, so it belongs to the user who \
                 connected."
            }
            "no_owner" => {
                "Nobody at the CRM has the member's e-mail address, and it does not say who \
                 connected: the owner is whoever it chooses."
            }
            "label_stays" => {
                "The person has another status at the CRM that somebody chose, and it stays: \
                 \u{201c}Warm Lead\u{201d} was not set."
            }
            "contact_gone" => {
                "The contact was deleted while this was on its way, so the person at the CRM is \
                 linked with nobody here."
            }
            "linked_elsewhere" => {
                "The person at the CRM was linked with another contact meanwhile, and stays so."
            }
            other => other,
        };
        Self { words: words.to_owned(), code }
    }
}
