//! Writes campaigns: what they are, who works on them, and whom they reach out to.

use serde_json::json;

use crate::{
    db::{
        self, DbError, TenantTx,
        campaigns::{Assigned, Fields, Terms},
        contacts::Filter,
    },
    domain::{ActivityKind, CampaignId, ContactId, Email, MemberId},
    flows::{Hub, SealError, contacts::By, idempotency::Witness},
};

/// Campaigns of a company. More than a team can tell apart; bounds what a list costs.
pub const MOST: i64 = 1_000;
/// Contacts of a filter that are assigned at once.
pub const MOST_MATCHING: i64 = 100_000;

/// What to write; `None` leaves the people as they are.
#[derive(Debug, Clone, Default)]
pub struct NewCampaign {
    pub fields: Fields,
    pub people: Option<Vec<MemberId>>,
}

/// Who is to be assigned.
#[derive(Debug, Clone)]
pub enum Chosen {
    Ids(Vec<ContactId>),
    Emails(Vec<Email>),
    Matching(Filter),
}

/// How they are to be reached.
#[derive(Debug, Clone, Default)]
pub struct Outreach {
    pub method: Option<ActivityKind>,
    pub note: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The campaign or the contact in it is not there, another company's, or not the member's to see.
    #[error("there is no such campaign or contact")]
    NotFound,
    #[error("the company has too many campaigns")]
    TooMany,
    #[error("one of the people is no member of the company")]
    UnknownMember,
    #[error("the campaign would end before it starts")]
    Reversed,
    #[error("more contacts match than can be assigned at once")]
    TooManyMatch,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes a campaign.
pub async fn create(
    hub: &Hub,
    by: By,
    new: NewCampaign,
    witness: &mut dyn Witness<CampaignId>,
) -> Result<(), CampaignError> {
    check_days(&new.fields)?;
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if db::campaigns::count(&mut tx).await? >= MOST {
        return Err(CampaignError::TooMany);
    }
    let id = CampaignId::fresh();
    db::campaigns::insert(&mut tx, id, &new.fields, by.member_id, hub.clock.now()).await?;
    set_people(&mut tx, id, &new.people.unwrap_or_default()).await?;
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "campaign.created", subject, &json!({})).await?;
    witness.see(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(())
}

/// Changes a campaign; `change` turns what is stored into what shall be.
pub async fn update(
    hub: &Hub,
    by: By,
    id: CampaignId,
    change: impl FnOnce(&mut Fields) -> Option<Vec<MemberId>>,
) -> Result<(), CampaignError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    let (before, were) = db::campaigns::lock(&mut tx, id).await?.ok_or(CampaignError::NotFound)?;
    let mut after = before.clone();
    let people = change(&mut after).map(|mut people| {
        people.sort();
        people.dedup();
        people
    });
    check_days(&after)?;
    let mut changed = differences(&before, &after);
    if let Some(people) = people.filter(|people| *people != were) {
        set_people(&mut tx, id, &people).await?;
        changed.push("people");
    }
    if changed.is_empty() {
        return Ok(());
    }
    db::campaigns::update(&mut tx, id, &after, hub.clock.now()).await?;
    let detail = json!({ "fields": changed });
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "campaign.updated", subject, &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Deletes a campaign; its contacts and activities stay.
pub async fn delete(hub: &Hub, by: By, id: CampaignId) -> Result<(), CampaignError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if !db::campaigns::delete(&mut tx, id).await? {
        return Err(CampaignError::NotFound);
    }
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "campaign.deleted", subject, &json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts contacts into a campaign and says who of them came in and who was there; whom that does not
/// name is not there, another company's, or not the member's to see.
pub async fn assign(
    hub: &Hub,
    by: By,
    id: CampaignId,
    chosen: Chosen,
    outreach: &Outreach,
) -> Result<Vec<Assigned>, CampaignError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if !db::campaigns::exists(&mut tx, id).await? {
        return Err(CampaignError::NotFound);
    }
    let terms = Terms {
        campaign_id: id,
        outreach: outreach.method,
        note: &outreach.note,
        by: by.member_id,
        now: hub.clock.now(),
    };
    let assigned = match chosen {
        Chosen::Ids(ids) => db::campaigns::assign_ids(&mut tx, terms, &ids).await?,
        Chosen::Emails(emails) => {
            let emails: Vec<String> = emails.into_iter().map(Email::into_string).collect();
            db::campaigns::assign_emails(&mut tx, terms, &emails).await?
        }
        Chosen::Matching(filter) => {
            let matching = db::contacts::count(&mut tx, &filter).await?;
            if matching.is_none_or(|matching| matching > MOST_MATCHING.unsigned_abs()) {
                return Err(CampaignError::TooManyMatch);
            }
            db::campaigns::assign_matching(&mut tx, terms, &filter).await?
        }
    };
    let added = assigned.iter().filter(|one| one.added).count();
    if added > 0 {
        let detail = json!({ "contacts": added });
        let (member, subject) = (Some(by.member_id), Some(id.uuid()));
        db::audit::append(&mut tx, member, "campaign.contacts_assigned", subject, &detail).await?;
    }
    tx.commit().await?;
    Ok(assigned)
}

/// Writes how a contact of a campaign is to be reached.
pub async fn place(
    hub: &Hub,
    by: By,
    (id, contact_id): (CampaignId, ContactId),
    method: Option<Option<ActivityKind>>,
    note: Option<&str>,
) -> Result<(), CampaignError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if !db::campaigns::place(&mut tx, id, contact_id, method, note).await? {
        return Err(CampaignError::NotFound);
    }
    let detail = json!({ "contact_id": contact_id });
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "campaign.contact_updated", subject, &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a contact out of a campaign.
pub async fn remove(
    hub: &Hub,
    by: By,
    (id, contact_id): (CampaignId, ContactId),
) -> Result<(), CampaignError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    if !db::campaigns::remove(&mut tx, id, contact_id).await? {
        return Err(CampaignError::NotFound);
    }
    let detail = json!({ "contact_id": contact_id });
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "campaign.contact_removed", subject, &detail).await?;
    tx.commit().await?;
    Ok(())
}

fn check_days(fields: &Fields) -> Result<(), CampaignError> {
    match (fields.starts_on, fields.ends_on) {
        (Some(start), Some(end)) if end < start => Err(CampaignError::Reversed),
        _ => Ok(()),
    }
}

/// A member of another company is as missing as one who never was.
async fn set_people(
    tx: &mut TenantTx,
    id: CampaignId,
    people: &[MemberId],
) -> Result<(), CampaignError> {
    db::campaigns::set_people(tx, id, people).await.map_err(|error| match error {
        DbError::Dangling { .. } => CampaignError::UnknownMember,
        error => error.into(),
    })
}

fn differences(before: &Fields, after: &Fields) -> Vec<&'static str> {
    [
        ("name", before.name != after.name),
        ("description", before.description != after.description),
        ("sector", before.sector != after.sector),
        ("theme", before.theme != after.theme),
        ("starts_on", before.starts_on != after.starts_on),
        ("ends_on", before.ends_on != after.ends_on),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}
