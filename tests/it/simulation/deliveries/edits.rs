//! Edits of one activity that wait are one.

use tandem::{
    domain::{Cause, DeliveryId, DeliveryState},
    flows::deliver::ground::{Change, Delivery},
};

use super::book::Book;

impl Book {
    /// Another one that says the same and waits: the database lets only one.
    pub(super) fn other_edit(&self, id: DeliveryId) -> Option<DeliveryId> {
        let of =
            self.rows.get(&id).map(|row| &row.delivery).filter(|of| of.activity_id.is_some())?;
        let same = |other: &&Delivery| {
            other.delivery_id != id
                && (other.kind, other.activity_id) == (of.kind, of.activity_id)
                && other.state.takes_edits()
        };
        self.rows.values().map(|row| &row.delivery).find(same).map(|other| other.delivery_id)
    }

    /// Whether another one of the same activity waits.
    pub(super) fn is_followed(&self, id: DeliveryId) -> bool {
        let of = self.rows.get(&id).and_then(|row| row.delivery.activity_id);
        of.is_some()
            && self.rows.values().map(|row| &row.delivery).any(|other| {
                other.delivery_id != id && other.activity_id == of && other.state.takes_edits()
            })
    }

    /// One that came while this one was on its way gives way to it.
    pub(super) fn one_edit_waits(&mut self, id: DeliveryId, change: Change) -> Change {
        let Some(other) = self.other_edit(id) else { return change };
        if self.attempts.iter().any(|((of, _), attempt)| *of == other && attempt.is_open()) {
            return change.superseded();
        }
        if let Some(row) = self.rows.get_mut(&other) {
            row.delivery.state = DeliveryState::Dead;
            row.delivery.cause = Some(Cause::Superseded);
        }
        change
    }
}
