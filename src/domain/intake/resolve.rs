//! Ids to names: what a remote person says, in words, with a hash that tells whether it changed.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::{
    CustomField, Fields, MemberId, OrganizationId, RemoteId, RemotePerson, RemoteValue,
};

/// Part of every fingerprint: raise it when the mapping below changes, and every record is looked
/// at once more.
const MAPPING_VERSION: u8 = 1;

/// An organization of the book, as a person refers to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrganizationRef {
    pub id: OrganizationId,
    pub name: String,
}

/// A user of the CRM, and the member with the same e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerRef {
    pub name: Option<String>,
    pub member: Option<MemberId>,
}

/// What a page of persons is read with.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    /// Before the names of the CRM's facts in `custom_fields`, such as `pd_`.
    pub prefix: &'a str,
    /// Of new contacts: the provider.
    pub provider: &'a str,
    /// Its records keep mappings and come again. What does not is matched each time, fills what is
    /// empty, and changes nothing else.
    pub follows: bool,
    /// On every contact that an import with mappings touched, or that another one made, such as
    /// `<provider>-import`.
    pub tag: String,
    /// ISO 3166 alpha-2, for numbers without a country code.
    pub country: &'a str,
    pub fields: &'a Fields,
    pub owners: &'a HashMap<RemoteId, OwnerRef>,
    pub organizations: &'a HashMap<RemoteId, OrganizationRef>,
    /// Owner of new contacts whose remote owner is no member.
    pub default_owner: Option<MemberId>,
}

/// A remote person with every id turned into words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resolved {
    #[serde(skip)]
    pub remote_id: RemoteId,
    #[serde(skip)]
    pub deleted: bool,
    #[serde(skip)]
    pub remote_updated_at: Option<chrono::DateTime<chrono::Utc>>,
    pub name: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub emails: Vec<RemoteValue>,
    pub phones: Vec<RemoteValue>,
    pub organization: Option<OrganizationRef>,
    pub owner: Option<MemberId>,
    pub custom_fields: BTreeMap<String, Value>,
    /// Beside the source's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Resolved {
    /// Equal fingerprints: nothing that we would store has changed.
    pub fn fingerprint(&self) -> i64 {
        // Most records fit: a text that grows as it is written is copied again and again.
        let mut text = Vec::with_capacity(2048);
        serde_json::to_writer(&mut text, &(MAPPING_VERSION, self)).ok();
        let hash = Sha256::digest(&text);
        let (head, _) = hash.split_at(8);
        i64::from_le_bytes(head.try_into().unwrap_or_default())
    }
}

/// Turns ids into words. Text that Postgres cannot hold (NUL) is dropped here, once.
pub fn resolve(person: RemotePerson, source: &Source<'_>) -> Resolved {
    let organization = person.organization.as_ref().and_then(|id| source.organizations.get(id));
    let owner = person.owner.as_ref().and_then(|id| source.owners.get(id));
    let (name, first_name, last_name) =
        (words(person.name), words(person.first_name), words(person.last_name));
    let labels: Vec<&str> = person
        .labels
        .iter()
        .filter_map(|id| source.fields.labels.get(id.as_str()).map(String::as_str))
        .collect();
    let known = [
        ("person_id", Some(Value::from(person.id.as_str()))),
        ("first_name", first_name.as_deref().map(Value::from)),
        ("last_name", last_name.as_deref().map(Value::from)),
        ("org_id", person.organization.as_ref().map(|id| Value::from(id.as_str()))),
        ("org_name", organization.map(|organization| Value::from(organization.name.as_str()))),
        ("owner_name", owner.and_then(|owner| words(owner.name.clone())).map(Value::from)),
        ("open_deals", person.open_deals.map(Value::from)),
        ("closed_deals", person.closed_deals.map(Value::from)),
        ("label", (!labels.is_empty()).then(|| Value::from(labels.join(", ")))),
    ];
    let mut facts: BTreeMap<String, Value> = known
        .into_iter()
        .filter_map(|(name, value)| Some((format!("{}{name}", source.prefix), value?)))
        .collect();
    for (key, value) in person.custom {
        let field = source.fields.custom.get(&key);
        if let Some(value) = choice(value, field) {
            // A field that we know no name for is kept under its key: nothing is dropped.
            let name = without_nul(field.map_or(key, |field| field.name.clone()));
            facts.entry(name).or_insert(value);
        }
    }
    Resolved {
        remote_id: person.id,
        deleted: person.deleted,
        remote_updated_at: person.updated_at,
        name,
        first_name,
        last_name,
        emails: values(person.emails),
        phones: values(person.phones),
        organization: organization.cloned(),
        owner: owner.and_then(|owner| owner.member),
        custom_fields: facts,
        tags: Vec::new(),
    }
}

/// A custom value with option ids replaced by their labels; `None` for the empty ones.
fn choice(value: Value, field: Option<&CustomField>) -> Option<Value> {
    let options = field.map(|field| &field.options).filter(|options| !options.is_empty());
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::Array(list) => {
            let list: Vec<Value> =
                list.into_iter().filter_map(|item| choice(item, field)).collect();
            (!list.is_empty()).then_some(Value::Array(list))
        }
        Value::String(text) => Some(match options.and_then(|options| options.get(&text)) {
            Some(label) => Value::from(label.as_str()),
            None => Value::from(without_nul(text)),
        }),
        Value::Number(number) => {
            let label = options.and_then(|options| options.get(&number.to_string()));
            Some(label.map_or(Value::Number(number), |label| Value::from(label.as_str())))
        }
        Value::Bool(_) => Some(value),
        Value::Object(map) => Some(Value::Object(
            map.into_iter()
                .filter_map(|(key, item)| Some((without_nul(key), choice(item, None)?)))
                .collect(),
        )),
    }
}

fn values(raw: Vec<RemoteValue>) -> Vec<RemoteValue> {
    raw.into_iter()
        .filter_map(|entry| {
            Some(RemoteValue {
                value: words(Some(entry.value))?,
                label: words(entry.label),
                primary: entry.primary,
            })
        })
        .collect()
}

fn words(raw: Option<String>) -> Option<String> {
    let text = raw?;
    let bare = text.trim();
    let text = if bare.len() == text.len() { text } else { bare.to_owned() };
    let text = without_nul(text);
    (!text.is_empty()).then_some(text)
}

fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text }
}
