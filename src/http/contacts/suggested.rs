//! `/api/contacts/suggested`: whom to contact next, and why.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use poem::web::Data;
use poem_openapi::{
    Object, OpenApi,
    param::{Path, Query},
    payload::Json,
    types::MaybeUndefined,
};
use uuid::Uuid;

use super::{filter::read_owner, view::ContactView};
use crate::{
    db::{self, Scope, contacts::Owner, suggestions::Wish},
    domain::{CampaignId, ContactId, suggestion},
    flows::{SharedHub, snooze},
    http::{ApiError, FieldProblem, Session, Tag, once::Once, paging},
    policy::Action,
};

const MOST: u32 = 100;
/// Longer than anybody plans; what shall never come again is deleted.
const LONGEST: TimeDelta = TimeDelta::days(366);

pub(in crate::http) struct SuggestionsApi;

#[OpenApi(prefix_path = "/contacts", tag = "Tag::Contacts")]
impl SuggestionsApi {
    /// Whom to contact next, of those you may see, the most urgent first: 0.7 x warmness/10 + 0.3 x
    /// min(days since the last contact/30, 1); never contacted counts as 999 days. Whom you put off is
    /// left out until then.
    #[oai(path = "/suggested", method = "get", operation_id = "suggest_contacts")]
    async fn suggested(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        /// Id of a member, or `none`.
        owner: Query<Option<String>>,
        /// In this campaign.
        campaign: Query<Option<Uuid>>,
        /// 1 to 100; 50 when left out.
        limit: Query<Option<u32>>,
    ) -> Result<Json<Suggestions>, ApiError> {
        session.may(Action::WorkContacts)?;
        let limit = paging::limit(limit.0, MOST)?;
        let owner = match (owner.0.as_deref().map(str::trim), session.scope()) {
            (None | Some(""), Scope::All) => None,
            // Said to the index too, which does not know what the policy says.
            (None | Some(""), Scope::Own(member)) => Some(Owner::Member(member)),
            (Some(text), _) => Some(read_owner(text)?),
        };
        let by = session.by();
        let now = hub.clock.now();
        let campaign = campaign.0.map(CampaignId::from_uuid);
        let wish = Wish { for_member: by.member_id, owner, campaign, now };
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let best = db::suggestions::best(&mut tx, &wish, limit).await?;
        let ids: Vec<ContactId> = best.iter().map(|one| one.contact_id).collect();
        let contacts = db::contacts::some(&mut tx, &ids).await?;
        tx.commit().await?;
        let mut contacts: HashMap<_, _> =
            contacts.into_iter().map(|one| (one.contact_id, one)).collect();
        let items = best.into_iter().filter_map(|one| {
            let contact = contacts.remove(&one.contact_id)?;
            let days = suggestion::days_since(one.last_contacted_at, now);
            Some(Suggestion {
                contact: contact.into(),
                #[expect(clippy::cast_precision_loss, reason = "at most 100")]
                score: suggestion::score(one.warmness, days) as f64 / 100.0,
                days_since_contact: days,
                reason: suggestion::reason(one.warmness, days),
            })
        });
        Ok(Json(Suggestions { items: items.collect() }))
    }

    /// Put a suggested contact off. Colleagues are suggested it all the same.
    #[oai(path = "/:id/snooze", method = "post", operation_id = "snooze_contact")]
    async fn snooze(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        id: Path<Uuid>,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<SnoozeForm>,
    ) -> Result<Json<Snoozed>, ApiError> {
        session.may(Action::WorkContacts)?;
        let until = match form.0.until {
            MaybeUndefined::Value(at) => Some(read_until(at, hub.clock.now())?),
            MaybeUndefined::Null => None,
            MaybeUndefined::Undefined => {
                let words = "Say until when, or `null` to be suggested it again.";
                return Err(ApiError::invalid_fields(vec![FieldProblem::new("until", words)]));
            }
        };
        snooze::snooze(&hub, session.by(), ContactId::from_uuid(id.0), until).await?;
        Ok(Json(Snoozed { until }))
    }
}

fn read_until(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<DateTime<Utc>, ApiError> {
    if at > now && at <= now + LONGEST {
        return Ok(at);
    }
    let words = "Use a time that is ahead, at most a year.";
    Err(ApiError::invalid_fields(vec![FieldProblem::new("until", words)]))
}

#[derive(Object)]
#[oai(rename = "Snooze")]
struct SnoozeForm {
    /// Ahead, at most 366 days; `null` takes it back.
    until: MaybeUndefined<DateTime<Utc>>,
}

#[derive(Object)]
struct Snoozed {
    until: Option<DateTime<Utc>>,
}

#[derive(Object)]
struct Suggestions {
    /// The most urgent first.
    items: Vec<Suggestion>,
}

/// A contact, and why it is suggested.
#[derive(Object)]
#[oai(rename = "ContactSuggestion")]
struct Suggestion {
    contact: ContactView,
    /// 0 to 1.
    score: f64,
    /// Whole days; `null` when never contacted.
    days_since_contact: Option<i64>,
    /// In words.
    reason: String,
}
