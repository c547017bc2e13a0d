//! Who a person is, in the order that is the contract: mapping, e-mail, phone, new.

use std::collections::BTreeSet;

use crate::domain::{
    ContactId,
    intake::{
        IdentifierKind, Incoming,
        plan::{Known, PersonMapping},
    },
};

/// Why a record was not taken although nothing is wrong with it.
pub(super) const LIMIT: &str = "the plan has no room for more contacts";

pub(super) enum Verdict {
    Mapped(PersonMapping),
    Link(ContactId),
    Create,
    Conflict(&'static str),
    Skip(&'static str),
}

impl Known {
    pub(super) fn judge(&self, incoming: &Incoming) -> Verdict {
        if let Some(mapping) = self.mappings.get(&incoming.resolved.remote_id) {
            return Verdict::Mapped(mapping.clone());
        }
        if incoming.resolved.deleted {
            return Verdict::Skip("deleted in the CRM");
        }
        let identifiers = &incoming.identifiers;
        let hits = |kind: IdentifierKind, certain: bool| -> BTreeSet<ContactId> {
            identifiers
                .iter()
                .filter(|identifier| identifier.kind == kind)
                .filter_map(|identifier| self.holders.get(identifier))
                // A number that several contacts share identifies none of them.
                .filter(|holders| !certain || holders.len() == 1)
                .flatten()
                .copied()
                .collect()
        };
        let by_email = hits(IdentifierKind::Email, false);
        let mut emails = by_email.iter();
        match (emails.next(), emails.next()) {
            (Some(_), Some(_)) => Verdict::Conflict("its e-mails belong to different contacts"),
            (Some(&contact), None) => {
                let by_phone = hits(IdentifierKind::Phone, true);
                if by_phone.is_empty() || by_phone.contains(&contact) {
                    Verdict::Link(contact)
                } else {
                    Verdict::Conflict("its e-mail and its phone belong to different contacts")
                }
            }
            (None, _) => self.judge_by_phone(incoming, &hits(IdentifierKind::Phone, false)),
        }
    }

    fn judge_by_phone(&self, incoming: &Incoming, by_phone: &BTreeSet<ContactId>) -> Verdict {
        let mut phones = by_phone.iter();
        match (phones.next(), phones.next()) {
            (Some(_), Some(_)) => Verdict::Conflict("its phones belong to different contacts"),
            (Some(contact), None) => {
                let theirs =
                    self.contacts.get(contact).is_some_and(|known| known.fields.has_email());
                if theirs && incoming.has_email() {
                    Verdict::Conflict("same phone as a contact with another e-mail")
                } else {
                    Verdict::Link(*contact)
                }
            }
            (None, _) if incoming.full_name.is_none() && incoming.identifiers.is_empty() => {
                Verdict::Skip("no name, e-mail or phone")
            }
            (None, _) if self.room == Some(0) => Verdict::Skip(LIMIT),
            (None, _) => Verdict::Create,
        }
    }
}
