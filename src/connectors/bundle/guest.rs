//! A delivery among others: asks as if it were alone.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use chrono::{DateTime, Utc};
use tokio::sync::SemaphorePermit;

use super::{
    Told,
    crowd::Place,
    gather::{Envoy, Gather},
    room::Room,
};
use crate::{
    connectors::{Api, CrmError},
    domain::{
        Fields, RemoteId, RemoteOrganization, RemotePerson, RemoteUser,
        effect::{Effect, Sent},
    },
};

/// One delivery in its room, for as long as it is at work.
pub struct Guest {
    pub(super) room: Arc<Room>,
    place: Place,
    told_first: AtomicBool,
}

impl Guest {
    pub(super) fn of(room: Arc<Room>) -> Self {
        let place = Place::take(&room.crowd);
        Self { room, place, told_first: AtomicBool::new(true) }
    }

    /// Whether it was the first who heard of its last failure; the others heard of the same one.
    pub fn is_told_first(&self) -> bool {
        self.told_first.load(SeqCst)
    }

    /// Its turn among those that were answered together.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.room.turns.acquire().await.ok()
    }

    pub async fn persons_with_email(
        &self,
        api: &Api,
        email: &str,
    ) -> Result<Vec<RemotePerson>, CrmError> {
        match self.ask(&self.room.emails, email.to_owned(), api).await {
            Told::Answer(answer) => answer,
            Told::Alone => self.room.writer.persons_with_email(api, email).await,
        }
    }

    pub async fn organizations_named(
        &self,
        api: &Api,
        name: &str,
    ) -> Result<Vec<RemoteOrganization>, CrmError> {
        match self.ask(&self.room.names, name.to_owned(), api).await {
            Told::Answer(answer) => answer,
            Told::Alone => self.room.writer.organizations_named(api, name).await,
        }
    }

    /// As an import reads it; `None` when it is gone.
    pub async fn person(&self, api: &Api, id: &RemoteId) -> Result<Option<RemotePerson>, CrmError> {
        match self.ask(&self.room.persons, id.clone(), api).await {
            Told::Answer(answer) => answer,
            Told::Alone => {
                let page = self.room.connector.persons_by_id(api, std::slice::from_ref(id)).await?;
                Ok(page.items.into_iter().find(|one| one.id == *id))
            }
        }
    }

    pub async fn organization(
        &self,
        api: &Api,
        id: &RemoteId,
    ) -> Result<Option<RemoteOrganization>, CrmError> {
        match self.ask(&self.room.organizations, id.clone(), api).await {
            Told::Answer(answer) => answer,
            Told::Alone => {
                let ids = std::slice::from_ref(id);
                let page = self.room.connector.organizations_by_id(api, ids).await?;
                Ok(page.items.into_iter().find(|one| one.id == *id))
            }
        }
    }

    pub async fn fields(&self, api: &Api) -> Result<Fields, CrmError> {
        match self.ask(&self.room.words, (), api).await {
            Told::Answer(answer) => answer,
            Told::Alone => self.room.connector.fields(api).await,
        }
    }

    pub async fn users(&self, api: &Api) -> Result<Vec<RemoteUser>, CrmError> {
        match self.ask(&self.room.users, (), api).await {
            Told::Answer(answer) => answer,
            Told::Alone => self.room.connector.users(api).await,
        }
    }

    /// As [`Writer::send`](crate::connectors::Writer::send).
    pub async fn send(&self, api: &Api, effect: &Effect) -> Result<Sent, CrmError> {
        let told = match effect {
            _ if !self.room.many.takes(effect) => self.alone(),
            Effect::CreatePerson(_) => {
                self.ask(&self.room.people_to_make, effect.clone(), api).await
            }
            Effect::CreateOrganization(_) => {
                self.ask(&self.room.organizations_to_make, effect.clone(), api).await
            }
            _ => self.alone(),
        };
        match told {
            Told::Answer(answer) => answer,
            Told::Alone => self.room.writer.send(api, effect).await,
        }
    }

    /// As [`Writer::look`](crate::connectors::Writer::look).
    pub async fn look(
        &self,
        api: &Api,
        effect: &Effect,
        since: DateTime<Utc>,
    ) -> Result<Vec<RemoteId>, CrmError> {
        let together = matches!(effect, Effect::CreatePerson(_)) && self.room.many.takes(effect);
        let told = if together {
            self.ask(&self.room.looks, (effect.clone(), since), api).await
        } else {
            self.alone()
        };
        match told {
            Told::Answer(answer) => answer,
            Told::Alone => self.room.writer.look(api, effect, since).await,
        }
    }

    fn alone<A>(&self) -> Told<A> {
        self.told_first.store(true, SeqCst);
        Told::Alone
    }

    async fn ask<Q: Send + 'static, A: Send + 'static>(
        &self,
        gather: &Arc<Gather<Api, Q, A>>,
        question: Q,
        api: &Api,
    ) -> Told<A> {
        let _asking = self.place.asks();
        let (told, first) = gather.ask(question, api.clone()).await;
        match told {
            Told::Answer(Ok(_)) => {}
            Told::Answer(Err(_)) => self.told_first.store(first, SeqCst),
            Told::Alone => return self.alone(),
        }
        told
    }
}

impl Envoy for Api {
    fn is_late(&self, slack: Duration) -> bool {
        self.closes().is_some_and(|closes| self.now() + slack > closes)
    }

    fn for_all(all: &[Self]) -> Option<Self> {
        let first = all.first()?;
        let closes = all.iter().filter_map(Self::closes).min();
        Some(closes.map_or_else(|| first.clone(), |closes| first.before(closes)))
    }
}
