//! The conditions of a list of contacts, from an address or a body.

use poem_openapi::Object;
use uuid::Uuid;

use crate::{
    db::contacts::{Filter, Owner},
    domain::{CampaignId, MemberId},
    http::{ApiError, FieldProblem},
};

/// Conditions that all must hold, as in the parameters of the list.
#[derive(Object, Default)]
#[oai(rename = "ContactFilter")]
pub(in crate::http) struct FilterForm {
    /// Part of a name, address, number or organization.
    pub(super) search: Option<String>,
    /// Id of a member, or `none`.
    pub(super) owner: Option<String>,
    pub(super) source: Option<String>,
    pub(super) tag: Option<String>,
    /// Linked at this provider.
    pub(super) provider: Option<String>,
    /// In this campaign.
    pub(super) campaign: Option<Uuid>,
}

impl FilterForm {
    pub(in crate::http) fn read(self) -> Result<Filter, ApiError> {
        Ok(Filter {
            search: said(self.search).map(|text| text.chars().take(200).collect()),
            owner: said(self.owner).map(|text| read_owner(&text)).transpose()?,
            source: said(self.source),
            tag: said(self.tag),
            provider: said(self.provider),
            campaign: self.campaign.map(CampaignId::from_uuid),
        })
    }
}

/// An empty parameter asks for nothing.
fn said(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Whose contacts: of a member, or of nobody.
pub(super) fn read_owner(text: &str) -> Result<Owner, ApiError> {
    if text == "none" {
        return Ok(Owner::Nobody);
    }
    let id: Uuid = text.parse().map_err(|_| {
        let words = "Use the id of a member, or `none`.";
        ApiError::invalid_fields(vec![FieldProblem::new("owner", words)])
    })?;
    Ok(Owner::Member(MemberId::from_uuid(id)))
}
