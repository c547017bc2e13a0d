//! Writes contacts for members: one at a time, without duplicates, within the plan.

use serde_json::json;

use crate::{
    db::{self, DbError, Scope, TenantTx},
    domain::{
        CompanyId, ContactId, MemberId,
        intake::{Address, ContactFields, Number},
    },
    flows::{
        Hub, SealError,
        deliver::{news, queue},
        idempotency::Witness,
    },
    policy::{self, Plan, Thing},
};

/// The member who writes, and what they may see.
#[derive(Debug, Clone, Copy)]
pub struct By {
    pub company_id: CompanyId,
    pub member_id: MemberId,
    pub scope: Scope,
}

/// What becomes of a field that may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edit<T> {
    #[default]
    Keep,
    Empty,
    To(T),
}

impl<T> Edit<T> {
    fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Empty => *field = None,
            Self::To(value) => *field = Some(value),
        }
    }
}

/// What to write. `None` leaves a field as it is, or empty in a new contact.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub full_name: Option<String>,
    pub first_name: Edit<String>,
    pub last_name: Edit<String>,
    pub emails: Option<Vec<Address>>,
    pub phones: Option<Vec<Number>>,
    pub organization_name: Edit<String>,
    pub owner: Edit<MemberId>,
    pub warmness: Option<i16>,
    pub tags: Option<Vec<String>>,
}

#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    /// Not there, another company's, or not the member's to see.
    #[error("there is no such contact")]
    NotFound,
    /// `None` where the member may not see the other contact.
    #[error("an e-mail address belongs to another contact")]
    Duplicate { existing: Option<ContactId> },
    #[error("the plan holds no more contacts")]
    Full { upgrade_to: Option<Plan> },
    #[error("the owner is no member of the company")]
    UnknownOwner,
    /// Who sees only the own contacts cannot give one away, or it would be gone.
    #[error("a contact of one's own cannot be given to somebody else")]
    NotToGive,
    #[error("more contacts match than can be changed at once")]
    TooManyMatch,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Adds a contact; it belongs to its writer unless the change says otherwise.
pub async fn create(
    hub: &Hub,
    by: By,
    change: Change,
    witness: &mut dyn Witness<ContactId>,
) -> Result<ContactId, ContactError> {
    let mut tx = hub.db.tenant_by_key(by.company_id, by.scope).await?;
    let contacts = db::book::lock(&mut tx).await?;
    let plan = db::companies::plan(&mut tx).await?;
    if policy::limit(plan, Thing::Contacts).is_some_and(|most| contacts >= most) {
        return Err(ContactError::Full {
            upgrade_to: policy::upgrade_for_more(plan, Thing::Contacts),
        });
    }
    let mut fields =
        ContactFields { owner_member_id: Some(by.member_id), ..ContactFields::default() };
    apply(&mut tx, by, &change, &mut fields).await?;
    let id = ContactId::fresh();
    let warmness = change.warmness.unwrap_or_default();
    db::contacts::insert(&mut tx, id, &fields, warmness, hub.clock.now()).await?;
    if let Err(error) = db::contacts::claim(&mut tx, id, &fields).await {
        // Lets go of the book first: nobody may hold one connection and wait for another.
        drop(tx);
        return Err(taken(hub, by, &fields, None, error).await);
    }
    db::book::count(&mut tx, 1).await?;
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "contact.created", subject, &json!({})).await?;
    let queued = queue::contact_written(&mut tx, written(by, hub, id), warmness).await?;
    witness.see(&mut tx, &id).await?;
    let news = news::of(&mut tx, &queued).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(id)
}

/// Changes a contact; what a member changes is theirs from then on, and no sync overwrites it.
pub async fn update(hub: &Hub, by: By, id: ContactId, change: Change) -> Result<(), ContactError> {
    let mut tx = hub.db.tenant_by_key(by.company_id, by.scope).await?;
    db::book::lock(&mut tx).await?;
    let locked = db::contacts::lock(&mut tx, id).await?;
    let (before, was_warm, mut edited) = locked.ok_or(ContactError::NotFound)?;
    let mut after = before.clone();
    apply(&mut tx, by, &change, &mut after).await?;
    let warmness = change.warmness.unwrap_or(was_warm);
    let mut changed = differences(&before, &after);
    for name in &changed {
        if !edited.iter().any(|known| known == name) {
            edited.push((*name).to_owned());
        }
    }
    if warmness != was_warm {
        changed.push("warmness");
    }
    if !changed.is_empty() {
        db::contacts::update(&mut tx, id, &after, warmness, &edited, hub.clock.now()).await?;
    }
    if (changed.contains(&"emails") || changed.contains(&"phones"))
        && let Err(error) = db::contacts::claim(&mut tx, id, &after).await
    {
        drop(tx);
        return Err(taken(hub, by, &after, Some(id), error).await);
    }
    if !changed.is_empty() {
        let detail = json!({ "fields": changed });
        let (member, subject) = (Some(by.member_id), Some(id.uuid()));
        db::audit::append(&mut tx, member, "contact.updated", subject, &detail).await?;
    }
    // Saved as it was is written, too: whoever does that with a warm contact wants it at the CRM.
    let queued = queue::contact_written(&mut tx, written(by, hub, id), warmness).await?;
    let news = news::of(&mut tx, &queued).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(())
}

