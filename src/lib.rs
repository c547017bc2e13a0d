#![doc = include_str!("ARCHITECTURE.md")]

pub mod app;
pub mod cache;
pub mod clock;
pub mod config;
pub mod connectors;
pub mod db;
pub mod domain;
pub mod embedded;
pub mod flows;
pub mod http;
pub mod jobs;
pub mod outside;
pub mod policy;
pub mod sandbox;
pub mod telemetry;
pub mod vault;
