//! What a CRM has, in our words. Connectors make these; everything above reads only these.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// An object's id at the provider, as text: some send numbers, some strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RemoteId(pub String);

impl RemoteId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for RemoteId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One of several e-mail addresses or phone numbers, exactly as the provider has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RemoteValue {
    pub value: String,
    pub label: Option<String>,
    pub primary: bool,
}

/// A person at the provider. Everything but the id may be missing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RemotePerson {
    pub id: RemoteId,
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Vec<RemoteValue>,
    pub phones: Vec<RemoteValue>,
    pub organization: Option<RemoteId>,
    pub owner: Option<RemoteId>,
    /// Ids of labels; names come from [`Fields::labels`].
    pub labels: Vec<RemoteId>,
    pub open_deals: Option<u32>,
    pub closed_deals: Option<u32>,
    /// By the key the provider uses; names come from [`Fields::custom`].
    pub custom: BTreeMap<String, serde_json::Value>,
    pub updated_at: Option<DateTime<Utc>>,
    pub deleted: bool,
}

/// An organization at the provider.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RemoteOrganization {
    pub id: RemoteId,
    pub name: Option<String>,
    pub owner: Option<RemoteId>,
    pub website: Option<String>,
    pub address: Option<String>,
    pub country: Option<String>,
    pub updated_at: Option<DateTime<Utc>>,
    pub deleted: bool,
}

/// A deal at the provider: metadata only, Tandem never edits it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RemoteDeal {
    pub id: RemoteId,
    pub title: Option<String>,
    pub person: Option<RemoteId>,
    pub organization: Option<RemoteId>,
    pub owner: Option<RemoteId>,
    /// In the deal's currency, as the provider writes it.
    pub value: Option<f64>,
    pub currency: Option<String>,
    /// `open`, `won`, `lost` or what the provider says.
    pub status: Option<String>,
    pub stage: Option<RemoteId>,
    pub pipeline: Option<RemoteId>,
    pub updated_at: Option<DateTime<Utc>>,
    pub deleted: bool,
}

/// A user of the CRM: an owner of people and deals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoteUser {
    pub id: RemoteId,
    pub name: Option<String>,
    pub email: Option<String>,
    pub active: bool,
    pub admin: bool,
}

/// Which account a token belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Unique per account and authorizing user: `company:user` where the provider has both.
    pub id: String,
    pub company_id: RemoteId,
    pub user_id: RemoteId,
    pub name: String,
    pub domain: Option<String>,
    pub user_name: Option<String>,
    pub user_email: Option<String>,
    /// ISO 3166 alpha-2, where the provider says so.
    pub country: Option<String>,
    pub admin: bool,
}

/// Names of labels and custom fields of persons.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Fields {
    pub labels: BTreeMap<String, String>,
    pub custom: BTreeMap<String, CustomField>,
}

impl Fields {
    /// As they were stored; nothing is known where nothing, or something else, was.
    pub fn stored(value: Option<serde_json::Value>) -> Self {
        value.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default()
    }

    /// The label of that name, whatever its case.
    pub fn label(&self, name: &str) -> Option<RemoteId> {
        let wanted = name.trim().to_lowercase();
        let mut labels = self.labels.iter();
        let (id, _) = labels.find(|(_, label)| label.trim().to_lowercase() == wanted)?;
        Some(RemoteId(id.clone()))
    }

    /// What was read, and what was stored meanwhile, which may be younger than the reading: words
    /// that were not `known` when it began stay.
    #[must_use]
    pub fn keeping(mut self, stored: &Self, known: &Self) -> Self {
        for (id, name) in stored.labels.iter().filter(|(id, _)| !known.labels.contains_key(*id)) {
            self.labels.entry(id.clone()).or_insert_with(|| name.clone());
        }
        for (key, field) in stored.custom.iter().filter(|(key, _)| !known.custom.contains_key(*key))
        {
            self.custom.entry(key.clone()).or_insert_with(|| field.clone());
        }
        self
    }

    /// The key of the custom field of that name.
    pub fn custom_key(&self, name: &str) -> Option<&str> {
        let (key, _) = self.custom.iter().find(|(_, field)| field.name.trim() == name)?;
        Some(key)
    }
}

/// A field that the CRM's customer added.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CustomField {
    pub name: String,
    /// Option id -> label, for fields that choose from a list.
    pub options: BTreeMap<String, String>,
}

/// A record that could not be read, kept with the reason: nothing is dropped silently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Missing when not even the id could be read.
    pub id: Option<RemoteId>,
    pub reason: String,
    /// The record as it came, at most 4 KiB of it.
    pub raw: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(of: &[(&str, &str)]) -> Fields {
        let labels = of.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect();
        Fields { labels, custom: BTreeMap::new() }
    }

    #[test]
    fn a_reading_keeps_what_was_made_since_it_began_and_drops_what_was_gone_before() {
        let (known, stored) = (labels(&[("1", "Hot")]), labels(&[("1", "Hot"), ("2", "Warm")]));
        let read = labels(&[("3", "Cold")]).keeping(&stored, &known);
        assert_eq!(read, labels(&[("2", "Warm"), ("3", "Cold")]));
        let again = labels(&[("2", "Warmer")]).keeping(&stored, &known);
        assert_eq!(again, labels(&[("2", "Warmer")]), "the CRM's own name counts");
    }
}
