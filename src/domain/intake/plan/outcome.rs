//! What became of a record, and how a page or a run went.

use serde::Serialize;

/// What happened to one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Created,
    Updated,
    Linked,
    Skipped,
    Conflict,
    Quarantined,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Updated,
        Self::Linked,
        Self::Skipped,
        Self::Conflict,
        Self::Quarantined,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Linked => "linked",
            Self::Skipped => "skipped",
            Self::Conflict => "conflict",
            Self::Quarantined => "quarantined",
        }
    }
}

/// How a page, or a run, went. `seen` must be the sum of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    pub seen: i64,
    pub created: i64,
    pub updated: i64,
    pub linked: i64,
    pub unchanged: i64,
    pub skipped: i64,
    pub conflict: i64,
    pub quarantined: i64,
}

impl Counts {
    /// The reconciliation: nothing was dropped silently.
    pub fn adds_up(&self) -> bool {
        self.seen
            == self.created
                + self.updated
                + self.linked
                + self.unchanged
                + self.skipped
                + self.conflict
                + self.quarantined
    }
}
