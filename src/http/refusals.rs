//! What flows refuse, as problems: one exhaustive map each.

use std::time::Duration;

use crate::{
    connectors::CrmError,
    domain::ContactId,
    flows::{
        FlowError, PasswordError, SealError,
        access_token::ExchangeError,
        activities::ActivityError,
        api_keys::{self, ApiKeyError},
        connect::Denied,
        contacts::ContactError,
        deliver::replay::ReplayError,
        install::{Gone, InstallError, Refusal},
        plan::PlanError,
        reset::ResetError,
        saved_filters::{self, SavedFilterError},
        sign_in::SignInError,
        sign_up::{ConfirmError, SignUpError},
    },
    http::{ApiError, FieldProblem, activities::no_meeting, api_keys::wrong_key},
};

const EXPIRED: &str = "This link no longer works: it was used or is too old. Ask for a new one.";

pub(super) fn wait(time: Duration) -> ApiError {
    ApiError::too_many(time, "Too many tries. Wait a little, then try again.")
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        Self::invalid_fields(vec![FieldProblem::new("password", &error.to_string())])
    }
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Password(error) => error.into(),
            SignUpError::TooMany(time) => wait(time),
            SignUpError::Db(error) => error.into(),
        }
    }
}

impl From<ConfirmError> for ApiError {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Expired => Self::invalid_as("token_expired", EXPIRED),
            ConfirmError::AlreadyKnown => {
                Self::conflict("conflict", "This address has an account already. Sign in.")
            }
            ConfirmError::Db(error) => error.into(),
        }
    }
}

impl From<SignInError> for ApiError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => Self::unauthenticated_as(
                "wrong_credentials",
                "The e-mail address or the password is wrong.",
            ),
            SignInError::CodeNeeded => Self::unauthenticated_as(
                "second_factor_required",
                "Give the code of your authenticator app, or a recovery code.",
            ),
            SignInError::WrongCode => Self::unauthenticated_as(
                "wrong_code",
                "This code does not count. Each counts once: wait for the next one, then try again.",
            ),
            SignInError::TooMany(time) => wait(time),
            SignInError::Seal(error) => error.into(),
            SignInError::NoCompany => Self::forbidden_as(
                "no_company",
                "This account is in no company any more. Ask whoever invited you.",
            ),
            SignInError::Db(error) => error.into(),
        }
    }
}

impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::TooMany(time) => wait(time),
            ResetError::Expired => Self::invalid_as("token_expired", EXPIRED),
            ResetError::Password(error) => error.into(),
            ResetError::Db(error) => error.into(),
        }
    }
}

/// A database that did not answer, or our own mistake.
impl From<SealError> for ApiError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Db(error) => error.into(),
            SealError::Vault(_) => Self::internal(&error),
        }
    }
}

impl From<ApiKeyError> for ApiError {
    fn from(error: ApiKeyError) -> Self {
        match error {
            ApiKeyError::RoleAbove => Self::forbidden_as(
                "forbidden",
                "A key cannot do more than you. Choose a role that is not above yours.",
            ),
            ApiKeyError::TooMany => Self::conflict(
                "too_many_keys",
                &format!("A company has {} API keys at most. Revoke one first.", api_keys::MOST),
            ),
            ApiKeyError::NotFound => Self::not_found(),
            ApiKeyError::Seal(error) => error.into(),
            ApiKeyError::Db(error) => error.into(),
        }
    }
}

impl From<ExchangeError> for ApiError {
    fn from(error: ExchangeError) -> Self {
        match error {
            ExchangeError::Refused => wrong_key(),
            ExchangeError::Db(error) => error.into(),
            ExchangeError::Signing(_) | ExchangeError::Vault(_) => Self::internal(&error),
        }
    }
}

