//! Whether changes at a CRM arrive by themselves, how, and when it was last looked.

use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};

use crate::{
    db::{connections::Connection, polls::Poll},
    flows::{
        Provider, SharedHub,
        poll::{self, Arrival},
    },
    policy::Plan,
};

#[derive(Enum)]
#[oai(rename = "ChangesArrive", rename_all = "snake_case")]
enum Arrive {
    /// The CRM tells of them.
    AtOnce,
    /// The CRM is asked for them.
    Regularly,
    /// When somebody imports.
    OnRequest,
}

/// How changes at the CRM come here.
#[derive(Object)]
#[oai(rename = "Changes")]
pub(super) struct ChangesView {
    arrive: Arrive,
    /// How often the CRM is asked by itself, one that tells included; `null` for never.
    every_minutes: Option<i64>,
    /// When what had changed was last read to its end, whoever asked for it.
    looked_at: Option<DateTime<Utc>>,
    /// When it is asked next by itself.
    pub(super) next_at: Option<DateTime<Utc>>,
    /// Why it was not asked last time, or is never, in words.
    reason: Option<String>,
}

const NEVER_TAKEN_IN: &str = "Import everyone once; from then on changes arrive by themselves.";

impl ChangesView {
    pub(super) fn of(
        hub: &SharedHub,
        plan: Plan,
        provider: &Provider,
        connection: &Connection,
        turn: Option<Poll>,
    ) -> Self {
        let (arrival, every) = poll::arrival(hub, provider, connection, plan);
        let arrive = match arrival {
            Arrival::AtOnce => Arrive::AtOnce,
            Arrival::Regularly => Arrive::Regularly,
            Arrival::OnRequest => Arrive::OnRequest,
        };
        let reason = turn.as_ref().and_then(|turn| turn.reason.clone());
        let never = (connection.watermark.is_none() && arrival == Arrival::OnRequest)
            .then(|| NEVER_TAKEN_IN.to_owned());
        // Nothing is asked of a connection that does not work.
        let every = every.filter(|_| connection.state == "active");
        Self {
            arrive,
            every_minutes: every.map(|time| time.num_minutes()),
            looked_at: turn.as_ref().and_then(|turn| turn.looked_at),
            next_at: turn.filter(|_| every.is_some()).map(|turn| turn.due_at),
            reason: reason.or(never),
        }
    }
}
