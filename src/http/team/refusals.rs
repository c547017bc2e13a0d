//! What the team's flows refuse, as problems.

use crate::{
    flows::team::{
        TeamError,
        invite::{self, InviteError},
        join::JoinError,
    },
    http::{ApiError, FieldProblem, refusals::wait},
};

impl From<TeamError> for ApiError {
    fn from(error: TeamError) -> Self {
        match error {
            TeamError::NotFound => Self::not_found(),
            TeamError::Forbidden => Self::forbidden(),
            TeamError::RoleAbove => Self::forbidden_as(
                "role_above",
                "Nobody gives, takes or changes a role above their own. Ask an owner.",
            ),
            TeamError::LastOwner => Self::conflict(
                "last_owner",
                "A company keeps an owner. Make somebody else an owner first.",
            ),
            TeamError::UnknownHeir => Self::invalid_fields(vec![FieldProblem::new(
                "contacts_to",
                "Choose another member of the company, or nobody.",
            )]),
            TeamError::Db(error) => error.into(),
        }
    }
}

impl From<InviteError> for ApiError {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::Team(error) => error.into(),
            InviteError::AlreadyMember => {
                Self::conflict("already_member", "This address is a member's already.")
            }
            InviteError::AlreadyInvited => Self::conflict(
                "already_invited",
                "This address was asked already. Send that invitation once more, or revoke it first.",
            ),
            InviteError::TooMany => Self::conflict(
                "too_many_invitations",
                &format!("A company has {} invitations at most. Revoke one first.", invite::MOST),
            ),
            InviteError::NoSeat { upgrade_to } => Self::plan(
                upgrade_to,
                "Your plan has no free seat: members and open invitations fill it.",
            ),
            InviteError::Wait(time) => {
                Self::too_many(time, "Too many invitations. Wait a little, then try again.")
            }
            InviteError::Seal(error) => error.into(),
        }
    }
}

impl From<JoinError> for ApiError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Expired => Self::invalid_as(
                "invitation_gone",
                "This invitation no longer stands: it was accepted, revoked, replaced or is too old. \
                 Ask whoever invited you for a new one.",
            ),
            JoinError::AnotherAddress => Self::forbidden_as(
                "another_address",
                "This invitation is for another address than the one you are signed in with. Sign out \
                 first.",
            ),
            JoinError::SignInFirst => Self::unauthenticated_as(
                "sign_in_first",
                "This address has an account. Give its password to accept.",
            ),
            JoinError::NameNeeded => {
                Self::invalid_fields(vec![FieldProblem::new("name", "Fill this in.")])
            }
            JoinError::AlreadyMember => Self::conflict(
                "already_member",
                "You are a member of this company already. Sign in.",
            ),
            JoinError::SeatsFull => Self::conflict(
                "seats_full",
                "The company has no free seat any more. Tell whoever invited you; the link works \
                 again once there is one.",
            ),
            JoinError::TooMany(time) => wait(time),
            JoinError::Password(error) => error.into(),
            JoinError::SignIn(error) => error.into(),
            JoinError::Db(error) => error.into(),
        }
    }
}
