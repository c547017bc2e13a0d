//! Attacks on the way from the Connect button to stored tokens, each by its name.
//!
//! Every case is judged by strangers' records: what the stand-in CRM was asked, who came to the
//! trap, and which connections the database holds. (RFC 6749, 9207, 9700; OWASP ASVS 5.0 V10.)

#![expect(clippy::similar_names, reason = "what is played on a stage here are states")]

mod accounts;
mod answers;
mod codes;
mod fixation;
mod floods;
mod form;
mod hosts;
mod meanwhile;
mod mixup;
mod stage;
mod state;

use stage::{End, Stage, Trap};
