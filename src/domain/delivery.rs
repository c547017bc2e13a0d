//! One outbound effect at one connection: its words. What becomes of it is decided in `flows::deliver`.

use super::words;

words! {
    DeliveryState {
        /// Waits for a worker.
        Queued = "queued",
        /// Waits for a person: the plan, a paused connection, a consent.
        Held = "held",
        /// Committed before the bytes leave.
        Sending = "sending",
        Delivered = "delivered",
        /// Waits for its time: the CRM was away or asked for patience.
        Retrying = "retrying",
        /// May have happened: looked for before anything is done again.
        Unknown = "unknown",
        /// The CRM refused, or a person must choose.
        Failed = "failed",
        /// Given up.
        Dead = "dead",
    }
}

impl DeliveryState {
    /// Nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Failed | Self::Dead)
    }

    /// Whoever edits what it is about queues no other: it sends what is there then.
    pub const fn takes_edits(self) -> bool {
        matches!(self, Self::Queued | Self::Held | Self::Retrying)
    }
}

words! {
    DeliveryKind {
        WarmLead = "warm_lead",
        ActivityCreate = "activity_create",
        ActivityUpdate = "activity_update",
        ActivityDelete = "activity_delete",
        /// What a member asked for.
        Action = "action",
    }
}

words! {
    /// What set a delivery off.
    Trigger {
        /// Warmness reached the company's threshold.
        Warmness = "warmness",
        /// A meeting was booked.
        Meeting = "meeting",
        /// Somebody asked for it.
        Push = "push",
        Logged = "logged",
        Edited = "edited",
        Deleted = "deleted",
        /// The contact became mapped, and the company wants what was logged before.
        Mapped = "mapped",
    }
}

words! {
    /// Why a delivery is not delivered.
    Cause {
        /// Held: the plan does not include the provider.
        Plan = "plan",
        /// Held: the connection is paused.
        Paused = "paused",
        /// Held: the connection needs a new consent.
        Reconnect = "reconnect",
        /// The CRM is away or in trouble.
        Down = "down",
        /// The CRM asked us to wait, or the account's day is used up.
        Throttled = "throttled",
        /// The account is closed or unpaid.
        Suspended = "suspended",
        /// It may have happened.
        Uncertain = "uncertain",
        /// The CRM does not accept what was sent.
        Refused = "refused",
        /// The connection lacks a permission.
        Scope = "scope",
        /// Several people at the CRM have this address: somebody must choose.
        Ambiguous = "ambiguous",
        /// The contact has no person at the CRM.
        NotLinked = "not_linked",
        /// The record at the CRM is gone.
        Gone = "gone",
        /// The contact or activity was deleted before it was sent.
        Withdrawn = "withdrawn",
        /// Another delivery of the activity waits, and sends what is there then.
        Superseded = "superseded",
        /// The connection was ended.
        Disconnected = "disconnected",
        /// Outages lasted longer than we wait.
        GaveUp = "gave_up",
        /// Ours to repair.
        Internal = "internal",
    }
}

impl Cause {
    /// Nobody misses what did not arrive.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Superseded)
    }
}
