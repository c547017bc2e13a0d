//! Questions and orders of one connection that come at the same time go in one request, where the CRM
//! takes many at once ([`Many`]); a [`Guest`] asks as if it were alone.
//!
//! - A [`Room`] belongs to one grant of one company and is never shared beyond. Each delivery under way
//!   in this process is a guest of its room.
//! - A few guests go each by themselves, at once. Beyond that ([`gather`]) those of a kind wait while
//!   others of it are on their way, or until all who may still come are here, for a moment at most.
//! - Each is told its own part of the answer, or ([`Told::Alone`]) that it has to ask by itself: when
//!   all were refused for what may be the fault of one, and where only an answer to it alone says enough.
//! - Whoever goes away before the request leaves is not in it; whoever goes away later takes nobody
//!   along. An answer that is lost is lost to each of them.
//! - The request is charged to the first of them, once.

mod crowd;
mod gather;
mod guest;
mod room;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Api, Connector, CrmError, Pace, RealPace};
use crate::domain::{
    CompanyId, ConnectionId, RemoteId, RemoteOrganization, RemotePerson,
    effect::{Effect, Sent},
};
use room::Room;

pub use guest::Guest;

/// What a CRM takes many of in one request.
#[async_trait]
pub trait Many: Send + Sync {
    /// So many at once.
    fn most(&self) -> usize;

    /// Whether this may go together with others of its step.
    fn takes(&self, effect: &Effect) -> bool;

    /// As [`Writer::persons_with_email`](super::Writer::persons_with_email), for each of them in its place.
    async fn persons_with_emails(
        &self,
        api: &Api,
        emails: &[String],
    ) -> Result<Vec<Vec<RemotePerson>>, CrmError>;

    /// As [`Writer::organizations_named`](super::Writer::organizations_named), for each of them in its place.
    async fn organizations_with_names(
        &self,
        api: &Api,
        names: &[String],
    ) -> Result<Vec<Vec<RemoteOrganization>>, CrmError>;

    /// As [`Writer::look`](super::Writer::look) for people that may have been made, each since its own moment.
    async fn look_for_all(
        &self,
        api: &Api,
        effects: &[(Effect, DateTime<Utc>)],
    ) -> Result<Vec<Vec<RemoteId>>, CrmError>;

    /// As [`Writer::send`](super::Writer::send), for each of them in its place; all are of one step, and taken. An error is
    /// what became of all of them.
    async fn send_all(&self, api: &Api, effects: &[Effect]) -> Result<Vec<Told<Sent>>, CrmError>;
}

/// What one of many is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told<A> {
    /// What it would have been told alone.
    Answer(Result<A, CrmError>),
    /// Nothing was done for it: it has to ask by itself.
    Alone,
}

/// Whose room it is: a new consent, or another user over there, has another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tenancy {
    pub company_id: CompanyId,
    pub connection_id: ConnectionId,
    pub account: String,
    pub user: String,
    pub since: DateTime<Utc>,
}

/// The rooms of this process.
#[derive(Clone, Default)]
pub struct Rooms(Arc<Mutex<HashMap<Tenancy, Weak<Room>>>>);

impl std::fmt::Debug for Rooms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rooms").finish_non_exhaustive()
    }
}

impl Rooms {
    /// A guest in the room of this grant, where the CRM takes many at once.
    pub fn enter(&self, of: Tenancy, connector: &'static dyn Connector) -> Option<Guest> {
        let writer = connector.writer()?;
        let many = writer.many()?;
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = rooms.get(&of).and_then(Weak::upgrade);
        let room = there.unwrap_or_else(|| {
            rooms.retain(|_, room| room.strong_count() > 0);
            let pace: Arc<dyn Pace> = Arc::new(RealPace);
            let room = Arc::new(Room::new(connector, writer, many, &pace));
            rooms.insert(of, Arc::downgrade(&room));
            room
        });
        drop(rooms);
        Some(Guest::of(room))
    }
}