fn written(by: By, hub: &Hub, contact_id: ContactId) -> queue::Change {
    queue::Change { contact_id, member_id: Some(by.member_id), now: hub.clock.now() }
}

/// Removes a contact from the book; a CRM keeps what it has, and gets no more.
pub async fn delete(hub: &Hub, by: By, id: ContactId) -> Result<(), ContactError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    db::book::lock(&mut tx).await?;
    // Before the contact goes: afterwards the member may not see its deliveries any more.
    let withdrawn = db::deliveries::withdraw(&mut tx, &[id], hub.clock.now()).await?;
    let news = news::of(&mut tx, &withdrawn).await?;
    if !db::contacts::delete(&mut tx, id).await? {
        return Err(ContactError::NotFound);
    }
    db::book::count(&mut tx, -1).await?;
    let (member, subject) = (Some(by.member_id), Some(id.uuid()));
    db::audit::append(&mut tx, member, "contact.deleted", subject, &json!({})).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(())
}

async fn apply(
    tx: &mut TenantTx,
    by: By,
    change: &Change,
    fields: &mut ContactFields,
) -> Result<(), ContactError> {
    if let Some(name) = &change.full_name {
        fields.full_name.clone_from(name);
    }
    change.first_name.clone().apply(&mut fields.first_name);
    change.last_name.clone().apply(&mut fields.last_name);
    if let Some(emails) = &change.emails {
        fields.emails.clone_from(emails);
    }
    if let Some(phones) = &change.phones {
        fields.phones.clone_from(phones);
    }
    if let Some(tags) = &change.tags {
        fields.tags.clone_from(tags);
    }
    change.owner.apply(&mut fields.owner_member_id);
    if let Scope::Own(member) = by.scope
        && fields.owner_member_id != Some(member)
    {
        return Err(ContactError::NotToGive);
    }
    if let Edit::To(owner) = change.owner
        && !db::members::exists(tx, owner).await?
    {
        return Err(ContactError::UnknownOwner);
    }
    match &change.organization_name {
        Edit::To(name) if fields.organization_name.as_ref() != Some(name) => {
            fields.organization_id = Some(db::organizations::named(tx, name).await?);
            fields.organization_name = Some(name.clone());
        }
        Edit::Empty => {
            fields.organization_id = None;
            fields.organization_name = None;
        }
        Edit::To(_) | Edit::Keep => {}
    }
    Ok(())
}

/// Names of fields, as [`crate::domain::intake::MAY_EDIT`] has them.
fn differences(before: &ContactFields, after: &ContactFields) -> Vec<&'static str> {
    [
        ("full_name", before.full_name != after.full_name),
        ("first_name", before.first_name != after.first_name),
        ("last_name", before.last_name != after.last_name),
        ("emails", before.emails != after.emails),
        ("phones", before.phones != after.phones),
        ("organization", before.organization_name != after.organization_name),
        ("owner", before.owner_member_id != after.owner_member_id),
        ("tags", before.tags != after.tags),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

/// The conflict of a claimed address, with the contact in the way if the member may see it.
async fn taken(
    hub: &Hub,
    by: By,
    fields: &ContactFields,
    but: Option<ContactId>,
    error: DbError,
) -> ContactError {
    match error {
        DbError::Conflict { constraint } if constraint == "identifier_pkey" => {
            let looked = async {
                let mut tx = hub.db.tenant_reading(by.company_id, by.scope).await?;
                db::contacts::holder_of_email(&mut tx, fields, but).await
            };
            match looked.await {
                Ok(existing) => ContactError::Duplicate { existing },
                Err(error) => error.into(),
            }
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::intake::MAY_EDIT;

    #[test]
    fn every_field_that_may_be_edited_is_compared() {
        let before = ContactFields::default();
        let address = Address { value: "a@b.example".into(), label: None, primary: true };
        let number = Number { value: "1".into(), e164: None, label: None, primary: true };
        let after = ContactFields {
            full_name: "x".into(),
            first_name: Some("x".into()),
            last_name: Some("x".into()),
            emails: vec![address],
            phones: vec![number],
            organization_name: Some("x".into()),
            owner_member_id: Some(MemberId::fresh()),
            tags: vec!["x".into()],
            ..ContactFields::default()
        };
        assert_eq!(differences(&before, &after), MAY_EDIT);
        assert!(differences(&before, &before).is_empty());
    }
}
