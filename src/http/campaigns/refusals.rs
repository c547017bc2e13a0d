//! What is refused about campaigns, as problems.

use crate::{
    flows::campaigns::{self, CampaignError},
    http::{ApiError, FieldProblem},
};

impl From<CampaignError> for ApiError {
    fn from(error: CampaignError) -> Self {
        match error {
            CampaignError::NotFound => Self::not_found(),
            CampaignError::TooMany => Self::conflict(
                "too_many_campaigns",
                &format!("A company has {} campaigns at most. Delete one first.", campaigns::MOST),
            ),
            CampaignError::UnknownMember => Self::invalid_fields(vec![FieldProblem::new(
                "member_ids",
                "One of these is no member here. Load the page again.",
            )]),
            CampaignError::Reversed => Self::invalid_fields(vec![FieldProblem::new(
                "ends_on",
                "A campaign ends on the day it starts, or later.",
            )]),
            CampaignError::TooManyMatch => Self::invalid_as(
                "too_many_match",
                &format!(
                    "More contacts match than can be assigned at once ({} of a filter, 10,000 of a \
                     search). Narrow the filter.",
                    campaigns::MOST_MATCHING
                ),
            ),
            CampaignError::Seal(error) => error.into(),
            CampaignError::Db(error) => error.into(),
        }
    }
}
