//! What Tandem does for a company, below the API.

mod audit;
mod door_mail;
