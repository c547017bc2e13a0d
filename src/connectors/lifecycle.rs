//! What a CRM makes of a stage in somebody's life as a customer.

use crate::domain::{LifecycleStage, PersonKind};

/// Where a stage goes at a CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifecycle {
    /// Nowhere: why, and what to do instead.
    Nowhere(&'static str),
    /// Into a field of a contact, which can be changed later.
    Field,
    /// It decides whether a new person becomes a contact or a lead, and is kept nowhere. Leads need
    /// these scopes beside those of contacts.
    Kind { scopes: &'static [&'static str] },
}

const DECIDES_ONCE: &str = "At this CRM a stage only decides what a new person becomes, and is kept \
    nowhere. A lead becomes a contact when somebody converts it at the CRM: Tandem converts none.";

/// Said of a lead that takes no change any more.
pub(super) const NO_MORE: &str = "The lead was converted there or deleted. Import your contacts, and \
    change the contact that it has become.";

impl Lifecycle {
    /// What somebody becomes who is new there.
    pub fn becomes(self, stage: LifecycleStage) -> Result<PersonKind, &'static str> {
        match self {
            Self::Nowhere(why) => Err(why),
            Self::Field => Ok(PersonKind::Contact),
            Self::Kind { .. } => Ok(stage.kind()),
        }
    }

    /// Why the stage of somebody who is there cannot be changed.
    pub fn stays(self) -> Option<&'static str> {
        match self {
            Self::Nowhere(why) => Some(why),
            Self::Field => None,
            Self::Kind { .. } => Some(DECIDES_ONCE),
        }
    }

    /// What a kind needs beside the scopes of contacts.
    pub fn scopes(self, kind: PersonKind) -> &'static [&'static str] {
        match (self, kind) {
            (Self::Kind { scopes }, PersonKind::Lead) => scopes,
            _ => &[],
        }
    }
}
