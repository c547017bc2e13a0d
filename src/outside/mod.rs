//! The other strangers: mail, and Stripe, who takes the money.
//!
//! They are slow and they fail; nobody calls them while holding a transaction.

pub mod letters;
mod mail;
mod mailbox;
pub mod stripe;

pub use mail::{MailError, Mailer};
pub use mailbox::Received;
