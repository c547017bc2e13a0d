//! Deliveries in Postgres: what a step reads in one transaction, and what it leaves in one.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::{
    connectors::CrmError,
    db::{DbError, Scope, TenantTx, connections, deliveries},
    domain::{
        Cause, CompanyId, ConnectionId, ContactId, DeliveryId, DeliveryState, Fields,
        OrganizationId, RemoteId, effect::Effect, intake::organization_fingerprint,
    },
    failpoint::reach,
    flows::{
        SharedHub,
        deliver::{
            self, JOB, MAX_ATTEMPTS, at_once,
            circuit::{Circuit, PROBING},
            ground::{Begin, Begun, Commit, Desk, Learned, Link, Store, Whose},
            lane, lead, queue,
        },
        reconnect,
    },
};

/// Clocks of workers differ by less.
const SKEW: TimeDelta = TimeDelta::seconds(2);

/// The deliveries of one contact at one connection.
#[derive(Debug, Clone)]
pub struct Stored {
    pub(super) hub: SharedHub,
    pub(super) company_id: CompanyId,
    pub(super) connection: connections::Connection,
    pub(super) contact_id: ContactId,
}

impl Stored {
    pub fn new(
        hub: SharedHub,
        company_id: CompanyId,
        connection: connections::Connection,
        contact_id: ContactId,
    ) -> Self {
        Self { hub, company_id, connection, contact_id }
    }

    pub(super) const fn id(&self) -> ConnectionId {
        self.connection.connection_id
    }

    pub(super) fn lane(&self) -> String {
        lane(&self.connection.provider)
    }

    async fn open(&self) -> Result<TenantTx, DbError> {
        self.hub.db.tenant_by_key(self.company_id, Scope::All).await
    }

    /// The gate as it is now, not as it was seen.
    async fn is_open(&self, tx: &mut TenantTx) -> Result<bool, DbError> {
        let Some(account) = deliveries::account(tx, self.id()).await? else { return Ok(false) };
        let outlet = deliveries::Outlet {
            connection_id: self.id(),
            provider: account.provider,
            state: account.state,
        };
        Ok(queue::obstacle(account.plan, &outlet).is_none())
    }

    async fn begin_in(&self, tx: &mut TenantTx, begin: &Begin<'_>) -> Result<Begun, DbError> {
        let changed = deliveries::hold_contact(tx, self.contact_id).await?;
        if changed != begin.contact_at || !self.is_open(tx).await? {
            return Ok(Begun::Moved);
        }
        let effect = json(begin.effect)?;
        let new = deliveries::NewAttempt {
            delivery_id: begin.delivery.delivery_id,
            last: begin.delivery.last,
            step: begin.effect.step(),
            effect: &effect,
            subject: begin.about.organization.map(OrganizationId::uuid),
            activity: begin.about.activity,
            checks_version: !matches!(begin.effect, Effect::DeleteActivity { .. }),
            now: begin.now,
        };
        let makes_once = matches!(
            begin.effect,
            Effect::CreateOrganization(_)
                | Effect::CreateLabel { .. }
                | Effect::CreateReference { .. }
        );
        if makes_once {
            let since = begin.words_at.map(|at| at - SKEW);
            if let Some(since) = deliveries::in_the_making(tx, self.id(), &new, since).await? {
                return Ok(Begun::Busy(since));
            }
            if self.is_there(tx, begin).await? {
                return Ok(Begun::Moved);
            }
        }
        Ok(deliveries::begin(tx, &new).await?.map_or(Begun::Moved, Begun::Yes))
    }

    /// Whether somebody else has made it since it was looked for.
    async fn is_there(&self, tx: &mut TenantTx, begin: &Begin<'_>) -> Result<bool, DbError> {
        Ok(match (begin.effect, begin.about.organization) {
            (Effect::CreateOrganization(_), Some(of)) => {
                deliveries::has_organization(tx, self.id(), of.uuid()).await?
            }
            (Effect::CreateLabel { .. }, _) => {
                let words = Fields::stored(deliveries::links::lock_fields(tx, self.id()).await?);
                words.label(lead::LABEL).is_some()
            }
            (Effect::CreateReference { name }, _) => {
                let words = Fields::stored(deliveries::links::lock_fields(tx, self.id()).await?);
                words.custom_key(name).is_some()
            }
            _ => false,
        })
    }

