//! What members do to the book: they ask for things, delete contacts, pause and resume.

use chrono::{DateTime, Utc};
use tandem::{
    domain::{
        ActivityId, Cause, ContactId, DeliveryId, DeliveryKind, DeliveryState, action::Action,
    },
    flows::deliver::ground::Delivery,
};

use super::book::{Book, Row};

impl Book {
    /// What [`tandem::flows::deliver::queue`] does for a contact.
    pub(crate) fn queue(
        &mut self,
        kind: DeliveryKind,
        contact_id: ContactId,
        activity_id: Option<ActivityId>,
        now: DateTime<Utc>,
    ) {
        let same = |row: &&Row| {
            row.delivery.kind == kind
                && row.delivery.contact_id == contact_id
                && row.delivery.activity_id == activity_id
                && (kind == DeliveryKind::WarmLead || row.delivery.state.takes_edits())
        };
        if self.rows.values().any(|row| same(&row)) {
            return;
        }
        self.write(kind, contact_id, activity_id, now);
    }

    /// What [`tandem::flows::deliver::ask`] does: each is one of its own, alike or not.
    pub(crate) fn ask(&mut self, contact_id: ContactId, action: Action, now: DateTime<Utc>) {
        let id = self.write(DeliveryKind::Action, contact_id, None, now);
        self.actions.insert(id, action);
    }

    fn write(
        &mut self,
        kind: DeliveryKind,
        contact_id: ContactId,
        activity_id: Option<ActivityId>,
        now: DateTime<Utc>,
    ) -> DeliveryId {
        let delivery = Delivery {
            delivery_id: DeliveryId::fresh(),
            kind,
            contact_id,
            activity_id,
            state: if self.closed.is_some() { DeliveryState::Held } else { DeliveryState::Queued },
            cause: self.closed,
            attempts: 0,
            looks: 0,
            next_at: None,
            give_up_at: now + chrono::TimeDelta::hours(72),
            chosen: None,
            remarks: Vec::new(),
            marker: uuid::Uuid::new_v4(),
            last: 0,
            remote_id: None,
            organization: None,
        };
        let seq = 1 + i64::try_from(self.rows.len()).unwrap();
        let id = delivery.delivery_id;
        self.rows.insert(id, Row { delivery, seq });
        id
    }

    /// What a contact's end does to its deliveries, in the same transaction.
    pub(crate) fn delete_contact(&mut self, id: ContactId) {
        self.contacts.remove(&id);
        self.persons.retain(|_, of| *of != id);
        self.activities.retain(|_, (of, _)| *of != id);
        for row in self.rows.values_mut().filter(|row| row.delivery.contact_id == id) {
            let open = self
                .attempts
                .iter()
                .any(|((of, _), attempt)| *of == row.delivery.delivery_id && attempt.is_open());
            if !row.delivery.state.is_final() && !open {
                row.delivery.state = DeliveryState::Dead;
                row.delivery.cause = Some(Cause::Withdrawn);
            }
        }
    }

    /// A pause and its end.
    pub(crate) fn close(&mut self, cause: Option<Cause>) {
        self.closed = cause;
        for row in self.rows.values_mut() {
            let delivery = &mut row.delivery;
            if cause.is_some() && delivery.state.takes_edits() {
                (delivery.state, delivery.cause) = (DeliveryState::Held, cause);
                delivery.next_at = None;
            } else if cause.is_none() && delivery.state == DeliveryState::Held {
                (delivery.state, delivery.cause) = (DeliveryState::Queued, None);
                delivery.next_at = None;
                delivery.attempts = 0;
            }
        }
    }
}
