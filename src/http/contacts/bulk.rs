//! `/api/contacts/bulk` and `/api/contacts/tags`: many contacts at once.

use std::collections::{BTreeMap, HashSet};

use poem::web::Data;
use poem_openapi::{Object, OpenApi, payload::Json, types::MaybeUndefined};
use uuid::Uuid;

use super::filter::FilterForm;
use crate::{
    db::{self, contacts::Chosen},
    domain::{ContactId, MemberId},
    flows::{
        SharedHub,
        bulk::{self, Done, MOST, Work},
    },
    http::{ApiError, FieldProblem, Session, Tag, field, once::Once},
    policy::Action,
};

/// Contacts whose tags are looked at.
const NEWEST: i64 = 20_000;
const MOST_TAGS: i64 = 200;

pub(in crate::http) struct BulkApi;

#[OpenApi(prefix_path = "/contacts", tag = "Tag::Contacts")]
impl BulkApi {
    /// Do the same to many contacts, all or none: give them to a member, add or remove a tag, or delete
    /// them.
    #[oai(path = "/bulk", method = "post", operation_id = "change_contacts")]
    async fn change(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
        #[oai(name = "Idempotency-Key")] _once: Once,
        form: Json<BulkForm>,
    ) -> Result<Json<BulkResult>, ApiError> {
        session.may(Action::WorkContacts)?;
        let (chosen, work) = form.0.read()?;
        let done = bulk::apply(&hub, session.by(), &chosen, &work).await?;
        Ok(Json(BulkResult::of(&chosen, &work, &done)))
    }

    /// Tags in use among the newest 20,000 contacts that you may see, the most used first.
    #[oai(path = "/tags", method = "get", operation_id = "list_tags")]
    async fn tags(
        &self,
        hub: Data<&SharedHub>,
        session: Session,
    ) -> Result<Json<TagList>, ApiError> {
        session.may(Action::WorkContacts)?;
        let mut tx = hub.db.tenant_reading(session.company_id(), session.scope()).await?;
        let tags = db::contacts::tags(&mut tx, NEWEST, MOST_TAGS).await?;
        tx.commit().await?;
        let items = tags.into_iter().map(|one| TagUse { tag: one.tag, contacts: one.contacts });
        Ok(Json(TagList { items: items.collect() }))
    }
}

/// One of `contact_ids` and `filter`; and one of `owner_member_id`, `add_tag`, `remove_tag` and
/// `delete`.
#[derive(Object)]
#[oai(rename = "ContactsChange")]
struct BulkForm {
    /// At most 10,000.
    contact_ids: Option<Vec<Uuid>>,
    /// All contacts that the list shows with these filters, at most 10,000.
    filter: Option<FilterForm>,
    /// Who they belong to from now on; `null` is nobody.
    owner_member_id: MaybeUndefined<Uuid>,
    /// At most 60 characters. A contact has at most 50 tags; who has them stays as they are.
    add_tag: Option<String>,
    remove_tag: Option<String>,
    /// `true`: remove them from the book. The CRM keeps what it has.
    delete: Option<bool>,
}

/// What was done, and what it takes to undo it.
#[derive(Object)]
#[oai(rename = "ContactsChanged")]
struct BulkResult {
    /// Contacts that were found.
    matched: usize,
    /// Contacts that are another than before.
    changed: usize,
    changed_ids: Vec<Uuid>,
    /// Ids of no contact that you may see.
    not_found: Vec<Uuid>,
    /// Of those that changed hands: whose they were.
    owners_before: Vec<OwnedBefore>,
}

#[derive(Object)]
struct OwnedBefore {
    /// `null`: nobody's.
    owner_member_id: Option<Uuid>,
    contact_ids: Vec<Uuid>,
}

#[derive(Object)]
struct TagList {
    items: Vec<TagUse>,
}

#[derive(Object)]
struct TagUse {
    tag: String,
    contacts: i64,
}

impl BulkForm {
    fn read(self) -> Result<(Chosen, Work), ApiError> {
        let mut wrong = Vec::new();
        let chosen = match (self.contact_ids, self.filter) {
            (Some(ids), None) => {
                if ids.len() > MOST {
                    let words = "Use at most 10,000 at once.";
                    wrong.push(FieldProblem::new("contact_ids", words));
                }
                Chosen::Ids(ids.into_iter().map(ContactId::from_uuid).collect())
            }
            (None, Some(filter)) => Chosen::Matching(filter.read()?),
            _ => return Err(ApiError::invalid("Name one of contact_ids and filter.")),
        };
        let owner = match self.owner_member_id {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Work::Owner(None)),
            MaybeUndefined::Value(id) => Some(Work::Owner(Some(MemberId::from_uuid(id)))),
        };
        let mut tag = |name: &str, tag: Option<String>| {
            tag.map(|tag| field::text(name, &tag, 60, &mut wrong))
        };
        let all = [
            owner,
            tag("add_tag", self.add_tag).map(Work::AddTag),
            tag("remove_tag", self.remove_tag).map(Work::RemoveTag),
            self.delete.filter(|delete| *delete).map(|_| Work::Delete),
        ];
        let mut named = all.into_iter().flatten();
        let (Some(work), None) = (named.next(), named.next()) else {
            let words = "Name one of owner_member_id, add_tag, remove_tag and delete.";
            return Err(ApiError::invalid(words));
        };
        if wrong.is_empty() { Ok((chosen, work)) } else { Err(ApiError::invalid_fields(wrong)) }
    }
}

impl BulkResult {
    fn of(chosen: &Chosen, work: &Work, done: &Done) -> Self {
        let there: HashSet<ContactId> = done.found.iter().map(|(id, _)| *id).collect();
        let not_found = match chosen {
            Chosen::Ids(ids) => {
                let mut lost: Vec<Uuid> =
                    ids.iter().filter(|id| !there.contains(id)).map(|id| id.uuid()).collect();
                lost.sort();
                lost.dedup();
                lost
            }
            Chosen::Matching(_) => Vec::new(),
        };
        let mut before: BTreeMap<Option<MemberId>, Vec<Uuid>> = BTreeMap::new();
        if matches!(work, Work::Owner(_)) {
            let changed: HashSet<ContactId> = done.changed.iter().copied().collect();
            for (id, owner) in done.found.iter().filter(|(id, _)| changed.contains(id)) {
                before.entry(*owner).or_default().push(id.uuid());
            }
        }
        Self {
            matched: done.found.len(),
            changed: done.changed.len(),
            changed_ids: done.changed.iter().map(|id| id.uuid()).collect(),
            not_found,
            owners_before: before
                .into_iter()
                .map(|(owner, contact_ids)| OwnedBefore {
                    owner_member_id: owner.map(MemberId::uuid),
                    contact_ids,
                })
                .collect(),
        }
    }
}
