//! The API over real HTTP; the files mirror its addresses.

mod access_token;
mod activities;
mod api_keys;
mod audit;
mod auth;
mod billing;
mod bodies;
mod bulk;
mod campaigns;
mod company;
mod contacts;
mod deliveries;
mod events;
mod export;
mod idempotency;
mod imports;
mod leads;
mod matrix;
mod rates;
mod refusals;
mod second_factor;
mod sessions;
mod suggestions;
mod team;
mod together;
