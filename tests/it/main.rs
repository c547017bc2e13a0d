//! One binary, one room per concern.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod cache;
mod client;
mod connections;
mod connectors;
mod embedded;
mod flows;
mod harness;
mod openapi;
mod policy;
mod rls;
mod routes;
mod sandbox;
mod start;
mod telemetry;
mod tidy;
