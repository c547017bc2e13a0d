//! Kinds of records as an org describes them, and the two fields that we look for among them.
//!
//! A query that names a field that is not there is refused whole, and an org's own fields are known
//! only from its description: so each page of contacts is preceded by one. It also says which fields
//! the connected user may see, for nobody sees what their profile does not show.

use std::collections::BTreeMap;

use super::{MANIFEST, SCOPE, ask, dialect, map, path, soql, wire};
use crate::{
    connectors::{Api, CrmError, Lane, api::Ask},
    domain::{CustomField, Fields},
};

/// The field for labels, a multi-select picklist of contacts.
pub(super) const LABELS: &str = "Tandem_Labels__c";
/// The field for our mark: a unique external id, so that a contact can be upserted by it.
pub(super) const REFERENCE: &str = "Tandem_Reference__c";
/// What an address may hold of names: with the rest of a query it stays far below the 16,384 bytes
/// that the CRM reads.
const MOST_NAMES: usize = 9_000;
/// Kinds of fields that cannot be read, or not as one value.
const UNREAD: [&str; 5] = ["address", "location", "base64", "complexvalue", "anyType"];

/// The description of a kind.
pub(super) async fn describe(api: &Api, object: &str) -> Result<wire::Description, CrmError> {
    let path = path(&format!("sobjects/{object}/describe"));
    let ask = Ask {
        dialect: &dialect::WORDS,
        path: &path,
        query: &[],
        cost: crate::connectors::Cost { tokens: MANIFEST.costs.fields, lane: Lane::General },
        scope: SCOPE,
        body: None,
        headers: &[],
    };
    api.read(&ask, |body| {
        let described: wire::Description = super::decode::object(body)?;
        // An object that describes nothing is another answer.
        if described.fields.0.is_empty() { Err("it describes no fields") } else { Ok(described) }
    })
    .await
}

/// Custom fields of contacts by name, labels and reference too.
pub(super) async fn custom(api: &Api) -> Result<BTreeMap<String, wire::Field>, CrmError> {
    custom_of(api, "Contact").await
}

pub(super) async fn custom_of(
    api: &Api,
    object: &str,
) -> Result<BTreeMap<String, wire::Field>, CrmError> {
    let described = describe(api, object).await?;
    let custom = described.fields.0.into_iter().filter_map(|row| {
        let field = row.0?;
        let name = field.name.0.clone().filter(|name| soql::is_name(name))?;
        let read = field.kind.0.as_deref().is_none_or(|kind| !UNREAD.contains(&kind));
        (field.custom.0 == Some(true) && read).then_some((name, field))
    });
    Ok(custom.collect())
}

/// Names to ask for: ours first, then the org's as far as they fit into an address.
pub(super) fn names(custom: &BTreeMap<String, wire::Field>) -> Vec<&str> {
    let (ours, theirs): (Vec<&str>, Vec<&str>) =
        custom.keys().map(String::as_str).partition(|name| [LABELS, REFERENCE].contains(name));
    let mut left = MOST_NAMES;
    let fitting = theirs.into_iter().take_while(|name| {
        let fits = name.len() < left;
        left = left.saturating_sub(name.len() + 3);
        fits
    });
    ours.into_iter().chain(fitting).collect()
}

/// In our words.
pub(super) async fn read(api: &Api) -> Result<Fields, CrmError> {
    let mut fields = Fields::default();
    for (name, field) in custom(api).await? {
        let options = map::choices(field.values.0);
        if name == LABELS {
            let label = |(word, label): (String, String)| (map::label(&word).0, label);
            fields.labels = options.into_iter().map(label).collect();
        } else {
            let label = field.label.0.unwrap_or_else(|| name.clone());
            fields.custom.insert(name, CustomField { name: label, options });
        }
    }
    Ok(fields)
}

/// A query of this text.
pub(super) async fn query<T>(
    api: &Api,
    all: bool,
    text: &str,
    read: impl Fn(&[u8]) -> Result<T, &'static str> + Send + Sync,
) -> Result<T, CrmError> {
    let path = path(if all { "queryAll" } else { "query" });
    let query = [("q", text)];
    api.read(&ask(&path, &query), read).await
}
