//! A model of what Postgres keeps of one connection's deliveries. `same.rs` holds it to the real one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tandem::{
    domain::{
        ActivityId, ActivityType, Cause, ContactId, DeliveryId, DeliveryState, Fields, MemberId,
        OrganizationId, RemoteId, RemoteUser, action::Action, effect::Effect,
    },
    flows::deliver::{
        circuit::Circuit,
        ground::{
            About, Activity, Begin, Begun, Commit, Contact, Delivery, Desk, Known, Link, Member,
            Open, Organization, Outcome,
        },
    },
};

use super::super::machine::Process;

/// Bugs that are planted to see the simulation find them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    Nothing,
    /// What may have been done is done again at once.
    UnknownIsQueued,
    /// What the search does not show is thought not to be there.
    SearchProves,
    /// Whoever slept since its commit sends all the same.
    NoPermit,
    /// An attempt begins whatever happened since the delivery was seen.
    NoFence,
    /// An answer that nobody wrote down is thought to have been a refusal after a moment.
    Impatient,
    /// An edit that comes between reading and the answer is overlooked.
    OldVersion,
}

#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) effect: Effect,
    pub(crate) about: About,
    pub(crate) outcome: &'static str,
    pub(crate) remote_id: Option<RemoteId>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) process: Process,
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

impl Attempt {
    /// Nobody has written how it ended.
    pub(crate) fn is_open(&self) -> bool {
        ["sending", "unknown"].contains(&self.outcome)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) delivery: Delivery,
    pub(crate) seq: i64,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    /// With the organization's id.
    pub(crate) contacts: BTreeMap<ContactId, (Contact, Option<OrganizationId>)>,
    pub(crate) organizations: BTreeMap<OrganizationId, String>,
    pub(crate) activities: BTreeMap<ActivityId, (ContactId, Activity)>,
    pub(crate) actions: BTreeMap<DeliveryId, Action>,
    pub(crate) member: Option<Member>,
    pub(crate) rows: BTreeMap<DeliveryId, Row>,
    pub(crate) attempts: BTreeMap<(DeliveryId, i32), Attempt>,
    pub(crate) persons: BTreeMap<RemoteId, ContactId>,
    pub(crate) remote_organizations: BTreeMap<RemoteId, OrganizationId>,
    pub(crate) sent: BTreeMap<ActivityId, (RemoteId, i32)>,
    pub(crate) users: Option<(Vec<RemoteUser>, DateTime<Utc>)>,
    pub(crate) fields: Option<Fields>,
    pub(crate) types: Option<(Vec<ActivityType>, DateTime<Utc>)>,
    pub(crate) own_user: RemoteId,
    pub(crate) reference_refused_at: Option<DateTime<Utc>>,
    pub(crate) circuit: Circuit,
    pub(crate) lane_until: Option<DateTime<Utc>>,
    pub(crate) closed: Option<Cause>,
}

impl Book {
    fn head(&self, contact_id: ContactId) -> Option<&Row> {
        self.rows
            .values()
            .filter(|row| row.delivery.contact_id == contact_id)
            .filter(|row| !row.delivery.state.is_final())
            .min_by_key(|row| row.seq)
    }

    fn open(&self, row: &Row) -> Option<Open> {
        let activity = row.delivery.activity_id;
        self.attempts
            .iter()
            .filter(|((id, _), attempt)| {
                let same =
                    activity.is_some() && attempt.about.activity.map(|(of, _)| of) == activity;
                attempt.is_open() && (*id == row.delivery.delivery_id || same)
            })
            .min_by_key(|(_, attempt)| attempt.started_at)
            .map(|((id, n), attempt)| Open {
                delivery_id: *id,
                n: *n,
                effect: attempt.effect.clone(),
                started_at: attempt.started_at,
                sending: attempt.outcome == "sending",
                about: attempt.about,
            })
    }

    pub(crate) fn desk(&self, contact_id: ContactId) -> Option<Desk> {
        let row = self.head(contact_id)?;
        let activity = row.delivery.activity_id;
        let contact = self.contacts.get(&contact_id).map(|(contact, of)| Contact {
            organization: of.map(|id| Organization {
                id,
                name: self.organizations[&id].clone(),
                website: None,
                country: None,
                remote: self
                    .remote_organizations
                    .iter()
                    .find(|(_, of)| **of == id)
                    .map(|(remote, _)| remote.clone()),
            }),
            ..contact.clone()
        });
        Some(Desk {
            delivery: row.delivery.clone(),
            open: self.open(row),
            closed: self.closed,
            circuit: self.circuit,
            contact,
            activity: activity.and_then(|id| Some(self.activities.get(&id)?.1.clone())),
            person: self
                .persons
                .iter()
                .find(|(_, of)| **of == contact_id)
                .map(|(id, _)| id.clone()),
            action: self.actions.get(&row.delivery.delivery_id).cloned(),
            sent_activity: activity.and_then(|id| self.sent.get(&id).cloned()),
            member: self.member.clone(),
            account: Known {
                own_user: self.own_user.clone(),
                users: self.users.clone().map(|(users, at)| (users, Some(at))),
                fields: self.fields.clone(),
                fields_at: None,
                types: self.types.clone().map(|(types, at)| (types, Some(at))),
                reference_refused_at: self.reference_refused_at,
            },
            noted: Vec::new(),
        })
    }

