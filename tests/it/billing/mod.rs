//! Paying, against the stand-in of Stripe: what is believed of it, and what follows.

mod paying;
pub(crate) mod stage;
mod standing;
mod webhooks;
