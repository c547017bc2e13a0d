//! One binary, one room per concern.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
#![expect(clippy::print_stdout, reason = "nextest keeps what a test prints beside its name")]

mod attacks;
mod billing;
mod cache;
mod chaos;
mod client;
mod connections;
mod connectors;
mod contract;
mod embedded;
mod flows;
mod harness;
mod hooks;
mod hubspot;
mod isolation;
mod openapi;
mod pipedrive;
mod policy;
mod polls;
mod rls;
mod routes;
mod sandbox;
mod simulation;
mod start;
mod telemetry;
mod tidy;
mod zoho;
