//! What stands between somebody and another plan, as problems.

use crate::{
    flows::billing::{BillingError, StripeError},
    http::ApiError,
};

impl From<BillingError> for ApiError {
    fn from(error: BillingError) -> Self {
        match error {
            BillingError::NotOffered => Self::not_found_as(
                "billing_not_offered",
                "Payment is not set up on this server. Ask whoever operates it.",
            ),
            BillingError::NotForSale => Self::conflict(
                "not_for_sale",
                "This plan cannot be bought here. Ask whoever operates this server.",
            ),
            BillingError::SamePlan => {
                Self::conflict("same_plan", "The company is on this plan already.")
            }
            BillingError::Seats { members, seats } => Self::conflict(
                "seats",
                &format!(
                    "The company has {members} members, the plan {seats} seats. Remove members first."
                ),
            ),
            BillingError::UnderWay => Self::conflict(
                "payment_under_way",
                "Somebody of your company has just paid. Nothing more is charged; wait for the \
                 confirmation.",
            ),
            BillingError::NoSubscription => Self::conflict(
                "no_subscription",
                "The company pays nothing yet, so there is nothing to manage. Choose a plan first.",
            ),
            BillingError::Stripe(error) => error.into(),
            BillingError::Db(error) => error.into(),
        }
    }
}

impl From<StripeError> for ApiError {
    fn from(error: StripeError) -> Self {
        match error {
            StripeError::Away(_) => Self::bad_gateway(
                "stripe_away",
                "Stripe did not answer. Nothing was changed and nothing was charged; try again in a \
                 minute.",
            ),
            StripeError::NoCustomer | StripeError::Refused { .. } | StripeError::Unreadable => {
                Self::bad_gateway(
                    "stripe_refused",
                    "Stripe did not accept this. Nothing was changed and nothing was charged; whoever \
                 operates this server finds the reason in the log.",
                )
            }
        }
    }
}