    /// How the delivery stands then; `None`: nothing was written.
    async fn commit_in(
        &self,
        tx: &mut TenantTx,
        commit: &Commit,
    ) -> Result<Option<DeliveryState>, DbError> {
        let is_there = match commit.version.or(commit.sent_version()) {
            None => deliveries::keep_contact(tx, self.contact_id).await?,
            // Whoever edits an activity has locked its contact.
            Some(_) => deliveries::hold_contact(tx, self.contact_id).await?.is_some(),
        };
        if let Some((activity_id, version)) = commit.version {
            let now = deliveries::deed(tx, activity_id).await?;
            if now.is_none_or(|now| now.version != version) {
                return Ok(None);
            }
        }
        let (id, mut change) = (commit.delivery_id, commit.change.clone());
        // The connection's row before the delivery's, in the order of everybody who locks both.
        let heard = match commit.heard {
            Some(heard) => Some(self.circuit(tx).await?.heard(heard, commit.now)),
            None => None,
        };
        if heard.is_none() && commit.links.iter().any(Link::is_of_the_connection) {
            deliveries::links::lock_fields(tx, self.id()).await?;
        }
        let seen = commit.close.is_none().then_some(commit.seen);
        let Some(before) = deliveries::lock(tx, id, seen).await? else { return Ok(None) };
        if let Some(close) = &commit.close {
            let ending = deliveries::Ending {
                delivery_id: close.delivery_id,
                n: close.n,
                outcome: close.outcome.word(),
                status: close.status.map(i32::from),
                remote_id: close.remote_id.as_ref().map(RemoteId::as_str),
                reason: close.reason.as_deref(),
                now: commit.now,
            };
            if !deliveries::end(tx, &ending).await? {
                return Ok(None);
            }
        }
        // Whoever lifted what it would wait for has already looked for those that wait.
        let holds = change.state == DeliveryState::Held && change.cause != Some(Cause::Reconnect);
        if holds && self.is_open(tx).await? {
            return Ok(None);
        }
        if change.state == DeliveryState::Delivered
            && let Some((activity_id, version)) = commit.sent_version()
            && deliveries::deed(tx, activity_id).await?.is_some_and(|now| now.version > version)
            && !deliveries::is_followed(tx, id).await?
        {
            // An edit found this delivery waiting and made none of its own.
            change.state = DeliveryState::Queued;
        }
        for link in &commit.links {
            change.remarks.extend(self.link(tx, link, is_there, commit.now).await?);
        }
        let change = self.one_edit_waits(tx, id, before, change, commit.now).await?;
        let state = change.state;
        // What has ended is not taken back by a late answer that only says that it failed.
        if !before.state.is_final() || state == DeliveryState::Delivered {
            self.stand(tx, id, before.kind, &change, commit.now).await?;
        }
        let (remote, organization) = (change.remote_id.as_ref(), change.organization.as_ref());
        if remote.is_some() || organization.is_some() || !change.remarks.is_empty() {
            let (remote, organization) =
                (remote.map(RemoteId::as_str), organization.map(RemoteId::as_str));
            deliveries::note(tx, id, remote, organization, &change.remarks).await?;
        }
        if let Some(circuit) = heard {
            self.write_circuit(tx, circuit).await?;
        }
        if commit.lane_until.is_some() {
            deliveries::lane::pause(tx, &self.lane(), commit.lane_until).await?;
        }
        Ok(Some(state))
    }

    /// As it stands now, not as it was when the call began.
    async fn circuit(&self, tx: &mut TenantTx) -> Result<Circuit, DbError> {
        let (failures, opened, until) = deliveries::lane::circuit(tx, self.id()).await?;
        Ok(Circuit { failures, opened, until })
    }

    async fn write_circuit(&self, tx: &mut TenantTx, circuit: Circuit) -> Result<(), DbError> {
        let Circuit { failures, opened, until } = circuit;
        deliveries::lane::set_circuit(tx, self.id(), failures, opened, until).await?;
        if until.is_some() {
            deliveries::lane::pause(tx, &self.lane(), until).await?;
        }
        Ok(())
    }

    /// Pages look again, and operators count.
    async fn tell(&self, id: DeliveryId, state: DeliveryState) {
        metrics::counter!("tandem_deliveries", "state" => state.word()).increment(1);
        deliver::tell(&self.hub, self.company_id, id, self.contact_id, state).await;
    }
}

impl Store for Stored {
    async fn head(&self) -> Result<Option<Desk>, DbError> {
        let mut tx = self.hub.db.tenant_reading_by_key(self.company_id, Scope::All).await?;
        self.read(&mut tx).await
    }

    async fn begin(&self, begin: &Begin<'_>) -> Result<Begun, DbError> {
        let mut tx = self.open().await?;
        let answer = match self.begin_in(&mut tx, begin).await {
            // Another effect of the contact is on its way.
            Err(DbError::Conflict { .. }) => return Ok(Begun::Moved),
            other => other?,
        };
        if let Begun::Yes(_) = answer {
            reach("deliver.begin_written");
            tx.commit().await?;
            reach("deliver.begin_committed");
            self.tell(begin.delivery.delivery_id, DeliveryState::Sending).await;
        }
        Ok(answer)
    }

