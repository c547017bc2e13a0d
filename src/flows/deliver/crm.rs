//! The CRM over its connector: what [`Remote`] asks, in one account.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};

use crate::{
    connectors::{Connector, CrmError, Guest, Writer},
    domain::{
        ActivityKind, ActivityType, Fields, LifecycleStage, PersonKind, RemoteDeal, RemoteId,
        RemoteOrganization, RemotePerson, RemoteUser,
        action::{DealStage, TaskKind},
        effect::{Effect, Sent},
    },
    flows::{
        account::Account,
        deliver::ground::{Permit, Remote},
    },
};

/// An account that may be written to.
#[derive(Clone)]
pub(super) struct Crm {
    pub(super) account: Arc<Account>,
    pub(super) writer: &'static dyn Writer,
    /// Where it takes many in one request.
    pub(super) guest: Option<Arc<Guest>>,
}

impl Crm {
    fn connector(&self) -> &'static dyn Connector {
        self.account.provider.connector
    }
}

impl Remote for Crm {
    async fn users(&self) -> Result<Vec<RemoteUser>, CrmError> {
        match &self.guest {
            Some(guest) => guest.users(&self.account.api).await,
            None => self.connector().users(&self.account.api).await,
        }
    }

    async fn fields(&self) -> Result<Fields, CrmError> {
        match &self.guest {
            Some(guest) => guest.fields(&self.account.api).await,
            None => self.connector().fields(&self.account.api).await,
        }
    }

    async fn types(&self) -> Result<Vec<ActivityType>, CrmError> {
        self.writer.activity_types(&self.account.api).await
    }

    async fn persons_with_email(&self, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
        match &self.guest {
            Some(guest) => guest.persons_with_email(&self.account.api, email).await,
            None => self.writer.persons_with_email(&self.account.api, email).await,
        }
    }

    fn becomes(&self, stage: LifecycleStage) -> PersonKind {
        self.writer.lifecycle().becomes(stage).unwrap_or(PersonKind::Contact)
    }

    fn person_kind(&self, id: &RemoteId) -> PersonKind {
        self.writer.person_kind(id)
    }

    async fn leads_with_email(&self, email: &str) -> Result<Vec<RemotePerson>, CrmError> {
        match self.writer.leads_with_email(&self.account.api, email).await {
            // Consents of before do not show leads; whoever asks makes none then.
            Err(CrmError::MissingScope { .. }) => Ok(Vec::new()),
            other => other,
        }
    }

    async fn organizations_named(&self, name: &str) -> Result<Vec<RemoteOrganization>, CrmError> {
        match &self.guest {
            Some(guest) => guest.organizations_named(&self.account.api, name).await,
            None => self.writer.organizations_named(&self.account.api, name).await,
        }
    }

    async fn person(&self, id: &RemoteId) -> Result<Option<RemotePerson>, CrmError> {
        if let Some(guest) = &self.guest {
            return guest.person(&self.account.api, id).await;
        }
        let ids = std::slice::from_ref(id);
        let page = self.connector().persons_by_id(&self.account.api, ids).await?;
        Ok(page.items.into_iter().find(|person| person.id == *id))
    }

    async fn organization(&self, id: &RemoteId) -> Result<Option<RemoteOrganization>, CrmError> {
        if let Some(guest) = &self.guest {
            return guest.organization(&self.account.api, id).await;
        }
        let ids = std::slice::from_ref(id);
        let page = self.connector().organizations_by_id(&self.account.api, ids).await?;
        Ok(page.items.into_iter().find(|organization| organization.id == *id))
    }

    async fn send(&self, effect: &Effect, permit: &Permit) -> Result<Sent, CrmError> {
        let api = self.account.api.before(Instant::now() + permit.left());
        match &self.guest {
            Some(guest) => guest.send(&api, effect).await,
            None => self.writer.send(&api, effect).await,
        }
    }

    async fn look(&self, effect: &Effect, since: DateTime<Utc>) -> Result<Vec<RemoteId>, CrmError> {
        match &self.guest {
            Some(guest) => guest.look(&self.account.api, effect, since).await,
            None => self.writer.look(&self.account.api, effect, since).await,
        }
    }

    async fn stages(&self) -> Result<Vec<DealStage>, CrmError> {
        self.writer.stages(&self.account.api).await
    }

    async fn deal(&self, id: &RemoteId) -> Result<Option<RemoteDeal>, CrmError> {
        self.writer.deal(&self.account.api, id).await
    }

    async fn probe(&self) -> Result<(), CrmError> {
        self.connector().account(&self.account.api).await.map(drop)
    }

    fn is_told_first(&self) -> bool {
        self.guest.as_ref().is_none_or(|guest| guest.is_told_first())
    }

    fn activity_type(&self, kind: ActivityKind, types: &[ActivityType]) -> Option<String> {
        self.writer.activity_type(kind, types)
    }

    fn task_type(&self, kind: TaskKind, types: &[ActivityType]) -> Option<String> {
        self.writer.task_type(kind, types)
    }

    fn reference_name(&self) -> Option<&'static str> {
        self.writer.reference_name()
    }

    fn person_url(&self, id: &RemoteId) -> Option<String> {
        let domain = self.account.connection.account_domain.as_deref();
        self.connector().person_url(domain, id)
    }
}

/// From the commit of `sending` until the bytes leave, at most.
pub(super) const PERMIT: Duration = Duration::from_secs(5);
