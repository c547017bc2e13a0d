//! The other strangers: mail.
//!
//! They are slow and they fail; nobody calls them while holding a transaction.

pub mod letters;
mod mail;
mod mailbox;

pub use mail::{MailError, Mailer};
pub use mailbox::Received;
