//! Searching in a CRM's own query language: what of it members may write, and what comes back.

use crate::domain::RemoteId;

/// The part of a CRM's query language that searches may use.
#[derive(Debug)]
pub struct QueryLanguage {
    pub name: &'static str,
    /// A query that works in every account.
    pub example: &'static str,
    /// What may be written, in words for people.
    pub rules: &'static str,
    /// Records of one answer at most.
    pub most: u16,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// The kind of record, as the CRM calls it.
    pub kind: String,
    /// In the order in which they were asked for.
    pub fields: Vec<String>,
    pub rows: Vec<FoundRecord>,
    /// How many there could have been at most.
    pub limit: u16,
}

/// One record. A value is text, digits as the CRM wrote them; `None` where nothing stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecord {
    pub id: Option<RemoteId>,
    pub values: Vec<Option<String>>,
}