    /// Another delivery is making the same thing.
    fn busy_since(&self, begin: &Begin<'_>) -> Option<DateTime<Utc>> {
        let busy = self.attempts.iter().filter(|((id, _), attempt)| {
            let same = match begin.effect {
                Effect::CreateOrganization(_) => {
                    attempt.effect.step() == "organization"
                        && attempt.about.organization == begin.about.organization
                }
                Effect::CreateLabel { .. } | Effect::CreateReference { .. } => {
                    attempt.effect.step() == begin.effect.step()
                }
                _ => false,
            };
            let since = begin.words_at.is_some_and(|at| {
                was_done(attempt) && attempt.finished_at.is_some_and(|ended| ended >= at)
            });
            same && *id != begin.delivery.delivery_id && (since || attempt.is_open())
        });
        busy.map(|(_, attempt)| attempt.started_at).max()
    }

    /// Somebody else has made it since it was looked for.
    fn is_there(&self, begin: &Begin<'_>) -> bool {
        match begin.effect {
            Effect::CreateOrganization(_) => {
                let of = begin.about.organization;
                self.remote_organizations.values().any(|id| Some(*id) == of)
            }
            Effect::CreateLabel { name } => self.fields.as_ref().is_some_and(|fields| {
                fields.labels.values().any(|known| known.eq_ignore_ascii_case(name))
            }),
            Effect::CreateReference { name } => self
                .fields
                .as_ref()
                .is_some_and(|fields| fields.custom.values().any(|known| known.name == *name)),
            _ => false,
        }
    }

    pub(super) fn begin(&mut self, begin: &Begin<'_>, process: Process, planted: Planted) -> Begun {
        let delivery = begin.delivery;
        let Some(row) = self.rows.get(&delivery.delivery_id) else { return Begun::Moved };
        let first = self.head(delivery.contact_id).is_some_and(|head| head.seq == row.seq);
        let contact_at = self.contacts.get(&delivery.contact_id).map(|(of, _)| of.updated_at);
        let deletes = matches!(begin.effect, Effect::DeleteActivity { .. });
        let same_version = deletes
            || planted == Planted::OldVersion
            || begin.about.activity.is_none_or(|(id, version)| {
                self.activities.get(&id).is_some_and(|(_, now)| now.version == version)
            });
        let waits = matches!(
            row.delivery.state,
            DeliveryState::Queued | DeliveryState::Retrying | DeliveryState::Held
        );
        let as_seen = row.delivery.last == delivery.last
            && waits
            && first
            && self.closed.is_none()
            && contact_at == begin.contact_at
            && self.open(row).is_none();
        if (!as_seen && planted != Planted::NoFence && planted != Planted::UnknownIsQueued)
            || !same_version
            || self.is_there(begin)
        {
            return Begun::Moved;
        }
        if let Some(since) = self.busy_since(begin) {
            return Begun::Busy(since);
        }
        let n = 1 + self
            .attempts
            .range((delivery.delivery_id, 0)..=(delivery.delivery_id, i32::MAX))
            .next_back()
            .map_or(0, |((_, n), _)| *n);
        let attempt = Attempt {
            effect: begin.effect.clone(),
            about: begin.about,
            outcome: "sending",
            remote_id: None,
            started_at: begin.now,
            process,
            finished_at: None,
        };
        self.attempts.insert((delivery.delivery_id, n), attempt);
        if let Some(row) = self.rows.get_mut(&delivery.delivery_id) {
            row.delivery.state = DeliveryState::Sending;
            row.delivery.cause = None;
            row.delivery.last = n;
            row.delivery.next_at = None;
        }
        Begun::Yes(n)
    }

