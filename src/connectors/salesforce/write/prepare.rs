//! The two fields of ours: made once per org, where the connected user may.
//!
//! A field that was just made is seen by nobody, so the connected user's own profile is given it right
//! after. Both steps can be taken again: a field that is there already only wants to be seen.

use reqwest::Method;
use serde_json::{Value, json};

use super::{body, change};
use crate::{
    connectors::{
        Api, CrmError,
        api::Names,
        salesforce::{
            decode,
            fields::{self, LABELS, REFERENCE},
            map, path, people,
            soql::{is_id_of, quoted},
            who, wire,
        },
    },
    domain::{PersonKind, RemoteId, effect::Sent},
};

use super::text::one_line;

static FIELD: Names = &[("FullName", "reference", None), ("DeveloperName", "reference", None)];

/// What the field for our mark is called.
pub(super) const NAME: &str = "Tandem reference";

/// The field for our mark.
pub(super) async fn reference(api: &Api, name: &str) -> Result<Sent, CrmError> {
    make(api, PersonKind::Contact, REFERENCE, mark(name)).await?;
    Ok(Sent { id: RemoteId(REFERENCE.to_owned()), person: None })
}

/// The same of another kind.
pub(super) async fn reference_of(api: &Api, kind: PersonKind) -> Result<(), CrmError> {
    make(api, kind, REFERENCE, mark(NAME)).await
}

fn mark(name: &str) -> Value {
    json!({
        "label": name, "type": "Text", "length": 64, "externalId": true, "unique": true,
        "caseSensitive": true, "description": "Tandem knows by it what it has made.",
    })
}

/// A label is a word in the field for labels. Where that is there, nothing is to be made: its list is
/// open, and takes a new word with the first contact that has it.
pub(super) async fn label(api: &Api, name: &str) -> Result<Sent, CrmError> {
    let name = one_line(name);
    if name.is_empty() || name.contains(';') || name.chars().count() > 40 {
        let said = body::objection("label", "Use 1 to 40 characters, and no semicolon.");
        return Err(CrmError::unsent("the label does not fit", said));
    }
    if !fields::custom(api).await?.contains_key(LABELS) {
        let value = json!({ "fullName": name, "label": name, "default": false });
        let metadata = json!({
            "label": "Tandem labels", "type": "MultiselectPicklist", "visibleLines": 4,
            "valueSet": {
                "restricted": false,
                "valueSetDefinition": { "sorted": false, "value": [value] },
            },
        });
        make(api, PersonKind::Contact, LABELS, metadata).await?;
    }
    Ok(Sent { id: map::label(&name), person: None })
}

async fn make(api: &Api, kind: PersonKind, name: &str, metadata: Value) -> Result<(), CrmError> {
    let object = people::object(kind);
    let path = path("tooling/sobjects/CustomField");
    let body = json!({ "FullName": format!("{object}.{name}"), "Metadata": metadata });
    let made = api.write(&change(Method::POST, &path, Some(body), FIELD), decode::made).await;
    match made {
        Ok(_) => {}
        Err(CrmError::Refused { code: Some(code), .. }) if code == "DUPLICATE_DEVELOPER_NAME" => {}
        Err(error) => return Err(error),
    }
    show(api, object, name).await
}

/// Lets the profile of the connected user see and change a field.
async fn show(api: &Api, object: &str, name: &str) -> Result<(), CrmError> {
    let user = who(api).await?.user.0.filter(|id| is_id_of("005", id));
    let user = user.ok_or(CrmError::Unreadable { what: "it does not say whose token it is" })?;
    let user = quoted(user.as_str());
    let text = format!(
        "SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = {user} AND \
         PermissionSet.IsOwnedByProfile = true LIMIT 1"
    );
    let sets = fields::query(api, false, &text, decode::list::<wire::Assignment>).await?;
    let set = sets.into_iter().find_map(|one| one.set.0);
    let set = set.ok_or(CrmError::Unreadable { what: "the user has no profile of its own" })?;
    let body = json!({
        "ParentId": set.0, "SobjectType": object, "Field": format!("{object}.{name}"),
        "PermissionsRead": true, "PermissionsEdit": true,
    });
    let path = path("sobjects/FieldPermissions");
    // That it is given already is as good: the answer then names what it would double.
    let read = |body: &[u8]| match super::dialect::duplicates(body) {
        Some(_) => Ok(()),
        None => decode::made(body).map(drop),
    };
    api.write(&change(Method::POST, &path, Some(body), FIELD), read).await
}
