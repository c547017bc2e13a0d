//! One binary, one room per concern.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod embedded;
<<<<<<< HEAD
mod start;
mod telemetry;
=======
mod harness;
mod policy;
mod rls;
mod routes;
>>>>>>> accounts
mod tidy;
