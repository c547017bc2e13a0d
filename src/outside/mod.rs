//! The other strangers: mail.
