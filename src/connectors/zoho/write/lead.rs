//! Making a lead: what a contact is, in another module and with a mark of that module's own.

use reqwest::Method;
use serde_json::json;

use super::{REFERENCE, body, change, create_reference_of, outcome};
use crate::{
    connectors::{Api, CrmError, zoho::leads},
    domain::effect::{Marker, PersonToMake, Sent},
};

/// Where leads lack the field for our mark it is made right before; a second time is the same. Where
/// that is not allowed, the lead goes without, and is looked for by all that was sent.
pub(super) async fn create(api: &Api, make: &PersonToMake) -> Result<Sent, CrmError> {
    let marker = marker(api, make).await?;
    let record = body::person(&PersonToMake { marker: marker.clone(), ..make.clone() })?;
    let (path, sent) = match &marker {
        Some(marker) => {
            let check = json!([marker.field]);
            ("/crm/v8/Leads/upsert", json!({ "data": [record], "duplicate_check_fields": check }))
        }
        None => ("/crm/v8/Leads", json!({ "data": [record] })),
    };
    let change = change(Method::POST, path, Some(sent), leads::CREATE, body::PERSON);
    // Made or there already: it is the same lead, and nothing but what was sent is given to it.
    let id = leads::id(&api.write(&change, outcome).await?.id);
    let person = match leads::number(&id) {
        Some(number) => leads::living(api, number).await.ok(),
        None => None,
    };
    Ok(Sent { id, person })
}

async fn marker(api: &Api, make: &PersonToMake) -> Result<Option<Marker>, CrmError> {
    let Some(marker) = &make.marker else { return Ok(None) };
    let named = |field| Some(Marker { field, value: marker.value.clone() });
    if let Some(field) = leads::mark(api).await? {
        return Ok(named(field));
    }
    match create_reference_of(api, leads::MODULE, REFERENCE).await {
        Ok(field) => Ok(named(field)),
        Err(CrmError::Refused { .. } | CrmError::MissingScope { .. } | CrmError::Missing) => {
            Ok(None)
        }
        // Of the field nothing is known, but of the lead it is: it was not sent.
        Err(CrmError::Uncertain { what, status }) => {
            Err(CrmError::Down { what, status, wait: None })
        }
        Err(error) => Err(error),
    }
}
