//! Seals and opens tokens.
