//! The kinds of objects, and how they are tied to each other.

/// One kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Contacts,
    Companies,
    Deals,
    Tasks,
    Calls,
    Notes,
    Meetings,
    Emails,
}

use Kind::{Calls, Companies, Contacts, Deals, Emails, Meetings, Notes, Tasks};

impl Kind {
    pub(crate) const ALL: [Self; 8] =
        [Contacts, Companies, Deals, Tasks, Calls, Notes, Meetings, Emails];

    /// As paths and scopes spell it.
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Contacts => "contacts",
            Companies => "companies",
            Deals => "deals",
            Tasks => "tasks",
            Calls => "calls",
            Notes => "notes",
            Meetings => "meetings",
            Emails => "emails",
        }
    }

    /// As the names of association types spell it.
    pub(crate) const fn singular(self) -> &'static str {
        match self {
            Contacts => "contact",
            Companies => "company",
            Deals => "deal",
            Tasks => "task",
            Calls => "call",
            Notes => "note",
            Meetings => "meeting_event",
            Emails => "email",
        }
    }

    pub(crate) const fn type_id(self) -> &'static str {
        match self {
            Contacts => "0-1",
            Companies => "0-2",
            Deals => "0-3",
            Tasks => "0-27",
            Notes => "0-46",
            Meetings => "0-47",
            Calls => "0-48",
            Emails => "0-49",
        }
    }

    /// Paths take plural, singular and type id alike, in any case.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        Self::ALL
            .into_iter()
            .find(|kind| [kind.plural(), kind.singular(), kind.type_id()].contains(&text.as_str()))
    }

    /// What was done or is to be done, as opposed to people, companies and deals.
    pub(crate) const fn is_engagement(self) -> bool {
        matches!(self, Tasks | Calls | Notes | Meetings | Emails)
    }

    /// Whose scope opens it: engagements belong to contacts.
    pub(crate) const fn scope(self) -> &'static str {
        if self.is_engagement() { "contacts" } else { self.plural() }
    }

    /// The property that says when it changed last.
    pub(crate) const fn modified(self) -> &'static str {
        if matches!(self, Contacts) { "lastmodifieddate" } else { "hs_lastmodifieddate" }
    }

    pub(crate) const fn created(self) -> &'static str {
        if self.is_engagement() { "hs_createdate" } else { "createdate" }
    }
}

/// The type ids of an association: the unlabelled one, and the primary one where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tie {
    pub(crate) plain: u16,
    pub(crate) primary: Option<u16>,
}

/// The tie from one kind to another, if there is one.
pub(crate) const fn tie(from: Kind, to: Kind) -> Option<Tie> {
    let (plain, primary) = match (from, to) {
        (Contacts, Companies) => (279, Some(1)),
        (Companies, Contacts) => (280, Some(2)),
        (Deals, Contacts) => (3, None),
        (Contacts, Deals) => (4, None),
        (Deals, Companies) => (341, Some(5)),
        (Companies, Deals) => (342, Some(6)),
        (Tasks, Contacts) => (204, None),
        (Contacts, Tasks) => (203, None),
        (Tasks, Companies) => (192, None),
        (Companies, Tasks) => (191, None),
        (Tasks, Deals) => (216, None),
        (Deals, Tasks) => (215, None),
        (Calls, Contacts) => (194, None),
        (Contacts, Calls) => (193, None),
        (Calls, Companies) => (182, None),
        (Companies, Calls) => (181, None),
        (Calls, Deals) => (206, None),
        (Deals, Calls) => (205, None),
        (Notes, Contacts) => (202, None),
        (Contacts, Notes) => (201, None),
        (Notes, Companies) => (190, None),
        (Companies, Notes) => (189, None),
        (Notes, Deals) => (214, None),
        (Deals, Notes) => (213, None),
        (Meetings, Contacts) => (200, None),
        (Contacts, Meetings) => (199, None),
        (Meetings, Companies) => (188, None),
        (Companies, Meetings) => (187, None),
        (Meetings, Deals) => (212, None),
        (Deals, Meetings) => (211, None),
        (Emails, Contacts) => (198, None),
        (Contacts, Emails) => (197, None),
        (Emails, Companies) => (186, None),
        (Companies, Emails) => (185, None),
        (Emails, Deals) => (210, None),
        (Deals, Emails) => (209, None),
        _ => return None,
    };
    Some(Tie { plain, primary })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tie_goes_both_ways_with_ids_of_its_own() {
        let mut seen = std::collections::HashSet::new();
        for from in Kind::ALL {
            assert_eq!(Kind::read(from.type_id()), Some(from));
            for to in Kind::ALL {
                let Some(tie) = tie(from, to) else { continue };
                assert!(super::tie(to, from).is_some(), "{from:?} {to:?}");
                assert!(seen.insert(tie.plain) && tie.primary.is_none_or(|id| seen.insert(id)));
            }
        }
    }
}
