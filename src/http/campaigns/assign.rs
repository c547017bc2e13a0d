//! Who is assigned to a campaign, and what became of each.

use std::collections::HashSet;

use poem_openapi::{Object, types::MaybeUndefined};
use uuid::Uuid;

use super::form::read_text;
use crate::{
    db::campaigns::Assigned,
    domain::{ActivityKind, ContactId, Email, pasted},
    flows::campaigns::{Chosen, Outreach},
    http::{ApiError, FieldProblem, contacts::FilterForm},
};

/// Ids or addresses that one request may name.
const MOST: usize = 10_000;
/// Names that an answer tells of each kind; the counts are of all.
const MOST_TOLD: usize = 200;

/// One of `contact_ids`, `filter` and `emails`.
#[derive(Object)]
#[oai(rename = "CampaignAssignment")]
pub(super) struct AssignForm {
    /// At most 10,000.
    contact_ids: Option<Vec<Uuid>>,
    /// All contacts that the list shows with these filters, at most 100,000 (10,000 with a search).
    filter: Option<FilterForm>,
    /// Pasted text with addresses, at most 10,000 of them: a column, recipients of a mail, anything.
    emails: Option<String>,
    /// By what those that come in are to be reached.
    outreach: Option<ActivityKind>,
    /// For those that come in. Plain text, at most 5,000 characters.
    note: MaybeUndefined<String>,
}

/// What became of an assignment.
#[derive(Object)]
#[oai(rename = "CampaignAssigned")]
pub(super) struct AssignResult {
    /// Contacts that came in.
    added: usize,
    /// Contacts that were there before; they stay as they were.
    already_there: usize,
    /// The first 200 that came in.
    added_items: Vec<AssignedContact>,
    /// The first 200 that were there.
    already_there_items: Vec<AssignedContact>,
    /// Ids and addresses of no contact that you may see, as they were read.
    not_found: Vec<String>,
    /// Pieces of the text that are no addresses.
    unreadable: Vec<String>,
}

#[derive(Object)]
struct AssignedContact {
    id: Uuid,
    full_name: String,
}

/// What was asked for, to tell whom nothing was found for.
pub(super) struct Asked {
    ids: Vec<Uuid>,
    emails: Vec<Email>,
    unreadable: Vec<String>,
}

impl AssignForm {
    pub(super) fn read(self) -> Result<(Chosen, Outreach, Asked), ApiError> {
        let mut wrong = Vec::new();
        let note = read_text("note", self.note, &mut wrong).unwrap_or_default();
        let mut asked = Asked { ids: Vec::new(), emails: Vec::new(), unreadable: Vec::new() };
        let chosen = match (self.contact_ids, self.filter, self.emails) {
            (Some(mut ids), None, None) => {
                if ids.len() > MOST {
                    let words = "Use at most 10,000 at once.";
                    wrong.push(FieldProblem::new("contact_ids", words));
                }
                let mut seen = HashSet::new();
                ids.retain(|id| seen.insert(*id));
                asked.ids.clone_from(&ids);
                Chosen::Ids(ids.into_iter().map(ContactId::from_uuid).collect())
            }
            (None, Some(filter), None) => Chosen::Matching(filter.read()?),
            (None, None, Some(text)) => {
                let pasted = pasted::read(&text);
                if pasted.emails.len() + pasted.unreadable.len() > MOST {
                    let words = "Paste at most 10,000 addresses at once.";
                    wrong.push(FieldProblem::new("emails", words));
                }
                asked.emails.clone_from(&pasted.emails);
                asked.unreadable = pasted.unreadable;
                Chosen::Emails(pasted.emails)
            }
            _ => return Err(ApiError::invalid("Name one of contact_ids, filter and emails.")),
        };
        if !wrong.is_empty() {
            return Err(ApiError::invalid_fields(wrong));
        }
        Ok((chosen, Outreach { method: self.outreach, note }, asked))
    }
}

impl AssignResult {
    pub(super) fn of(assigned: Vec<Assigned>, asked: Asked) -> Self {
        let by_email: HashSet<&str> =
            assigned.iter().filter_map(|one| one.email.as_deref()).collect();
        let by_id: HashSet<Uuid> = assigned.iter().map(|one| one.contact_id.uuid()).collect();
        let lost_ids = asked.ids.iter().filter(|id| !by_id.contains(id)).map(Uuid::to_string);
        let lost_emails =
            asked.emails.iter().map(Email::as_str).filter(|email| !by_email.contains(email));
        let not_found = lost_ids.chain(lost_emails.map(str::to_owned)).collect();
        let mut seen = HashSet::new();
        let (added, there): (Vec<Assigned>, Vec<Assigned>) = assigned
            .into_iter()
            .filter(|one| seen.insert(one.contact_id))
            .partition(|one| one.added);
        Self {
            added: added.len(),
            already_there: there.len(),
            added_items: told(added),
            already_there_items: told(there),
            not_found,
            unreadable: asked.unreadable,
        }
    }
}

fn told(contacts: Vec<Assigned>) -> Vec<AssignedContact> {
    contacts
        .into_iter()
        .take(MOST_TOLD)
        .map(|one| AssignedContact { id: one.contact_id.uuid(), full_name: one.full_name })
        .collect()
}
