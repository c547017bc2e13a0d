//! Logs what members do with contacts. The CRMs hear of it by deliveries, written in the same
//! transaction; nobody waits for them.

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::json;

use crate::{
    db::{self, DbError, TenantTx, activities::Fields},
    domain::{ActivityId, ActivityKind, CampaignId, ContactId, DeliveryId},
    flows::{
        Hub, SealError,
        contacts::{By, Edit},
        deliver::{
            news,
            queue::{self, Change as Cause, Happened},
        },
        idempotency::Witness,
    },
};

/// An activity to log.
#[derive(Debug, Clone)]
pub struct NewActivity {
    pub contact_id: ContactId,
    pub kind: ActivityKind,
    pub subject: String,
    pub note: String,
    /// `None`: now.
    pub due_at: Option<DateTime<Utc>>,
    pub has_time: bool,
    pub duration_minutes: Option<i32>,
    /// `None`: unless it is still to come.
    pub done: Option<bool>,
    /// Whether a meeting counts as booked, otherwise it was asked for; `None`: if it is still to come or
    /// took place.
    pub booked: Option<bool>,
    pub campaign_id: Option<CampaignId>,
}

/// What to write anew. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub kind: Option<ActivityKind>,
    pub subject: Option<String>,
    pub note: Option<String>,
    pub due_at: Option<DateTime<Utc>>,
    pub has_time: Option<bool>,
    pub duration_minutes: Edit<i32>,
    pub done: Option<bool>,
    pub booked: Option<bool>,
    pub campaign: Edit<CampaignId>,
}

#[derive(Debug, thiserror::Error)]
pub enum ActivityError {
    /// The activity or its contact is not there, another company's, or not the member's to see.
    #[error("there is no such activity or contact")]
    NotFound,
    #[error("only a meeting can be booked")]
    NoMeeting,
    #[error("there is no such campaign")]
    UnknownCampaign,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Logs an activity.
pub async fn create(
    hub: &Hub,
    by: By,
    new: NewActivity,
    witness: &mut dyn Witness<ActivityId>,
) -> Result<(), ActivityError> {
    let now = hub.clock.now();
    let due_at = day(new.due_at.unwrap_or(now), new.has_time);
    let mut fields = Fields {
        kind: new.kind,
        subject: new.subject,
        note: new.note,
        due_at,
        has_time: new.has_time,
        duration_minutes: new.duration_minutes,
        done: new.done.unwrap_or(due_at <= now),
        booked: false,
        campaign_id: new.campaign_id,
    };
    let booked = is_booked(&fields, new.booked, now)?;
    fields.booked = is_agreed(&fields, new.booked);
    let mut tx = hub.db.tenant_by_key(by.company_id, by.scope).await?;
    lock_contact(&mut tx, new.contact_id).await?;
    check_campaign(&mut tx, new.campaign_id).await?;
    let id = ActivityId::fresh();
    db::activities::insert(&mut tx, id, new.contact_id, by.member_id, &fields, now).await?;
    let cause = Cause { contact_id: new.contact_id, member_id: Some(by.member_id), now };
    let queued = tell_crms(&mut tx, cause, id, Happened::Logged, booked).await?;
    db::activities::contacted(&mut tx, new.contact_id, None, now).await?;
    let detail = json!({ "contact_id": new.contact_id });
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "activity.created", subject, &detail).await?;
    witness.see(&mut tx, &id).await?;
    let news = news::of(&mut tx, &queued).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(())
}

/// Changes an activity.
pub async fn update(
    hub: &Hub,
    by: By,
    id: ActivityId,
    change: Change,
) -> Result<(), ActivityError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant_by_key(by.company_id, by.scope).await?;
    let contact_id = locked_contact_of(&mut tx, id).await?;
    let before = db::activities::lock(&mut tx, id).await?.ok_or(ActivityError::NotFound)?;
    let mut after = before.clone();
    change.apply(&mut after);
    if after.campaign_id != before.campaign_id {
        check_campaign(&mut tx, after.campaign_id).await?;
    }
    let was_booked = is_booked(&before, None, now)?;
    let booked = is_booked(&after, change.booked, now)?;
    after.booked = match change.booked {
        None if before.kind == after.kind && before.done == after.done => before.booked,
        said => is_agreed(&after, said),
    };
    // A CRM knows neither campaigns nor who agreed.
    let changed = differences(&before, &after);
    if changed.is_empty() && after != before {
        db::activities::update(&mut tx, id, &after, false, now).await?;
    }
    if changed.is_empty() && after == before && change.booked != Some(true) {
        return Ok(());
    }
    let cause = Cause { contact_id, member_id: Some(by.member_id), now };
    let newly = booked && (!was_booked || change.booked == Some(true));
    let mut queued = Vec::new();
    if changed.is_empty() {
        if change.booked == Some(true) {
            queued = queue::meeting_booked(&mut tx, cause).await?;
        }
    } else {
        db::activities::update(&mut tx, id, &after, true, now).await?;
        queued.extend(tell_crms(&mut tx, cause, id, Happened::Edited, newly).await?);
        let was = contacted_at(&before, now);
        db::activities::contacted(&mut tx, contact_id, was, now).await?;
        let detail = json!({ "fields": changed });
        let (member, subject) = (Some(by.member_id), Some(id.uuid()));
        db::audit::append(&mut tx, member, "activity.updated", subject, &detail).await?;
    }
    let news = news::of(&mut tx, &queued).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(())
}