impl From<ContactError> for ApiError {
    fn from(error: ContactError) -> Self {
        match error {
            ContactError::NotFound => Self::not_found(),
            ContactError::Duplicate { existing } => Self::duplicate(existing.map(ContactId::uuid)),
            ContactError::Full { upgrade_to } => {
                Self::plan(upgrade_to, "Your plan holds no more contacts.")
            }
            ContactError::UnknownOwner => Self::invalid_fields(vec![FieldProblem::new(
                "owner_member_id",
                "There is no such member here.",
            )]),
            ContactError::NotToGive => Self::forbidden_as(
                "forbidden",
                "You see your own contacts only, so they stay yours. Ask an owner or admin.",
            ),
            ContactError::TooManyMatch => Self::invalid_as(
                "too_many_match",
                "More than 10,000 contacts match, which is as many as are changed at once. Narrow the \
                 filter.",
            ),
            ContactError::Seal(error) => error.into(),
            ContactError::Db(error) => error.into(),
        }
    }
}

impl From<ActivityError> for ApiError {
    fn from(error: ActivityError) -> Self {
        match error {
            ActivityError::NotFound => Self::not_found(),
            ActivityError::NoMeeting => Self::invalid_fields(vec![no_meeting()]),
            ActivityError::UnknownCampaign => Self::invalid_fields(vec![FieldProblem::new(
                "campaign_id",
                "There is no such campaign here.",
            )]),
            ActivityError::Seal(error) => error.into(),
            ActivityError::Db(error) => error.into(),
        }
    }
}

impl From<SavedFilterError> for ApiError {
    fn from(error: SavedFilterError) -> Self {
        match error {
            SavedFilterError::NotFound => Self::not_found(),
            SavedFilterError::TooMany => Self::conflict(
                "too_many_filters",
                &format!("You keep {} filters at most. Delete one first.", saved_filters::MOST),
            ),
            SavedFilterError::NameTaken => {
                Self::conflict("name_taken", "You have a filter of this name. Choose another one.")
            }
            SavedFilterError::UnknownOwner => Self::invalid_fields(vec![FieldProblem::new(
                "owner",
                "There is no such member here.",
            )]),
            SavedFilterError::UnknownCampaign => Self::invalid_fields(vec![FieldProblem::new(
                "campaign",
                "There is no such campaign here.",
            )]),
            SavedFilterError::Seal(error) => error.into(),
            SavedFilterError::Db(error) => error.into(),
        }
    }
}

impl From<ReplayError> for ApiError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::NotFound => Self::not_found(),
            ReplayError::NotEnded(state) => Self::conflict(
                "not_ended",
                &format!(
                    "Only what failed or was given up is retried, and this is {state}. Load the \
                     page again."
                ),
            ),
            ReplayError::Superseded => Self::conflict(
                "superseded",
                "A later change of the same activity is under way and brings all of it.",
            ),
            ReplayError::ContactGone => Self::conflict(
                "contact_gone",
                "The contact was deleted, so there is nothing left to send.",
            ),
            ReplayError::NotConnected => {
                Self::conflict("disconnected", "This connection was ended. Connect the CRM first.")
            }
            ReplayError::NoChoice => Self::conflict(
                "no_choice",
                "Nobody is to be chosen for this delivery (any more). Load the page again.",
            ),
            ReplayError::NoCandidate => Self::invalid_fields(vec![FieldProblem::new(
                "remote_id",
                "Choose one of the candidates of this delivery.",
            )]),
            ReplayError::Db(error) => error.into(),
        }
    }
}

impl From<PlanError> for ApiError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::NoTestBiller => Self::not_found(),
            PlanError::Seats { members, seats } => Self::conflict(
                "seats",
                &format!(
                    "The company has {members} members, the plan {seats} seats. Remove members \
                     first."
                ),
            ),
            PlanError::Db(error) => error.into(),
        }
    }
}

