//! What an effect that was done leaves in our rows, and what becomes of its delivery.

use chrono::{DateTime, Utc};

use crate::{
    domain::{DeliveryState, RemoteId, RemotePerson, effect::Effect},
    flows::deliver::ground::{About, Change, Close, Commit, Delivery, Desk, Link, Outcome},
};

pub(super) fn change_to(desk: &Desk, state: DeliveryState) -> Change {
    Change::to(state, &desk.delivery)
}

pub(super) fn closed(
    delivery: &Delivery,
    n: i32,
    outcome: Outcome,
    remote_id: Option<RemoteId>,
) -> Close {
    let delivery_id = delivery.delivery_id;
    Close { delivery_id, n, outcome, status: None, remote_id, reason: None }
}

pub(super) fn commit(
    desk: &Desk,
    close: Option<Close>,
    change: Change,
    links: Vec<Link>,
    now: DateTime<Utc>,
) -> Commit {
    let seen = (desk.delivery.state, desk.delivery.last);
    let delivery_id = desk.delivery.delivery_id;
    Commit {
        delivery_id,
        seen,
        version: None,
        close,
        change,
        links,
        lane_until: None,
        heard: None,
        now,
    }
}

/// Whether a person has another label in place of the one that was asked for: where there is room for
/// one, a connector leaves what somebody has chosen.
pub(super) fn label_stays(effect: &Effect, person: Option<&RemotePerson>) -> bool {
    let asked = match effect {
        Effect::CreatePerson(make) => &make.labels,
        Effect::AddLabels { labels, .. } => labels,
        _ => return false,
    };
    let there = person.map(|person| person.labels.as_slice()).unwrap_or_default();
    let has = |label: &RemoteId| there.contains(label);
    !asked.is_empty() && !there.is_empty() && !asked.iter().any(has)
}

/// What an effect that was done leaves in our rows, and what becomes of its delivery.
pub(super) fn left(
    desk: &Desk,
    effect: &Effect,
    about: About,
    id: &RemoteId,
    person: Option<RemotePerson>,
) -> (Change, Vec<Link>) {
    let goes_on = change_to(desk, DeliveryState::Queued);
    let over = Change { remote_id: Some(id.clone()), ..change_to(desk, DeliveryState::Delivered) };
    let id = id.clone();
    match effect {
        Effect::CreateOrganization(_) => {
            let link = about.organization.map(|of| Link::Organization { id: id.clone(), of });
            (Change { organization: Some(id), ..goes_on }, link.into_iter().collect())
        }
        Effect::CreateLabel { name } => (goes_on, vec![Link::Label { id, name: name.clone() }]),
        Effect::CreateReference { name } => {
            (goes_on, vec![Link::Reference { key: id, name: name.clone() }])
        }
        Effect::CreatePerson(_) => (over, vec![Link::Person { id, made: person.map(Box::new) }]),
        Effect::AddLabels { person, .. } => {
            let id = person.clone();
            let over = Change { remote_id: Some(id.clone()), ..over };
            (over, vec![Link::Person { id, made: None }])
        }
        Effect::CreateActivity(_) => {
            let link = about.activity.map(|(of, version)| Link::Activity { id, of, version });
            (over, link.into_iter().collect())
        }
        Effect::UpdateActivity { id, .. } => {
            let (over, id) = (Change { remote_id: Some(id.clone()), ..over }, id.clone());
            let link = about.activity.map(|(of, version)| Link::Activity { id, of, version });
            (over, link.into_iter().collect())
        }
        Effect::DeleteActivity { id } => {
            let over = Change { remote_id: Some(id.clone()), ..over };
            let link = about.activity.map(|(of, _)| Link::ActivityGone { of });
            (over, link.into_iter().collect())
        }
        Effect::Act(_) => (over, Vec::new()),
    }
}
