//! Who is signed in, as the API tells it: the one answer that every page of the web app begins with.

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::{
    connectors,
    db::{self, TenantTx},
    flows::{
        Hub,
        billing::entitlement::{self, Status},
    },
    http::{ApiError, Session},
    policy::{self, Action, Plan, Role, Thing},
};

/// Who is signed in, where, and what they may do.
#[derive(Object)]
#[oai(rename = "Session")]
pub(in crate::http) struct SessionView {
    user: UserView,
    company: CompanyView,
    member: MemberView,
    /// All companies of the user.
    companies: Vec<CompanyOfUser>,
    /// What the role allows.
    may: Vec<Action>,
    /// Features that the plan holds.
    allows: Vec<String>,
    limits: LimitsView,
    /// Connections that somebody has to do something about.
    attention: Vec<AttentionView>,
    /// What is overdue; for owners, and `null` on most days.
    payment_due: Option<PaymentDueView>,
    /// Whether the mailbox page and the test biller exist.
    development: bool,
}

#[derive(Object)]
#[oai(rename = "SessionUser")]
struct UserView {
    id: Uuid,
    name: String,
    email: String,
}

#[derive(Object)]
#[oai(rename = "SessionCompany")]
struct CompanyView {
    id: Uuid,
    name: String,
    country: String,
    plan: Plan,
}

#[derive(Object)]
#[oai(rename = "SessionMember")]
struct MemberView {
    id: Uuid,
    role: Role,
}

#[derive(Object)]
#[oai(rename = "CompanyChoice")]
struct CompanyOfUser {
    id: Uuid,
    name: String,
    role: Role,
}

/// What the plan counts; a missing limit is none.
#[derive(Object)]
#[oai(rename = "Limits")]
struct LimitsView {
    contacts: Option<u64>,
    contacts_used: u64,
    seats: Option<u64>,
    seats_used: u64,
}

#[derive(Object)]
#[oai(rename = "Attention")]
struct AttentionView {
    kind: AttentionKind,
    provider: String,
    name: String,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum AttentionKind {
    NeedsReconnect,
    Paused,
    /// The app was taken out at the provider, within the last week.
    Uninstalled,
}

/// A payment that failed, and what becomes of the plan.
#[derive(Object)]
#[oai(rename = "PaymentDue")]
struct PaymentDueView {
    state: PaymentDueState,
    /// When the plan ends, if it stays unpaid.
    grace_until: Option<DateTime<Utc>>,
}

#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum PaymentDueState {
    /// The plan is kept for the grace.
    PastDue,
    /// Payments failed for good, and the plan ended.
    Unpaid,
}

impl SessionView {
    pub(super) async fn load(hub: &Hub, session: &Session) -> Result<Self, ApiError> {
        let mut door = hub.db.door().await?;
        let user = db::accounts::user(&mut door, session.user_id()).await?;
        let user = user.ok_or_else(ApiError::unauthenticated)?;
        let memberships = db::accounts::memberships(&mut door, session.user_id()).await?;
        door.commit().await?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let usage = db::sessions::usage(&mut tx).await?;
        let attention = db::sessions::attention(&mut tx, hub.clock.now()).await?;
        let payment_due = PaymentDueView::load(hub, session, &mut tx).await?;
        tx.commit().await?;

        let here = memberships.iter().find(|one| one.company_id == session.company_id());
        let here = here.ok_or_else(ApiError::unauthenticated)?;
        Ok(Self {
            user: UserView { id: user.user_id.uuid(), name: user.name, email: user.email },
            company: CompanyView {
                id: here.company_id.uuid(),
                name: here.company_name.clone(),
                country: here.country.clone(),
                plan: here.plan,
            },
            // An access token has the role of its key.
            member: MemberView { id: here.member_id.uuid(), role: session.role() },
            may: Action::ALL
                .iter()
                .copied()
                .filter(|&action| policy::may(session.role(), action))
                .collect(),
            allows: policy::features()
                .map(|(word, _)| word)
                .filter(|word| policy::allows(here.plan, word))
                .map(str::to_owned)
                .collect(),
            limits: LimitsView {
                contacts: policy::limit(here.plan, Thing::Contacts),
                contacts_used: usage.contacts.unsigned_abs(),
                seats: policy::limit(here.plan, Thing::Seats),
                seats_used: usage.seats.unsigned_abs(),
            },
            attention: attention.into_iter().map(AttentionView::from).collect(),
            payment_due,
            development: hub.is_development(),
            companies: memberships
                .into_iter()
                .filter(|one| !session.is_script() || one.company_id == session.company_id())
                .map(|one| CompanyOfUser {
                    id: one.company_id.uuid(),
                    name: one.company_name,
                    role: one.role,
                })
                .collect(),
        })
    }
}

impl PaymentDueView {
    async fn load(
        hub: &Hub,
        session: &Session,
        tx: &mut TenantTx,
    ) -> Result<Option<Self>, ApiError> {
        let Some(biller) = &hub.biller else { return Ok(None) };
        if !policy::may(session.role(), Action::ChangePlan) {
            return Ok(None);
        }
        let all = db::billing::subscriptions(tx, biller.stripe.is_live()).await?;
        let Some(one) = entitlement::shown(&all, &biller.prices) else { return Ok(None) };
        let state = match Status::parse(&one.status) {
            Some(Status::PastDue) => PaymentDueState::PastDue,
            Some(Status::Unpaid) => PaymentDueState::Unpaid,
            _ => return Ok(None),
        };
        let grace_until = match state {
            PaymentDueState::PastDue => entitlement::grace_ends(one),
            PaymentDueState::Unpaid => None,
        };
        Ok(Some(Self { state, grace_until }))
    }
}

impl From<db::sessions::Attention> for AttentionView {
    fn from(row: db::sessions::Attention) -> Self {
        Self {
            kind: match row.state.as_str() {
                "paused" => AttentionKind::Paused,
                "uninstalled" => AttentionKind::Uninstalled,
                _ => AttentionKind::NeedsReconnect,
            },
            name: connectors::find(&row.provider)
                .map_or_else(|| row.provider.clone(), |known| known.manifest().name.to_owned()),
            provider: row.provider,
        }
    }
}
