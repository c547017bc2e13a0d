//! What must hold when it is over.

use std::{collections::BTreeMap, sync::Arc};

use tandem::domain::{
    Cause, DeliveryKind, DeliveryState,
    effect::{Act, Effect},
};

use super::{
    book::{Row, was_done},
    stage::Stage,
};

impl Stage {
    pub(super) fn judge(self: &Arc<Self>) -> Vec<String> {
        let mut broken = Vec::new();
        self.nothing_twice(&mut broken);
        self.nothing_lost(&mut broken);
        self.as_many_notes_as_asked_for(&mut broken);
        self.the_log_is_true(&mut broken);
        self.in_order(&mut broken);
        broken
    }

    /// Names, subjects and words are unique, so each may be there once.
    fn nothing_twice(&self, broken: &mut Vec<String>) {
        let truth = self.truth.lock().unwrap();
        let mut made: BTreeMap<String, u32> = BTreeMap::new();
        for receipt in &truth.receipts {
            let what = match &receipt.effect {
                Effect::CreateOrganization(new) => format!("organization {}", new.name),
                Effect::CreatePerson(new) => format!("person {}", new.name),
                Effect::CreateActivity(new) => format!("activity {}", new.subject),
                Effect::CreateLabel { name } => format!("label {name}"),
                Effect::CreateReference { name } => format!("reference {name}"),
                _ => continue,
            };
            *made.entry(what).or_default() += 1;
        }
        for (what, times) in made {
            if times > 1 {
                broken.push(format!("{what} was made {times} times"));
            }
        }
    }

    /// They are alike, so that one may be taken for another: each has its own, and none is nobody's.
    fn as_many_notes_as_asked_for(&self, broken: &mut Vec<String>) {
        let (book, truth) = (self.book.lock().unwrap(), self.truth.lock().unwrap());
        let mut left = BTreeMap::new();
        for id in book.actions.keys() {
            let delivery = &book.rows[id].delivery;
            if delivery.state == DeliveryState::Delivered
                && let Some(other) = left.insert(delivery.remote_id.clone(), id)
            {
                broken.push(format!("{id} and {other} have one note: {delivery:?}"));
            }
        }
        let there: Vec<_> = truth.notes.keys().cloned().map(Some).collect();
        if !left.keys().eq(&there) {
            broken.push(format!("asked for {left:?}, there are {there:?}"));
        }
    }

    fn nothing_lost(&self, broken: &mut Vec<String>) {
        let (book, truth) = (self.book.lock().unwrap(), self.truth.lock().unwrap());
        for row in book.rows.values() {
            let delivery = &row.delivery;
            let is_alive = book.contacts.contains_key(&delivery.contact_id);
            match (delivery.state, delivery.cause) {
                (DeliveryState::Delivered, _) => {}
                // Edited or logged for somebody whose lead nobody asked for.
                (DeliveryState::Failed, Some(Cause::NotLinked)) => {
                    if book.persons.values().any(|of| *of == delivery.contact_id)
                        && delivery.kind == DeliveryKind::WarmLead
                    {
                        broken.push(format!("linked and yet not: {delivery:?}"));
                    }
                }
                (DeliveryState::Dead, Some(Cause::Withdrawn)) => {
                    let activity = delivery.activity_id;
                    if is_alive && activity.is_none_or(|id| book.activities.contains_key(&id)) {
                        broken.push(format!("withdrawn, and it is there: {delivery:?}"));
                    }
                }
                (DeliveryState::Dead, Some(Cause::Superseded)) => {
                    let same = |other: &Row| {
                        other.delivery.activity_id == delivery.activity_id && other.seq != row.seq
                    };
                    if !book.rows.values().any(same) {
                        broken.push(format!("superseded, and by nothing: {delivery:?}"));
                    }
                }
                _ => broken.push(format!("it ends so: {delivery:?}")),
            }
            if delivery.kind == DeliveryKind::WarmLead
                && delivery.state == DeliveryState::Delivered
                && !delivery.remote_id.as_ref().is_some_and(|id| truth.persons.contains_key(id))
            {
                broken.push(format!("delivered, and not there: {delivery:?}"));
            }
        }
        for (id, (remote, version)) in &book.sent {
            let Some((of, now)) = book.activities.get(id) else {
                continue;
            };
            let there = truth.activities.get(remote).map(|kept| &kept.record);
            if there.is_none_or(|there| there.note != now.note || *version != now.version) {
                let attempts = book
                    .attempts
                    .iter()
                    .filter(|(_, attempt)| attempt.about.activity.is_some_and(|(of, _)| of == *id));
                let done = truth.receipts.iter().filter(|receipt| receipt.id == *remote);
                let rows = book.rows.values().filter(|row| row.delivery.activity_id == Some(*id));
                let rows = rows.map(|row| {
                    (row.seq, row.delivery.kind, row.delivery.state, row.delivery.cause)
                });
                let rows = rows.collect::<Vec<_>>();
                let (attempts, done) = (attempts.collect::<Vec<_>>(), done.collect::<Vec<_>>());
                broken.push(format!(
                    "an edit of {of} did not arrive: {now:?} {there:?}\n{rows:?}\n{attempts:?}\n{done:?}"
                ));
            }
        }
    }

    /// What the attempts say is what the CRM knows, and nothing is there that no attempt speaks of.
    fn the_log_is_true(&self, broken: &mut Vec<String>) {
        let (book, truth) = (self.book.lock().unwrap(), self.truth.lock().unwrap());
        for (by, attempt) in &book.attempts {
            let receipt = truth.receipts.iter().find(|receipt| receipt.by == *by);
            let creates = matches!(
                attempt.effect,
                Effect::CreateOrganization(_)
                    | Effect::CreatePerson(_)
                    | Effect::CreateActivity(_)
                    | Effect::Act(Act::CreateNote(_))
                    | Effect::CreateLabel { .. }
                    | Effect::CreateReference { .. }
            );
            if was_done(attempt) {
                if receipt.is_none_or(|receipt| Some(&receipt.id) != attempt.remote_id.as_ref()) {
                    broken.push(format!("it says done: {attempt:?} {receipt:?}"));
                }
            } else if attempt.is_open() {
                broken.push(format!("left open: {attempt:?}"));
            } else if attempt.outcome == "unsettled" {
                if creates {
                    broken.push(format!("nobody looked for it: {attempt:?}"));
                }
            } else if receipt.is_some() {
                broken.push(format!("it says {}: {attempt:?}", attempt.outcome));
            }
        }
        for receipt in &truth.receipts {
            if !book.attempts.contains_key(&receipt.by) {
                broken.push(format!("done without an attempt: {receipt:?}"));
            }
        }
    }

    /// What is done for a contact is done in the order in which it was asked for.
    fn in_order(&self, broken: &mut Vec<String>) {
        let (book, truth) = (self.book.lock().unwrap(), self.truth.lock().unwrap());
        let mut last = BTreeMap::new();
        for receipt in &truth.receipts {
            // The same however often and however late it is done: done again without waiting.
            let harmless =
                matches!(receipt.effect, Effect::AddLabels { .. } | Effect::DeleteActivity { .. });
            if harmless && !was_done(&book.attempts[&receipt.by]) {
                continue;
            }
            let seq = book.rows[&receipt.by.0].seq;
            let before = last.insert(receipt.contact_id, (seq, receipt.at)).unwrap_or_default();
            if before.0 > seq {
                broken.push(format!("{seq} came after {}: {receipt:?}", before.0));
            }
        }
    }
}