/// Deletes an activity, at the CRMs that have it too.
pub async fn delete(hub: &Hub, by: By, id: ActivityId) -> Result<(), ActivityError> {
    let now = hub.clock.now();
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let contact_id = locked_contact_of(&mut tx, id).await?;
    let before = db::activities::lock(&mut tx, id).await?.ok_or(ActivityError::NotFound)?;
    db::activities::delete(&mut tx, id).await?;
    let cause = Cause { contact_id, member_id: Some(by.member_id), now };
    let queued = tell_crms(&mut tx, cause, id, Happened::Deleted, false).await?;
    db::activities::contacted(&mut tx, contact_id, contacted_at(&before, now), now).await?;
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "activity.deleted", subject, &json!({})).await?;
    let news = news::of(&mut tx, &queued).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(())
}

impl Change {
    fn apply(&self, fields: &mut Fields) {
        fields.kind = self.kind.unwrap_or(fields.kind);
        if let Some(subject) = &self.subject {
            fields.subject.clone_from(subject);
        }
        if let Some(note) = &self.note {
            fields.note.clone_from(note);
        }
        fields.has_time = self.has_time.unwrap_or(fields.has_time);
        fields.due_at = day(self.due_at.unwrap_or(fields.due_at), fields.has_time);
        match self.duration_minutes {
            Edit::Keep => {}
            Edit::Empty => fields.duration_minutes = None,
            Edit::To(minutes) => fields.duration_minutes = Some(minutes),
        }
        fields.done = self.done.unwrap_or(fields.done);
        match self.campaign {
            Edit::Keep => {}
            Edit::Empty => fields.campaign_id = None,
            Edit::To(campaign) => fields.campaign_id = Some(campaign),
        }
    }
}

/// Without a time of day, the day (UTC) alone counts. Finer than a microsecond nothing is stored.
fn day(at: DateTime<Utc>, has_time: bool) -> DateTime<Utc> {
    use chrono::SubsecRound as _;
    if has_time { at.trunc_subsecs(6) } else { at.date_naive().and_time(NaiveTime::MIN).and_utc() }
}

/// A meeting that is still to come is booked, unless the member says otherwise.
fn is_booked(
    fields: &Fields,
    said: Option<bool>,
    now: DateTime<Utc>,
) -> Result<bool, ActivityError> {
    let is_meeting = fields.kind == ActivityKind::Meeting;
    match said {
        Some(true) if !is_meeting => Err(ActivityError::NoMeeting),
        Some(said) => Ok(said),
        None => Ok(is_meeting && !fields.done && fields.due_at > now),
    }
}

/// Whether a meeting counts as agreed upon: unless the member says otherwise, one that took place or
/// stands in the calendar does.
fn is_agreed(fields: &Fields, said: Option<bool>) -> bool {
    fields.kind == ActivityKind::Meeting && said.unwrap_or(true)
}

/// A foreign campaign is as missing as one that never was.
async fn check_campaign(tx: &mut TenantTx, id: Option<CampaignId>) -> Result<(), ActivityError> {
    match id {
        Some(id) if !db::campaigns::exists(tx, id).await? => Err(ActivityError::UnknownCampaign),
        _ => Ok(()),
    }
}

/// When this activity says that the contact was contacted.
fn contacted_at(fields: &Fields, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (fields.done && fields.due_at <= now).then_some(fields.due_at)
}

fn differences(before: &Fields, after: &Fields) -> Vec<&'static str> {
    [
        ("kind", before.kind != after.kind),
        ("subject", before.subject != after.subject),
        ("note", before.note != after.note),
        ("due_at", before.due_at != after.due_at),
        ("has_time", before.has_time != after.has_time),
        ("duration_minutes", before.duration_minutes != after.duration_minutes),
        ("done", before.done != after.done),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// Writes the deliveries of a change: the lead first, for an activity needs a person there.
async fn tell_crms(
    tx: &mut TenantTx,
    cause: Cause,
    id: ActivityId,
    happened: Happened,
    booked: bool,
) -> Result<Vec<DeliveryId>, DbError> {
    let mut queued = if booked { queue::meeting_booked(tx, cause).await? } else { Vec::new() };
    queued.extend(queue::activity_written(tx, cause, id, happened).await?);
    Ok(queued)
}

/// The contact's row settles the order of what happens to its activities.
async fn lock_contact(tx: &mut TenantTx, id: ContactId) -> Result<(), ActivityError> {
    let locked = db::activities::lock_contacts(tx, &[id]).await?;
    if locked.is_empty() { Err(ActivityError::NotFound) } else { Ok(()) }
}

async fn locked_contact_of(tx: &mut TenantTx, id: ActivityId) -> Result<ContactId, ActivityError> {
    let contact_id = db::activities::contact_of(tx, id).await?.ok_or(ActivityError::NotFound)?;
    lock_contact(tx, contact_id).await?;
    Ok(contact_id)
}