impl From<Gone> for ApiError {
    fn from(gone: Gone) -> Self {
        const AGAIN: &str = "Start the install at the provider's marketplace again.";
        let words = |what: &str| format!("{what} {AGAIN}");
        match gone {
            Gone::None => {
                Self::not_found_as("installation_none", &words("No install waits in this browser."))
            }
            Gone::Elsewhere => Self::not_found_as(
                "installation_elsewhere",
                &words("This install was begun in another browser, or another one took its place."),
            ),
            Gone::Used => Self::conflict(
                "installation_used",
                "This install was confirmed before. Look under Integrations.",
            ),
            Gone::Expired => Self::conflict(
                "installation_expired",
                &words(
                    "Nobody confirmed this install within ten minutes, so its access was given back.",
                ),
            ),
            Gone::Declined => {
                Self::conflict("installation_declined", &words("This install was declined."))
            }
            Gone::Uninstalled => Self::conflict(
                "installation_uninstalled",
                &words("The app was uninstalled at the provider before this was confirmed."),
            ),
        }
    }
}

impl From<InstallError> for ApiError {
    fn from(error: InstallError) -> Self {
        match error {
            InstallError::Refused(refusal) => refusal.into(),
            InstallError::Flow(error) => error.into(),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Gone(gone) => gone.into(),
            Refusal::Busy => Self::conflict(
                "installation_busy",
                "This install is being confirmed at this moment. Load the page again.",
            ),
            Refusal::OtherCompany => Self::conflict(
                "company_changed",
                "You went on in another company meanwhile. Load the page again and look whom it names.",
            ),
            Refusal::AnotherUser => Self::conflict(
                "another_user",
                "Another user of this account is connected. Say whether they stay.",
            ),
            Refusal::Denied(Denied::Forbidden) => Self::forbidden(),
            Refusal::Denied(Denied::Plan) => Self::plan(None, "Your plan does not include this."),
            Refusal::Denied(Denied::AccountMismatch) => Self::conflict(
                "account_mismatch",
                "Another account of this CRM is connected. Disconnect it and delete its data first, or \
                 choose another company.",
            ),
            Refusal::Denied(Denied::NotConfigured) => Self::conflict(
                "not_configured",
                "This CRM is not set up on this installation. Ask whoever operates it.",
            ),
            Refusal::Denied(_) => Self::conflict("conflict", "This install cannot be confirmed."),
        }
    }
}

impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::NotFound => Self::not_found(),
            FlowError::NotConnected => Self::not_found_as(
                "not_connected",
                "This CRM is not connected. Connect it under Integrations first.",
            ),
            FlowError::NeedsReconnect => Self::conflict(
                "needs_reconnect",
                "The CRM no longer lets us in. Connect it again under Integrations.",
            ),
            FlowError::Paused => {
                Self::conflict("paused", "The connection is paused. Resume it under Integrations.")
            }
            FlowError::Refused(words) => Self::conflict("conflict", words),
            FlowError::Crm(error) => error.into(),
            FlowError::Seal(error) => error.into(),
            FlowError::Mail(error) => Self::internal(&error),
            FlowError::Db(error) => error.into(),
        }
    }
}

/// What a page that waits for the CRM is told; jobs have their own patience.
impl From<CrmError> for ApiError {
    fn from(error: CrmError) -> Self {
        let words = format!("{error}.");
        match error {
            CrmError::Expired | CrmError::Revoked | CrmError::MissingScope { .. } => {
                Self::conflict("needs_reconnect", &words)
            }
            CrmError::Throttled { wait: time, .. } => Self::too_many(time, &words),
            CrmError::Missing => Self::not_found(),
            CrmError::Refused { .. }
            | CrmError::Suspended { .. }
            | CrmError::Down { .. }
            | CrmError::Uncertain { .. }
            | CrmError::TooLate
            | CrmError::Unreadable { .. } => Self::bad_gateway("provider_unavailable", &words),
            // Whoever pages through people sends it back to us.
            CrmError::CursorRefused => Self::invalid_fields(vec![FieldProblem::new(
                "cursor",
                "This cursor is not one of ours, or too old. Start again without it.",
            )]),
            CrmError::TokenUnavailable { .. } => Self::unavailable(Duration::from_secs(5)),
            CrmError::ForbiddenHost | CrmError::Misconfigured => Self::internal(&error),
        }
    }
}
