//! What a CRM lets us write, and how an unknown outcome is looked for.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Api, CrmError, Lifecycle, Many, QueryLanguage, Records};
use crate::domain::{
    ActivityKind, ActivityType, PersonKind, RemoteDeal, RemoteId, RemoteOrganization, RemotePerson,
    action::{ActionKind, DealStage, Priority, TaskKind},
    effect::{Effect, Sent},
};

const NOT_YET: &str = "Tandem cannot do this at this CRM.";
const NO_QUERIES: &str = "Tandem speaks no query language of this CRM.";

/// What cannot be done at a CRM whose query language we do not speak, and nothing else.
pub(super) fn without_queries(action: ActionKind) -> Option<&'static str> {
    (action == ActionKind::SearchRecords).then_some(NO_QUERIES)
}

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

    /// What is made of a stage in somebody's life as a customer.
    fn lifecycle(&self) -> Lifecycle;

    /// What a person is, by the id.
    fn person_kind(&self, _id: &RemoteId) -> PersonKind {
        PersonKind::Contact
    }

    /// Leads that have exactly this address and are nobody's contact yet; none where leads are no kind
    /// of their own.
    async fn leads_with_email(
        &self,
        _api: &Api,
        _email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError> {
        Ok(Vec::new())
    }

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

    /// What it takes many of in one request; `None` where each has its own.
    fn many(&self) -> Option<&dyn Many> {
        None
    }

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

    /// Why an action that members ask for cannot be done here; `None` for one that can. What needs
    /// nothing but activities, people and searches can be done at every CRM.
    fn cannot(&self, action: ActionKind) -> Option<&'static str> {
        match action {
            ActionKind::CreateTask
            | ActionKind::UpdateTask
            | ActionKind::LogCall
            | ActionKind::CreateContact
            | ActionKind::GetContact
            | ActionKind::SearchContact => None,
            ActionKind::SearchRecords => Some(NO_QUERIES),
            ActionKind::CreateNote
            | ActionKind::CreateDeal
            | ActionKind::UpdateDeal
            | ActionKind::UpdateContact
            | ActionKind::GetDeal => Some(NOT_YET),
        }
    }

    /// The scope without which the CRM refuses an action.
    fn scope_of(&self, _action: ActionKind) -> Option<&'static str> {
        None
    }

    /// Which priorities a task may have here.
    fn priorities(&self) -> &'static [Priority] {
        &[]
    }

    /// The account's own type for a task; `None` when it has no active type at all. As it stands here,
    /// for accounts whose types have keys that say what they are.
    fn task_type(&self, kind: TaskKind, types: &[ActivityType]) -> Option<String> {
        let wanted = if kind == TaskKind::Todo { "task" } else { kind.word() };
        let active = || types.iter().filter(|known| known.active);
        active()
            .find(|known| known.key.eq_ignore_ascii_case(wanted))
            .or_else(|| active().find(|known| known.name.trim().eq_ignore_ascii_case(wanted)))
            .or_else(|| active().next())
            .map(|known| known.key.clone())
    }

    /// The stages that deals of the account may be in, in their order.
    async fn stages(&self, _api: &Api) -> Result<Vec<DealStage>, CrmError> {
        Ok(Vec::new())
    }

    /// A deal; `None` when there is none (any more).
    async fn deal(&self, _api: &Api, _id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
        Err(CrmError::cannot())
    }

    /// Where a member sees the deal in the CRM itself.
    fn deal_url(&self, _domain: Option<&str>, _id: &RemoteId) -> Option<String> {
        None
    }

    /// The language in which members may search; `None` where there is none that we speak.
    fn query_language(&self) -> Option<&'static QueryLanguage> {
        None
    }

    /// Why a query may not be asked, in words for whoever wrote it. Asks nobody.
    fn check_query(&self, _text: &str) -> Result<(), String> {
        Err(NO_QUERIES.to_owned())
    }

    /// What a query finds. One that [`Writer::check_query`] objects to is refused here, too.
    async fn search_records(&self, _api: &Api, _text: &str) -> Result<Records, CrmError> {
        Err(CrmError::cannot())
    }

    /// Where a member sees a record that a query found.
    fn record_url(&self, _domain: Option<&str>, _id: &RemoteId) -> Option<String> {
        None
    }
}
