//! Does the same to many contacts, of a selection or of a filter: all of it, or nothing.
//!
//! Nothing of it makes a lead: who is warm is judged where warmness is written, and a change of many
//! must not send many by itself.

use serde_json::json;

use crate::{
    db::{self, Scope, contacts::Chosen},
    domain::{ContactId, MemberId},
    flows::{
        Hub,
        contacts::{By, ContactError},
        deliver::news,
    },
};

/// Contacts of one change.
pub const MOST: usize = 10_000;
/// Tags of a contact, as in its form.
const MOST_TAGS: i32 = 50;

/// What is done to each.
#[derive(Debug, Clone)]
pub enum Work {
    Owner(Option<MemberId>),
    AddTag(String),
    RemoveTag(String),
    Delete,
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// Whom the choice found, of those the member may see, with the owner of before.
    pub found: Vec<(ContactId, Option<MemberId>)>,
    /// Who is another than before.
    pub changed: Vec<ContactId>,
}

/// Does it to all of them.
pub async fn apply(hub: &Hub, by: By, chosen: &Chosen, work: &Work) -> Result<Done, ContactError> {
    let mut tx = hub.db.tenant(by.company_id, by.scope).await?;
    db::book::lock(&mut tx).await?;
    check(&mut tx, by, work).await?;
    let one_more = i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1);
    // A search looks at the newest 10,000 only: who asks for all that match must get all.
    if let Chosen::Matching(filter) = chosen
        && db::contacts::count(&mut tx, filter).await?.is_none()
    {
        return Err(ContactError::TooManyMatch);
    }
    let found = db::contacts::lock_chosen(&mut tx, chosen, one_more).await?;
    if found.len() > MOST {
        return Err(ContactError::TooManyMatch);
    }
    let ids: Vec<ContactId> = found.iter().map(|(id, _)| *id).collect();
    let now = hub.clock.now();
    let mut withdrawn = Vec::new();
    let (changed, action) = match work {
        Work::Owner(owner) => {
            (db::contacts::set_owner(&mut tx, &ids, *owner, now).await?, "contact.updated")
        }
        Work::AddTag(tag) => {
            (db::contacts::add_tag(&mut tx, &ids, tag, MOST_TAGS, now).await?, "contact.updated")
        }
        Work::RemoveTag(tag) => {
            (db::contacts::remove_tag(&mut tx, &ids, tag, now).await?, "contact.updated")
        }
        Work::Delete => {
            // Before the contacts go: afterwards the member may not see their deliveries any more.
            withdrawn = db::deliveries::withdraw(&mut tx, &ids, now).await?;
            (db::contacts::delete_many(&mut tx, &ids).await?, "contact.deleted")
        }
    };
    let news = news::of(&mut tx, &withdrawn).await?;
    if matches!(work, Work::Delete) {
        let gone = i64::try_from(changed.len()).unwrap_or(i64::MAX);
        db::book::count(&mut tx, -gone).await?;
    }
    let detail = match work {
        Work::Owner(_) => json!({ "fields": ["owner"] }),
        Work::AddTag(_) | Work::RemoveTag(_) => json!({ "fields": ["tags"] }),
        Work::Delete => json!({}),
    };
    let subjects: Vec<_> = changed.iter().map(|id| id.uuid()).collect();
    db::audit::append_each(&mut tx, Some(by.member_id), action, &subjects, &detail).await?;
    tx.commit().await?;
    news.tell(hub).await;
    Ok(Done { found, changed })
}

async fn check(tx: &mut db::TenantTx, by: By, work: &Work) -> Result<(), ContactError> {
    let Work::Owner(owner) = work else { return Ok(()) };
    if let Scope::Own(member) = by.scope
        && *owner != Some(member)
    {
        return Err(ContactError::NotToGive);
    }
    match owner {
        Some(owner) if !db::members::exists(tx, *owner).await? => Err(ContactError::UnknownOwner),
        _ => Ok(()),
    }
}
