//! What members do with contacts.

use super::words;

words! {
    /// What was done.
    ActivityKind {
        Call = "CALL",
        Email = "EMAIL",
        Meeting = "MEETING",
        LinkedIn = "LINKEDIN",
        Referral = "REFERRAL",
        Conference = "CONFERENCE",
    }
}

impl ActivityKind {
    /// The subject at a CRM when the member wrote none.
    pub const fn default_subject(self) -> &'static str {
        match self {
            Self::Call => "Call",
            Self::Email => "E-mail",
            Self::Meeting => "Meeting",
            Self::LinkedIn => "LinkedIn message",
            Self::Referral => "Referral",
            Self::Conference => "Conference",
        }
    }
}

/// A kind of activity as a CRM's account has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ActivityType {
    /// What the CRM calls it in requests.
    pub key: String,
    pub name: String,
    pub active: bool,
}
