//! One binary, one room per concern.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod embedded;
mod sandbox;
mod tidy;
