//! The store for those who were answered together: they do not all go to it in the same moment, or
//! they would stand there before everybody else.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{
    connectors::{CrmError, Guest},
    db::DbError,
    domain::RemoteId,
    flows::deliver::{
        circuit::Circuit,
        ground::{Begin, Begun, Commit, Desk, Learned, Store, Whose},
    },
};

/// A store that is gone to when it is one's turn; where each has a request of its own there are no turns.
pub(super) struct Narrow<S> {
    pub(super) store: S,
    pub(super) guest: Option<Arc<Guest>>,
}

impl<S: Store> Narrow<S> {
    async fn turn<T>(&self, go: impl Future<Output = T> + Send) -> T {
        let _turn = match &self.guest {
            Some(guest) => guest.turn().await,
            None => None,
        };
        go.await
    }
}

impl<S: Store> Store for Narrow<S> {
    async fn head(&self) -> Result<Option<Desk>, DbError> {
        self.turn(self.store.head()).await
    }

    async fn begin(&self, begin: &Begin<'_>) -> Result<Begun, DbError> {
        self.turn(self.store.begin(begin)).await
    }

    async fn commit(&self, commit: &Commit) -> Result<bool, DbError> {
        self.turn(self.store.commit(commit)).await
    }

    async fn learn(&self, learned: &Learned) -> Result<(), DbError> {
        self.turn(self.store.learn(learned)).await
    }

    async fn taken(&self, of: Whose, ids: &[RemoteId]) -> Result<Vec<RemoteId>, DbError> {
        self.turn(self.store.taken(of, ids)).await
    }

    async fn take_probe(&self, now: DateTime<Utc>) -> Result<bool, DbError> {
        self.turn(self.store.take_probe(now)).await
    }

    async fn blame(&self, error: &CrmError) -> Result<(), DbError> {
        self.turn(self.store.blame(error)).await
    }

    async fn set_circuit(&self, circuit: Circuit, now: DateTime<Utc>) -> Result<(), DbError> {
        self.turn(self.store.set_circuit(circuit, now)).await
    }
}