    pub(crate) fn commit(&mut self, commit: &Commit, planted: Planted) -> bool {
        let Some(row) = self.rows.get(&commit.delivery_id) else { return false };
        if let Some((id, version)) = commit.version
            && self.activities.get(&id).is_none_or(|(_, now)| now.version != version)
        {
            return false;
        }
        if commit.change.state == DeliveryState::Held
            && commit.change.cause != Some(Cause::Reconnect)
            && self.closed.is_none()
        {
            return false;
        }
        if let Some(close) = &commit.close {
            let Some(attempt) = self.attempts.get_mut(&(close.delivery_id, close.n)) else {
                return false;
            };
            if !attempt.is_open() {
                return false;
            }
            attempt.outcome = close.outcome.word();
            attempt.finished_at = Some(commit.now);
            attempt.remote_id.clone_from(&close.remote_id);
        } else if (row.delivery.state, row.delivery.last) != commit.seen {
            return false;
        }
        let before = row.delivery.state;
        let edited = commit.sent_version().is_some_and(|(id, version)| {
            planted != Planted::OldVersion
                && self.activities.get(&id).is_some_and(|(_, now)| now.version > version)
        });
        let contact_id = row.delivery.contact_id;
        let lost = !self.contacts.contains_key(&contact_id);
        for link in &commit.links {
            self.link(link, contact_id, lost, commit.now);
        }
        let mut change = commit.change.clone();
        let followed = || self.is_followed(commit.delivery_id);
        if change.state == DeliveryState::Delivered && edited && !followed() {
            change.state = DeliveryState::Queued;
        }
        if change.state.takes_edits() && !before.takes_edits() && !before.is_final() {
            change = self.one_edit_waits(commit.delivery_id, change);
        }
        if let Some(row) = self.rows.get_mut(&commit.delivery_id) {
            let delivery = &mut row.delivery;
            // What has ended is not taken back by a late answer that only says that it failed.
            if !delivery.state.is_final() || change.state == DeliveryState::Delivered {
                delivery.state = change.state;
                delivery.cause = change.cause;
                delivery.attempts = change.attempts;
                delivery.looks = change.looks;
                delivery.next_at = change.next_at;
            }
            delivery.remote_id = change.remote_id.clone().or(delivery.remote_id.take());
            delivery.organization = change.organization.clone().or(delivery.organization.take());
            delivery.remarks.extend(change.remarks.iter().map(|word| (*word).to_owned()));
            let waits = delivery.state.takes_edits();
            let other = self.other_edit(commit.delivery_id);
            assert!(!waits || other.is_none(), "two edits wait");
        }
        if let Some(heard) = commit.heard {
            let circuit = self.circuit.heard(heard, commit.now);
            self.circuit = circuit;
            self.lane_until = circuit.until.or(self.lane_until);
        }
        if commit.lane_until.is_some() {
            self.lane_until = commit.lane_until;
        }
        true
    }

    fn link(&mut self, link: &Link, contact_id: ContactId, lost: bool, now: DateTime<Utc>) {
        let fields = self.fields.get_or_insert_default();
        match link {
            Link::Person { id, .. } if !lost => {
                self.persons.entry(id.clone()).or_insert(contact_id);
            }
            Link::Person { .. } => {}
            Link::PersonGone { id } => {
                self.persons.remove(id);
            }
            Link::Organization { id, of, .. } => {
                if self.organizations.contains_key(of) {
                    self.remote_organizations.entry(id.clone()).or_insert(*of);
                }
            }
            Link::OrganizationGone { id } => {
                self.remote_organizations.remove(id);
            }
            Link::Activity { id, of, version } => {
                self.sent.insert(*of, (id.clone(), *version));
            }
            Link::ActivityGone { of } => {
                self.sent.remove(of);
            }
            Link::Label { id, name } => {
                fields.labels.insert(id.0.clone(), name.clone());
            }
            Link::Reference { key, name } => {
                fields.custom.entry(key.0.clone()).or_default().name.clone_from(name);
            }
            Link::ReferenceRefused => self.reference_refused_at = Some(now),
        }
    }

    /// After a probe: a closed one lets everything go on.
    pub(super) fn set_circuit(&mut self, circuit: Circuit) {
        self.circuit = circuit;
        self.lane_until = circuit.until;
        if circuit.is_closed() {
            for row in self.rows.values_mut() {
                let waits = row.delivery.state == DeliveryState::Retrying;
                if waits && row.delivery.cause == Some(Cause::Down) {
                    row.delivery.next_at = None;
                }
            }
        }
    }
}

/// Somebody to own things.
pub(crate) fn member() -> Member {
    Member { member_id: MemberId::fresh(), email: "ada@acme.example".to_owned(), remote: None }
}

/// How an attempt ended, for the rules.
pub(crate) fn was_done(attempt: &Attempt) -> bool {
    [Outcome::Done.word(), Outcome::Found.word()].contains(&attempt.outcome)
}
