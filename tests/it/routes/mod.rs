//! The API over real HTTP; the files mirror its addresses.

mod auth;
mod billing;
mod contacts;
mod matrix;
mod refusals;
