//! The API over real HTTP; the files mirror its addresses.

mod access_token;
mod api_keys;
mod auth;
mod billing;
mod contacts;
mod idempotency;
mod matrix;
mod rates;
mod refusals;
