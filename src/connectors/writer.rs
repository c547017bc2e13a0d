//! What a CRM lets us write, and how an unknown outcome is looked for.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Api, CrmError};
use crate::domain::{
    ActivityKind, ActivityType, RemoteId, RemoteOrganization, RemotePerson,
    effect::{Effect, Sent},
};

/// Changes at a CRM. Nothing here is tried again by itself once it may have been done.
#[async_trait]
pub trait Writer: Send + Sync {
    /// People who have exactly this address (case ignored), as whole records; the deleted are not
    /// among them. Search indexes lag: an absence proves nothing about what was made just now.
    async fn persons_with_email(
        &self,
        api: &Api,
        email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError>;

    /// Organizations with exactly this name (case and surrounding space ignored), oldest first.
    async fn organizations_named(
        &self,
        api: &Api,
        name: &str,
    ) -> Result<Vec<RemoteOrganization>, CrmError>;

    /// The kinds of activity that the account has.
    async fn activity_types(&self, api: &Api) -> Result<Vec<ActivityType>, CrmError>;

    /// The account's own type for a kind of ours; `None` when it has no active type at all.
    fn activity_type(&self, kind: ActivityKind, types: &[ActivityType]) -> Option<String>;

    /// The name of the custom field that holds our marker; `None` where there is no such place.
    fn reference_name(&self) -> Option<&'static str>;

    /// Does it once. [`CrmError::Uncertain`] when it may have been done; every other error means that
    /// it was not. Deleting what is gone is done.
    async fn send(&self, api: &Api, effect: &Effect) -> Result<Sent, CrmError>;

    /// Records that may be this effect, made (or changed) at `since` or later, from lists rather than
    /// search indexes: by our marker where there is one, otherwise by all that was sent. Asking again
    /// later may bring more.
    async fn look(
        &self,
        api: &Api,
        effect: &Effect,
        since: DateTime<Utc>,
    ) -> Result<Vec<RemoteId>, CrmError>;

    /// Where a member sees the activity in the CRM itself.
    fn activity_url(&self, domain: Option<&str>, id: &RemoteId) -> Option<String>;
}