    async fn commit(&self, commit: &Commit) -> Result<bool, DbError> {
        let mut tx = self.open().await?;
        let written = self.commit_in(&mut tx, commit).await?;
        if let Some(state) = written {
            reach("deliver.end_written");
            tx.commit().await?;
            reach("deliver.end_committed");
            let delivery_id = commit.delivery_id;
            let troubled = [DeliveryState::Unknown, DeliveryState::Failed, DeliveryState::Dead];
            if troubled.contains(&state) {
                let cause = commit.change.cause.map(Cause::word);
                tracing::info!(%delivery_id, state = state.word(), cause, "a delivery did not arrive");
            }
            self.tell(delivery_id, state).await;
        }
        Ok(written.is_some())
    }

    async fn learn(&self, learned: &Learned) -> Result<(), DbError> {
        let mut tx = self.open().await?;
        let id = self.id();
        match learned {
            Learned::Users(users) => {
                connections::remember_words(&mut tx, id, Some(&json(users)?), None).await?;
            }
            Learned::Fields { read, known } => {
                let stored = deliveries::links::lock_fields(&mut tx, id).await?;
                let known = known.clone().unwrap_or_default();
                let fields = read.clone().keeping(&Fields::stored(stored), &known);
                connections::remember_words(&mut tx, id, None, Some(&json(&fields)?)).await?;
            }
            Learned::Types(types) => {
                let now = self.hub.clock.now();
                deliveries::links::remember_types(&mut tx, id, &json(types)?, now).await?;
            }
            Learned::Made(made) => {
                let print = organization_fingerprint(made);
                deliveries::links::organization_read(&mut tx, id, made.id.as_str(), print).await?;
            }
            Learned::Member(member_id, user) => {
                let (user, now) = (Some(user.as_str()), self.hub.clock.now());
                deliveries::set_user(&mut tx, id, *member_id, user, now).await?;
            }
        }
        reach("deliver.learned");
        tx.commit().await
    }

    async fn taken(&self, of: Whose, ids: &[RemoteId]) -> Result<Vec<RemoteId>, DbError> {
        // Ids are unique among records of one sort only.
        let (kind, mine) = match of {
            Whose::Contact(id) => ("person", Some(id.uuid())),
            Whose::Organization(id) => ("organization", id.map(OrganizationId::uuid)),
            Whose::Activity(id) => ("activity", Some(id.uuid())),
            Whose::Action(id, step) => (step, Some(id.uuid())),
        };
        let actions: &[&str] = match kind {
            "activity" => &["create_task", "update_task", "log_call"],
            "note" => &["create_note"],
            "deal" => &["create_deal", "update_deal"],
            _ => &[],
        };
        let ids: Vec<&str> = ids.iter().map(RemoteId::as_str).collect();
        let mut tx = self.hub.db.tenant_reading_by_key(self.company_id, Scope::All).await?;
        let taken = deliveries::taken(&mut tx, self.id(), kind, mine, actions, &ids).await?;
        Ok(taken.into_iter().map(RemoteId).collect())
    }

    async fn take_probe(&self, now: DateTime<Utc>) -> Result<bool, DbError> {
        let until = now + PROBING;
        let mut tx = self.open().await?;
        let taken = deliveries::lane::take_probe(&mut tx, self.id(), now, until).await?;
        if taken {
            deliveries::lane::pause(&mut tx, &self.lane(), Some(until)).await?;
        }
        tx.commit().await?;
        Ok(taken)
    }

    async fn blame(&self, error: &CrmError) -> Result<(), DbError> {
        reconnect::judge(&self.hub, self.company_id, &self.connection, error).await
    }

    async fn set_circuit(&self, circuit: Circuit, _now: DateTime<Utc>) -> Result<(), DbError> {
        let mut tx = self.open().await?;
        self.write_circuit(&mut tx, circuit).await?;
        if circuit.is_closed() {
            deliveries::lane::pause(&mut tx, &self.lane(), None).await?;
            deliveries::lane::go_on(&mut tx, self.id(), &self.lane()).await?;
        }
        reach("deliver.circuit_written");
        tx.commit().await
    }
}

/// Work for all contacts that have something waiting at a connection.
pub(super) async fn enqueue_all(
    tx: &mut TenantTx,
    connection_id: ConnectionId,
    provider: &str,
) -> Result<(), DbError> {
    let lane = lane(provider);
    deliveries::lane::enqueue_all(tx, connection_id, (&lane, at_once(provider)), JOB, MAX_ATTEMPTS)
        .await
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<Value, DbError> {
    serde_json::to_value(value).map_err(|error| DbError::Query(sqlx::Error::Decode(error.into())))
}
