//! Companies beside each other, and members beside each other: a runner that is made from the
//! OpenAPI document tries every operation with every id of somebody else.
//!
//! What is foreign must answer exactly like what never was, nothing foreign may be in any answer,
//! and nothing may change on the other side. An operation or a parameter that is new is tried by
//! itself; one that the seed has no foreign value for fails as UNCOVERED.

mod cutoff;
mod document;
mod matrix;
mod runner;
mod seed;
mod surface;
mod work;
