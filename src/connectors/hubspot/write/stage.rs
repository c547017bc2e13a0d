//! The lifecycle stage of a contact: a field that only moves forward, unless somebody empties it first.

use super::{ask, body::objection, decode, one};
use crate::{
    connectors::{
        Api, CrmError,
        hubspot::{CONTACTS_READ, records::Kind, wire},
    },
    domain::{LifecycleStage, RemoteId},
};

pub(super) const FIELD: &str = "lifecyclestage";

/// The account's own word. An account may rename what is shown; these stay.
pub(super) const fn word(stage: LifecycleStage) -> &'static str {
    match stage {
        LifecycleStage::Subscriber => "subscriber",
        LifecycleStage::Lead => "lead",
        LifecycleStage::MarketingQualified => "marketingqualifiedlead",
        LifecycleStage::SalesQualified => "salesqualifiedlead",
        LifecycleStage::Opportunity => "opportunity",
        LifecycleStage::Customer => "customer",
        LifecycleStage::Evangelist => "evangelist",
    }
}

/// A step back would be answered with success and change nothing: it is refused before anything is
/// sent, so that nothing else of the change happens either.
pub(super) async fn goes_forward(
    api: &Api,
    id: &RemoteId,
    wanted: LifecycleStage,
) -> Result<(), CrmError> {
    let path = one(Kind::Contacts.path(), id.as_str());
    let query = [("properties", FIELD)];
    let there: wire::Record = api.read(&ask(&path, &query, CONTACTS_READ), decode::one).await?;
    let now = there.text(FIELD).map(str::trim).unwrap_or_default();
    if now.is_empty() || LifecycleStage::ALL.iter().any(|one| word(*one) == now && *one <= wanted) {
        return Ok(());
    }
    let words = "The contact is further there, or in a stage of the account's own. HubSpot moves a \
                 stage only forward: empty it there first.";
    Err(CrmError::unsent("the stage only moves forward", objection("lifecycle_stage", words)))
}
