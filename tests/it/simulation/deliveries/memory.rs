//! The store of one contact, over the book that all processes share.

use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use tandem::{
    connectors::CrmError,
    db::DbError,
    domain::{ContactId, RemoteId},
    flows::deliver::{
        circuit::{Circuit, PROBING},
        ground::{Begin, Begun, Commit, Desk, Learned, Store, Whose},
    },
};

use super::{
    super::machine::Simulated,
    book::{Book, Planted},
};

/// The store of one contact, as one process has it.
#[derive(Clone)]
pub(crate) struct Memory {
    pub(crate) machine: Simulated,
    pub(crate) book: Arc<Mutex<Book>>,
    pub(crate) contact_id: ContactId,
    /// Percent of calls that fail, before or after they took effect.
    pub(crate) trouble: u64,
    pub(crate) planted: Planted,
}

impl Memory {
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// A round trip: `work` happens in one moment of it, or not at all.
    async fn ask<T>(&self, work: impl FnOnce(&mut Book) -> T) -> Result<T, DbError> {
        let world = &self.machine.world;
        world.a_while(4).await;
        self.machine.pass().await;
        let away = || DbError::Unavailable(sqlx::Error::PoolTimedOut);
        if world.percent(self.trouble) {
            return Err(away());
        }
        let done = work(&mut self.book());
        world.a_while(4).await;
        self.machine.pass().await;
        // It took effect, and nobody heard of it.
        if world.percent(self.trouble) { Err(away()) } else { Ok(done) }
    }
}

impl Store for Memory {
    async fn head(&self) -> Result<Option<Desk>, DbError> {
        let mut desk = self.ask(|book| book.desk(self.contact_id)).await?;
        if let Some(desk) = &mut desk
            && self.planted == Planted::UnknownIsQueued
        {
            desk.open = None;
        }
        Ok(desk)
    }

    async fn begin(&self, begin: &Begin<'_>) -> Result<Begun, DbError> {
        let (process, planted) = (self.machine.process, self.planted);
        self.ask(|book| book.begin(begin, process, planted)).await
    }

    async fn commit(&self, commit: &Commit) -> Result<bool, DbError> {
        let planted = self.planted;
        self.ask(|book| book.commit(commit, planted)).await
    }

    async fn learn(&self, learned: &Learned) -> Result<(), DbError> {
        let now = self.machine.world.wall();
        self.ask(|book| match learned.clone() {
            Learned::Users(users) => book.users = Some((users, now)),
            Learned::Fields { read, known } => {
                let stored = book.fields.take().unwrap_or_default();
                book.fields = Some(read.keeping(&stored, &known.unwrap_or_default()));
            }
            Learned::Types(types) => book.types = Some((types, now)),
            Learned::Made(_) => {}
            Learned::Member(id, remote) => {
                if let Some(member) = book.member.as_mut().filter(|member| member.member_id == id) {
                    member.remote = Some(remote);
                }
            }
        })
        .await
    }

    async fn taken(&self, of: Whose, ids: &[RemoteId]) -> Result<Vec<RemoteId>, DbError> {
        self.ask(|book| {
            let is_taken = |id: &&RemoteId| match of {
                Whose::Contact(mine) => book.persons.get(*id).is_some_and(|of| *of != mine),
                Whose::Organization(mine) => {
                    book.remote_organizations.get(*id).is_some_and(|of| Some(*of) != mine)
                }
                Whose::Action(mine, _) => book.rows.values().any(|row| {
                    let other = &row.delivery;
                    book.actions.contains_key(&other.delivery_id)
                        && other.delivery_id != mine
                        && other.remote_id.as_ref() == Some(*id)
                }),
                Whose::Activity(mine) => {
                    book.sent.iter().any(|(of, (known, _))| known == *id && *of != mine)
                }
            };
            ids.iter().filter(is_taken).cloned().collect()
        })
        .await
    }

    async fn take_probe(&self, now: DateTime<Utc>) -> Result<bool, DbError> {
        self.ask(|book| {
            let due = book.circuit.until.is_some_and(|until| until <= now);
            if due {
                book.circuit.until = Some(now + PROBING);
                book.lane_until = book.circuit.until;
            }
            due
        })
        .await
    }

    async fn blame(&self, _error: &CrmError) -> Result<(), DbError> {
        Ok(())
    }

    async fn set_circuit(&self, circuit: Circuit, _now: DateTime<Utc>) -> Result<(), DbError> {
        self.ask(|book| book.set_circuit(circuit)).await
    }
}
